"""CLIP, SigLIP and their like: two towers, by transformers; there is no second stage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

from cratewatch.chunks import chunks
from cratewatch.embedding.inference import AUTO, Inference
from cratewatch.finding.quads import Rgb
from cratewatch.words.computing import Computing, unit_rows
from cratewatch.words.saved_parts import load_network, load_part, model_kind, name_of_weights
from cratewatch.words.text_image import EmbeddedPictures, Embeddings, Logits, Scores, Tokens

BATCH = 16


class Clip:
    """Two towers; see TextImageModel."""

    can_match = False
    can_caption = False

    def __init__(self, folder: Path, inference: Inference = AUTO) -> None:
        """Load the folder.

        Raises:
            CratewatchError: if it is another model's, or files are missing or damaged.
        """
        kind = model_kind(folder)
        self._computing = Computing.of(inference)
        self._network = load_network(AutoModel, folder).to(self._computing.device)
        self._pictures = load_part(AutoImageProcessor, folder)
        self._tokenizer = load_part(AutoTokenizer, folder)
        self._pads_all = kind.startswith("siglip")  # it was trained so
        self.name = name_of_weights(kind, folder)
        self.dim = self.embed_texts(["a person"]).shape[1]

    def embed_images(
        self, pictures: Sequence[Rgb], *, keeps_tokens: bool = False
    ) -> EmbeddedPictures:
        """Embed pictures; there are no tokens."""
        del keeps_tokens
        rows: list[Embeddings] = []
        for batch in chunks(pictures, BATCH):
            read = self._pictures(images=list(batch), return_tensors="pt")
            with self._computing():
                looked = self._network.get_image_features(**_on(read, self._computing.device))
                rows.append(unit_rows(looked.pooler_output))
        return EmbeddedPictures(
            np.concatenate(rows) if rows else np.empty((0, self.dim), np.float32)
        )

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        """Embed texts; see TextImageModel."""
        rows: list[Embeddings] = []
        places = int(self._network.config.text_config.max_position_embeddings)
        for batch in chunks(texts, BATCH):
            read = self._tokenizer(
                list(batch),
                padding="max_length" if self._pads_all else True,
                truncation=True,
                max_length=places,
                return_tensors="pt",
            )
            with self._computing():
                told = self._network.get_text_features(**_on(read, self._computing.device))
                rows.append(unit_rows(told.pooler_output))
        return np.concatenate(rows) if rows else np.empty((0, self.dim), np.float32)

    def scores(self, text: str, cosines: Scores) -> Scores:
        """Return the cosines."""
        del text
        return cosines

    def match(self, text: str, image_tokens: Tokens) -> Logits:
        """Raise ValueError: there is no second stage."""
        del text, image_tokens
        raise ValueError(f"{self.name} has no second stage")

    def caption(self, pictures: Sequence[Rgb], image_tokens: Tokens | None = None) -> list[str]:
        """Raise ValueError: it makes no captions."""
        del pictures, image_tokens
        raise ValueError(f"{self.name} makes no captions")


def _on(read: Any, device: torch.device) -> dict[str, torch.Tensor]:
    """Return what towers take of what a tokenizer or a processor made."""
    names = (
        "input_ids",
        "attention_mask",
        "pixel_values",
        "pixel_attention_mask",
        "spatial_shapes",
    )
    return {name: read[name].to(device) for name in names if name in read}
