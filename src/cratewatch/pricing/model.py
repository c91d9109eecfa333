"""The price model: what it guesses, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cratewatch.pricing.conformal import Conformal
from cratewatch.pricing.encoding import Encoded, Encoder, sums_of_words
from cratewatch.pricing.likeness import Likeness
from cratewatch.pricing.listing import Listing
from cratewatch.pricing.trees import Floats, Trees

SPREAD = 0.3
"""Added to that of what trees say: of few trees it is told badly, and is never near none."""


@dataclass(frozen=True)
class Facts:
    """Where a price model comes from.

    Attributes:
        trained_at: ISO 8601, UTC.
        kind: Whether its prices are those of sales, or asking prices.
        currency: Of its prices; "" where the file did not say.
        n: Listings that it learned from; releases likewise.
        sources: Whose prices they were: names of sources, or the file.
    """

    trained_at: str
    kind: str
    currency: str
    n: int
    releases: int
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Guess:
    """What the model says of one listing, in the logarithm of its currency.

    Attributes:
        spread: Of what its trees say, with what is added to it.
    """

    log: float
    spread: float


@dataclass(frozen=True)
class PriceModel:
    """A model that was trained."""

    facts: Facts
    encoder: Encoder
    trees: Trees
    likenesses: tuple[Likeness, ...]
    conformal: Conformal

    def guess(self, listings: Sequence[Listing]) -> list[Guess]:
        """Return a guess for each listing."""
        if not listings:
            return []
        encoded = self.encoder.encode(listings)
        words = np.stack([one.words for one in self.likenesses])
        of_words = np.array([sums_of_words(words, listing) for listing in listings])
        said = [one.says(encoded, of_words[:, n]) for n, one in enumerate(self.likenesses)]
        by_likeness = np.stack(said, 1)
        logs, spreads = points(self.trees.says(with_likeness(encoded, by_likeness)), by_likeness)
        return [Guess(float(log), float(s)) for log, s in zip(logs, spreads, strict=True)]

    def interval(self, listing: Listing, guess: Guess, level: float) -> tuple[float, float]:
        """Return the logarithms between which a share of prices lies; see Conformal."""
        return self.conformal.interval(listing.media_condition, level, guess.log, guess.spread)


def with_likeness(encoded: Encoded, by_likeness: npt.NDArray[Any]) -> Floats:
    """Return what trees are asked by: features, and what the first kind of likeness says.

    Args:
        by_likeness: (N, kinds) logarithms of prices.
    """
    return np.column_stack([encoded.features, by_likeness[:, 0].astype(np.float32)])


def points(
    said: Floats, by_likeness: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return estimates and spreads, (N,) each, as logarithms.

    Args:
        said: (N, T), what trees say: their median counts as much as each kind of likeness.
        by_likeness: (N, kinds).
    """
    logs = np.column_stack([np.median(said, axis=1), by_likeness]).mean(1)
    return logs, SPREAD + said.std(axis=1, ddof=1)  # or few trees would seem to agree more
