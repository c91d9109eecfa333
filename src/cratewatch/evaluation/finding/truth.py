"""What is known of a picture, and what a finder says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cratewatch.evaluation.finding.quads import Quad, side_px
from cratewatch.images.reading import Pixels

MOST_HIDDEN = 0.6
"""A sleeve of which more is hidden may be found or not: neither counts."""


class FoundSleeve(Protocol):
    """A quad that a finder takes for a sleeve; of two the one with the higher score is surer."""

    @property
    def quad(self) -> Quad:
        """The corners; which of them comes first is left open."""

    @property
    def score(self) -> float:
        """Compares within a finder only."""


class Finder(Protocol):
    """Finds the sleeves of a picture."""

    def find(self, image: Pixels) -> list[FoundSleeve]:
        """Return the sleeves of a picture (H, W, 3) in RGB, most prominent first."""


@dataclass(frozen=True)
class TrueSleeve:
    """A sleeve that a picture shows.

    Attributes:
        quad: From the cover's own top left; may reach beyond the picture.
        artwork: What its cover shows.
        hidden: Share of the quad's area that is covered or beyond the picture.
    """

    quad: Quad
    artwork: str
    hidden: float

    @property
    def side_px(self) -> float:
        """The side of the square of the same area."""
        return side_px(self.quad)


@dataclass(frozen=True)
class Truth:
    """All that a picture shows.

    Attributes:
        sleeves: That are to be found.
        unknown: What looks like a sleeve and is none that any gallery knows: it may be found or
            not, but must not be named.
        ignored: Where a finder may find something or not for other reasons, as sleeves that do
            not count.
    """

    sleeves: tuple[TrueSleeve, ...] = ()
    unknown: tuple[Quad, ...] = ()
    ignored: tuple[Quad, ...] = ()

    def of_sizes(self, least_px: float, most_px: float) -> Truth:
        """Return the truth where only sleeves with a side of these sizes count."""
        counted: list[TrueSleeve] = []
        others: list[TrueSleeve] = []
        for sleeve in self.sleeves:
            fits = least_px <= sleeve.side_px < most_px and sleeve.hidden <= MOST_HIDDEN
            (counted if fits else others).append(sleeve)
        beside = tuple(sleeve.quad for sleeve in others)
        return Truth(tuple(counted), self.unknown, self.ignored + beside)
