"""Our own network as a model of texts and pictures, and as a model of attributes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cratewatch.chunks import chunks
from cratewatch.embedding.devices import find_device
from cratewatch.embedding.inference import AUTO, Inference
from cratewatch.finding.quads import Rgb
from cratewatch.words.attributes import TERMS, Attributes
from cratewatch.words.captions import make_caption
from cratewatch.words.pairs import resized
from cratewatch.words.saved_parts import name_of_weights
from cratewatch.words.saving import load_person_net
from cratewatch.words.text_image import EmbeddedPictures, Embeddings, Logits, Scores, Tokens
from cratewatch.words.trait_net import TraitNet
from cratewatch.words.traits import GROUPS, NUMBER_OF, TRAITS, Look

BATCH = 64
SAID_FROM = 0.5
"""Probability from which a trait is said in a caption."""


class PersonModel:
    """Compares texts with persons, tells their attributes and says how they look."""

    can_match = True
    can_caption = True
    terms = TERMS

    def __init__(self, folder: Path, inference: Inference = AUTO) -> None:
        """Load a folder that `cratewatch train-words` wrote.

        Raises:
            CratewatchError: if files are missing or damaged, or of another version.
        """
        self._net = load_person_net(folder)
        self._device = torch.device(find_device(inference.device))
        self._net.to(self._device)
        self.name = name_of_weights("person", folder)
        self.dim = self._net.dim

    def embed_images(
        self, pictures: Sequence[Rgb], *, keeps_tokens: bool = False
    ) -> EmbeddedPictures:
        """Embed pictures; see TextImageModel."""
        rows, kept = [np.empty((0, self.dim), np.float32)], []
        for batch in chunks(pictures, BATCH):
            tokens = self._look(batch)
            with torch.inference_mode():
                rows.append(self._net.image_vectors(tokens).cpu().numpy())
            kept.append(tokens.cpu().numpy())
        return EmbeddedPictures(
            np.concatenate(rows), np.concatenate(kept) if keeps_tokens and kept else None
        )

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        """Embed texts; see TextImageModel."""
        if not texts:
            return np.empty((0, self.dim), np.float32)
        with torch.inference_mode():
            read = self._net.read(self._net.spell(texts).to(self._device))
            vectors: Embeddings = self._net.text_vectors(read).cpu().numpy()
        return vectors

    def scores(self, text: str, cosines: Scores) -> Scores:
        """Return the cosines, or how likely what is asked holds; see TextImageModel."""
        if not isinstance(self._net, TraitNet):
            return cosines
        with torch.inference_mode():
            read = self._net.read(self._net.spell([text]).to(self._device))
            told = self._net.fits(read, torch.from_numpy(cosines).to(self._device))
        likely: Scores = told.cpu().numpy()
        return likely

    def match(self, text: str, image_tokens: Tokens) -> Logits:
        """Return how well a text fits pictures; see TextImageModel."""
        tokens = torch.from_numpy(np.asarray(image_tokens, np.float32)).to(self._device)
        with torch.inference_mode():
            read = self._net.read(self._net.spell([text]).to(self._device))
            again = read[torch.zeros(len(tokens), dtype=torch.long, device=self._device)]
            logits: Logits = self._net.match(tokens, again)[:, 1].cpu().numpy()
        return logits

    def caption(self, pictures: Sequence[Rgb], image_tokens: Tokens | None = None) -> list[str]:
        """Say what traits pictures show; see TextImageModel."""
        rng = np.random.default_rng(0)
        rows = self.trait_probabilities(pictures, image_tokens)
        return [make_caption(likely_look(row), rng).text for row in rows]

    def look(self, crops: Sequence[Rgb]) -> list[Attributes]:
        """Tell attributes; see AttributeModel."""
        return [
            Attributes({term: float(row[NUMBER_OF[term]]) for term in TERMS})
            for row in self.trait_probabilities(crops, None)
        ]

    def trait_probabilities(
        self, pictures: Sequence[Rgb], image_tokens: Tokens | None
    ) -> Embeddings:
        """Return how likely each of TRAITS holds, (N, number of traits)."""
        rows = [np.empty((0, len(TRAITS)), np.float32)]
        for start in range(0, len(pictures), BATCH):
            part = slice(start, start + BATCH)
            if image_tokens is None:
                tokens = self._look(pictures[part])
            else:
                tokens = torch.from_numpy(np.asarray(image_tokens[part], np.float32))
            with torch.inference_mode():
                seen = self._net.seen_traits(tokens.to(self._device)).sigmoid()
            rows.append(seen.cpu().numpy())
        return np.concatenate(rows)

    @torch.inference_mode()
    def _look(self, pictures: Sequence[Rgb]) -> Tensor:
        sized = [resized(picture, self._net.size_px) for picture in pictures]
        return self._net.see(torch.from_numpy(np.stack(sized)).to(self._device))


def likely_look(probabilities: Embeddings) -> Look:
    """Return the traits of a person that are likely, and of clothes the likeliest colour.

    Sex and age are not among them: they are said of nobody unasked.
    """
    likely = {trait for trait in TRAITS if probabilities[NUMBER_OF[trait]] >= SAID_FROM}
    for part in ("upper", "lower"):
        colours = [trait for trait in TRAITS if trait.startswith(f"{part}:")]
        likely.add(max(colours, key=lambda trait: float(probabilities[NUMBER_OF[trait]])))
    return frozenset(likely - set(GROUPS["subject"]))
