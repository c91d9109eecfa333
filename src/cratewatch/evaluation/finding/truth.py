"""What is known of a picture, and what a finder says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
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
        oblong: What has four corners and is no sleeve by its shape: to find it is wrong, but see
            forgiving_oblong().
    """

    sleeves: tuple[TrueSleeve, ...] = ()
    unknown: tuple[Quad, ...] = ()
    ignored: tuple[Quad, ...] = ()
    oblong: tuple[Quad, ...] = ()

    def where(self, counts: Callable[[TrueSleeve], bool]) -> Truth:
        """Return the truth where only some sleeves count; the others are ignored."""
        counted = tuple(sleeve for sleeve in self.sleeves if counts(sleeve))
        others = tuple(sleeve.quad for sleeve in self.sleeves if not counts(sleeve))
        return replace(self, sleeves=counted, ignored=self.ignored + others)

    def forgiving_oblong(self) -> Truth:
        """Return the truth where what lies on an oblong thing, such as a picture, is not counted.

        A gallery that does not know it refuses it.
        """
        return replace(self, ignored=self.ignored + self.oblong, oblong=())

    def of_sizes(self, least_px: float, most_px: float) -> Truth:
        """Return the truth where only sleeves of these sizes count, none hidden too much."""
        return self.where(
            lambda one: least_px <= one.side_px < most_px and one.hidden <= MOST_HIDDEN
        )
