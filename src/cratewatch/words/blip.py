"""BLIP: embeddings, image-text matching and captions, by transformers.

The vision tower looks at a picture once. Its tokens are kept for the second stage, and for
captions where the model that makes them has the same tower.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    AutoImageProcessor,
    AutoTokenizer,
    BlipForConditionalGeneration,
    BlipForImageTextRetrieval,
)

from cratewatch.chunks import chunks
from cratewatch.embedding.inference import AUTO, Inference
from cratewatch.finding.quads import Rgb
from cratewatch.words.computing import Computing, unit_rows
from cratewatch.words.saved_parts import load_network, load_part, name_of_weights
from cratewatch.words.text_image import EmbeddedPictures, Embeddings, Logits, Scores, Tokens

BATCH = 16
MOST_TOKENS = 128
"""Of a text."""
CAPTION_TOKENS = 24
FITS = 1
"""Which of the two logits of image-text matching says that they fit."""


class Blip:
    """A model for retrieval, and one for captions if there is one; see TextImageModel."""

    can_match = True

    def __init__(
        self, folder: Path, captions: Path | None = None, inference: Inference = AUTO
    ) -> None:
        """Load the folders.

        Raises:
            CratewatchError: if one is another model's, or files are missing or damaged.
        """
        self._computing = Computing.of(inference)
        self._network = load_network(BlipForImageTextRetrieval, folder).to(self._computing.device)
        self._pictures = load_part(AutoImageProcessor, folder)
        self._tokenizer = load_part(AutoTokenizer, folder)
        self.name = name_of_weights("blip", folder)
        self.dim = int(self._network.vision_proj.out_features)
        self._captioner = _Captioner(captions, self._network, self._computing) if captions else None
        self.can_caption = self._captioner is not None

    def embed_images(
        self, pictures: Sequence[Rgb], *, keeps_tokens: bool = False
    ) -> EmbeddedPictures:
        """Embed pictures; see TextImageModel."""
        rows: list[Embeddings] = []
        kept: list[Tokens] = []
        for batch in chunks(pictures, BATCH):
            with self._computing():
                tokens = self._look(batch)
                rows.append(unit_rows(self._network.vision_proj(tokens[:, 0])))
            if keeps_tokens:
                kept.append(self._computing.kept(tokens))
        embeddings = np.concatenate(rows) if rows else np.empty((0, self.dim), np.float32)
        return EmbeddedPictures(embeddings, np.concatenate(kept) if kept else None)

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        """Embed texts; see TextImageModel."""
        rows: list[Embeddings] = []
        for batch in chunks(texts, BATCH):
            read = self._read(batch)
            with self._computing():
                states = self._network.text_encoder(**read).last_hidden_state
                rows.append(unit_rows(self._network.text_proj(states[:, 0])))
        return np.concatenate(rows) if rows else np.empty((0, self.dim), np.float32)

    def scores(self, text: str, cosines: Scores) -> Scores:
        """Return the cosines."""
        del text
        return cosines

    def match(self, text: str, image_tokens: Tokens) -> Logits:
        """Return the logits of image-text matching; see TextImageModel."""
        read = self._read([text])
        logits: list[Logits] = []
        for start in range(0, len(image_tokens), BATCH):
            tokens = self._computing.tensor(image_tokens[start : start + BATCH]).float()
            repeated = {name: one.expand(len(tokens), -1) for name, one in read.items()}
            with self._computing():
                states = self._network.text_encoder(
                    **repeated,
                    encoder_hidden_states=tokens,
                    encoder_attention_mask=_all_of(tokens),
                ).last_hidden_state
                told = self._network.itm_head(states[:, 0])[:, FITS]
            logits.append(told.float().cpu().numpy())
        return np.concatenate(logits) if logits else np.empty(0, np.float32)

    def caption(self, pictures: Sequence[Rgb], image_tokens: Tokens | None = None) -> list[str]:
        """Say what pictures show; see TextImageModel."""
        if self._captioner is None:
            raise ValueError(f"{self.name} makes no captions")
        return self._captioner.caption(pictures, image_tokens)

    def _look(self, pictures: Sequence[Rgb]) -> torch.Tensor:
        values = self._pictures(images=list(pictures), return_tensors="pt")["pixel_values"]
        tokens: torch.Tensor = self._network.vision_model(
            pixel_values=values.to(self._computing.device)
        ).last_hidden_state
        return tokens

    def _read(self, texts: Sequence[str]) -> dict[str, torch.Tensor]:
        places = int(self._network.config.text_config.max_position_embeddings)
        read = self._tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=min(MOST_TOKENS, places),
            return_tensors="pt",
        )
        names = ("input_ids", "attention_mask")
        return {name: read[name].to(self._computing.device) for name in names}


class _Captioner:
    """Makes captions; by the tokens of the retrieval's vision tower if it is the same one."""

    def __init__(self, folder: Path, retrieval: Any, computing: Computing) -> None:
        self._computing = computing
        self._network = load_network(BlipForConditionalGeneration, folder).to(computing.device)
        self._pictures = load_part(AutoImageProcessor, folder)
        self._tokenizer = load_part(AutoTokenizer, folder)
        self._shares = _same_weights(self._network.vision_model, retrieval.vision_model)
        if self._shares:
            self._network.vision_model = retrieval.vision_model

    def caption(self, pictures: Sequence[Rgb], image_tokens: Tokens | None) -> list[str]:
        said: list[str] = []
        for start in range(0, len(pictures), BATCH):
            batch = list(pictures[start : start + BATCH])
            with self._computing():
                if self._shares and image_tokens is not None:
                    tokens = self._computing.tensor(image_tokens[start : start + BATCH]).float()
                else:
                    tokens = self._look(batch)
                said += self._say(tokens)
        return said

    def _look(self, pictures: Sequence[Rgb]) -> torch.Tensor:
        values = self._pictures(images=list(pictures), return_tensors="pt")["pixel_values"]
        looked = self._network.vision_model(pixel_values=values.to(self._computing.device))
        tokens: torch.Tensor = looked.last_hidden_state
        return tokens

    def _say(self, tokens: torch.Tensor) -> list[str]:
        config = self._network.config.text_config
        begin = torch.full((len(tokens), 1), config.bos_token_id, device=tokens.device)
        made = self._network.text_decoder.generate(
            input_ids=begin,
            eos_token_id=config.sep_token_id,
            pad_token_id=config.pad_token_id,
            encoder_hidden_states=tokens,
            encoder_attention_mask=_all_of(tokens),
            max_new_tokens=CAPTION_TOKENS,
            do_sample=False,
        )
        return [one.strip() for one in self._tokenizer.batch_decode(made, skip_special_tokens=True)]


def _all_of(tokens: torch.Tensor) -> torch.Tensor:
    """Return an attention mask that hides none of the tokens."""
    return torch.ones(tokens.shape[:2], dtype=torch.long, device=tokens.device)


def _same_weights(one: Any, other: Any) -> bool:
    mine, theirs = one.state_dict(), other.state_dict()
    return mine.keys() == theirs.keys() and all(
        mine[name].shape == theirs[name].shape and bool(torch.equal(mine[name], theirs[name]))
        for name in mine
    )
