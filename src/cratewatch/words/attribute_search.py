"""Searches by colours and attributes as if they were a model of texts and pictures.

A crop becomes the logarithms of how likely each term holds, and does not; a prompt asks for some
of them; so that their cosine, once undone what makes rows of unit length, is the mean logarithm
over what is asked: Milvus ranks exactly as the geometric mean of the probabilities does.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence

import numpy as np

from cratewatch.finding.quads import Rgb
from cratewatch.words.attributes import (
    ATTRIBUTES,
    SENSITIVE,
    TERMS,
    AttributeModel,
    Attributes,
    Part,
)
from cratewatch.words.colours import ColourNamer
from cratewatch.words.prompts import Want, parse_prompt
from cratewatch.words.text_image import EmbeddedPictures, Embeddings, Logits, Scores, Tokens

LEAST = 0.02
"""A term is never less likely than that, nor surer than the rest."""
DEPTH = -math.log(LEAST)
SEEN = 0.5
"""Probability from which a term is said of a person."""
_MOST_COLOURS = 2
"""Of a part of the body, in a caption."""


class AttributeSearch:
    """Colours by their pixels, and attributes by a model where there is one.

    Attributes:
        terms: What it can tell, of TERMS and in their order.
        has_attributes: Whether a model tells attributes; else colours alone are told.
    """

    can_match = False
    can_caption = True

    def __init__(
        self, attributes: AttributeModel | None = None, colours: AttributeModel | None = None
    ) -> None:
        """Take what tells attributes, and colours.

        By default that is nothing, and ColourNamer, unless attributes tell of all its colours.
        """
        self._models: list[AttributeModel] = [attributes] if attributes is not None else []
        if colours or not self._models or not set(ColourNamer.terms) <= set(self._models[0].terms):
            self._models.insert(0, colours or ColourNamer())
        names = "+".join(model.name for model in self._models)
        self.name = f"attributes_{hashlib.sha256(names.encode()).hexdigest()[:10]}"
        known = {term for model in self._models for term in model.terms}
        self.has_attributes = attributes is not None
        self.terms = tuple(term for term in TERMS if term in known)
        self._places = {term: n for n, term in enumerate(self.terms)}
        self.dim = 2 * len(self.terms) + 1

    def look(self, crops: Sequence[Rgb]) -> list[Attributes]:
        """Return what is seen in crops of whole persons; of two who tell a term, the model."""
        looks = [model.look(crops) for model in self._models]
        return [
            Attributes({term: p for one in each for term, p in one.probabilities.items()})
            for each in zip(*looks, strict=True)
        ]

    def embed_images(
        self, pictures: Sequence[Rgb], *, keeps_tokens: bool = False
    ) -> EmbeddedPictures:
        """Embed crops; there are no tokens."""
        del keeps_tokens
        return EmbeddedPictures(self.embed_looks(self.look(pictures)))

    def embed_looks(self, looks: Sequence[Attributes]) -> Embeddings:
        """Embed what was seen."""
        odds = np.full((len(looks), len(self.terms)), LEAST, np.float64)
        for row, look in zip(odds, looks, strict=True):
            for term, probability in look.probabilities.items():
                row[self._places[term]] = probability
        odds = np.clip(odds, LEAST, 1 - LEAST)
        both = 1 + np.log(np.concatenate([odds, 1 - odds], axis=1)) / DEPTH
        filler = np.sqrt(2 * len(self.terms) - (both**2).sum(axis=1, keepdims=True))
        rows = np.concatenate([both, filler], axis=1) / math.sqrt(2 * len(self.terms))
        return np.asarray(rows, np.float32)

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        """Embed prompts; one that asks for nothing that is told here is all zeros."""
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[self._asked(text)] = 1.0
            row /= max(float(np.linalg.norm(row)), 1e-9)
        return rows

    def scores(self, text: str, cosines: Scores) -> Scores:
        """Return the geometric mean of how likely what is asked holds, 0 to 1."""
        asked = len(self._asked(text))
        if not asked:
            return np.zeros_like(cosines)
        means = cosines.astype(np.float64) * math.sqrt(2 * len(self.terms) / asked)
        return np.asarray(np.exp(DEPTH * (np.minimum(means, 1.0) - 1)), np.float32)

    def match(self, text: str, image_tokens: Tokens) -> Logits:
        """Raise ValueError: there is no second stage."""
        del text, image_tokens
        raise ValueError(f"{self.name} has no second stage")

    def caption(self, pictures: Sequence[Rgb], image_tokens: Tokens | None = None) -> list[str]:
        """Say what is seen in crops."""
        del image_tokens
        return [caption_of(look.probabilities) for look in self.look(pictures)]

    def _asked(self, text: str) -> list[int]:
        """Return what a prompt asks for: places in an embedding, each once."""
        wants = [
            w for s in parse_prompt(text).answered(self._places) for w in s.known(self._places)
        ]
        return sorted({self._place(want) for want in wants})

    def _place(self, want: Want) -> int:
        return self._places[want.term] + (0 if want.holds else len(self.terms))


def seen_terms(looks: Attributes, *, shows_sensitive: bool = False) -> list[str]:
    """Return the terms that are said of a person, in their order.

    Args:
        shows_sensitive: Whether sex and age are among them.
    """
    hidden = frozenset() if shows_sensitive else SENSITIVE
    probabilities = looks.probabilities
    return [t for t in TERMS if probabilities.get(t, 0.0) >= SEEN and t not in hidden]


def caption_of(odds: Mapping[str, float]) -> str:
    """Say what somebody looks like who fits terms so likely: "orange above, blue below; hat".

    Sex and age are not said.
    """
    pieces = []
    places: tuple[tuple[Part, str], ...] = (("upper", "above"), ("lower", "below"))
    for part, word in places:
        if colours := _colours_of(odds, part):
            pieces.append(f"{' and '.join(colours)} {word}")
    named = [name for name in ATTRIBUTES if odds.get(name, 0.0) >= SEEN and name not in SENSITIVE]
    return "; ".join(
        filter(None, [", ".join(pieces), ", ".join(name.replace("_", " ") for name in named)])
    )


def _colours_of(odds: Mapping[str, float], part: Part) -> list[str]:
    """Return the colours of a part, the likeliest first; one at least where any is told."""
    named = {t.partition(":")[2]: p for t, p in odds.items() if t.startswith(f"{part}:")}
    best = sorted(named, key=lambda colour: -named[colour])
    seen = [colour for colour in best if named[colour] >= SEEN]
    return (seen or best[:1])[:_MOST_COLOURS]
