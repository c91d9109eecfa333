"""The finder in the package, as benchmarks/finding.py asks one picture after the other."""

from __future__ import annotations

from collections.abc import Sequence

from cratewatch.embedding.inference import Inference
from cratewatch.finding.finder import Finder, FoundSleeve
from cratewatch.finding.loading import load_finder
from cratewatch.images.reading import Pixels


class ShippedFinder:
    """Asks the finder about single pictures."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder

    def find(self, picture: Pixels) -> Sequence[FoundSleeve]:
        """Return the sleeves of a picture."""
        return self._finder.find([picture])[0]


def open_finder() -> ShippedFinder:
    """Return it as `identify` runs it."""
    return ShippedFinder(load_finder(Inference()))
