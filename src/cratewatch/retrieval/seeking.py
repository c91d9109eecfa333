"""Looks for the sleeves in pictures, and names what is found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cratewatch.errors import ImageError
from cratewatch.finding.cutting import Upright, search_picture
from cratewatch.finding.finder import Finder
from cratewatch.retrieval.answers import Answer, SleeveAnswer
from cratewatch.retrieval.opened import Picture
from cratewatch.retrieval.sleeves import SleeveNamer


@dataclass(frozen=True)
class Sought:
    """A picture in which sleeves were looked for.

    Attributes:
        is_crop: Whether none was found, or one that fills much of the picture.
        sleeves: The most prominent first, doubtful ones that are known last.
        error: Why it cannot be read.
    """

    picture: Picture
    is_crop: bool = False
    sleeves: tuple[SleeveAnswer, ...] = ()
    error: str | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing is left to be learnt from the whole of the picture."""
        return self.error is not None or any(one.known for one in self.sleeves)

    def beside(self, whole: Answer) -> Answer:
        """Return the answer to the picture, given that to the whole of it as a crop."""
        if self.error is not None:
            return Answer(self.picture.name, error=self.error)
        return whole.with_sleeves(self.sleeves, is_crop=self.is_crop)


@dataclass(frozen=True)
class Seeker:
    """Finds sleeves and names them; what the finder doubts is one if the gallery knows it."""

    finder: Finder
    namer: SleeveNamer

    def seek(self, pictures: Sequence[Picture], top: int) -> list[Sought]:
        """Look for sleeves in each picture, one after the other, and name all of them at once."""
        cut = [self._cut(one) for one in pictures]
        uprights = [one for of_one in cut for one in (*of_one.sure, *of_one.doubtful)]
        named = iter(self.namer.name(uprights, top))
        return [one.named(named) for one in cut]

    def _cut(self, picture: Picture) -> _Cut:
        doubts = self.namer.calibration is not None
        try:
            searched = search_picture(picture.data, self.finder, doubts=doubts)
        except ImageError as error:
            return _Cut(Sought(picture, error=f"{error.reason}: {error}"))
        sought = Sought(picture, searched.is_crop)
        return _Cut(sought, searched.factor, searched.sleeves, searched.doubtful)


@dataclass(frozen=True)
class _Cut:
    """A picture whose sleeves were cut out.

    Attributes:
        factor: Pixels of the file for each of the picture in which sleeves were found.
    """

    sought: Sought
    factor: float = 1.0
    sure: tuple[Upright, ...] = ()
    doubtful: tuple[Upright, ...] = ()

    def named(self, names: Iterator[SleeveAnswer]) -> Sought:
        """Return it with the next of names for each sleeve, and for doubtful ones if known."""
        sure = [next(names) for _ in self.sure]
        doubtful = [next(names) for _ in self.doubtful]
        kept = [*sure, *(one for one in doubtful if one.known)]
        return replace(self.sought, sleeves=tuple(one.scaled(self.factor) for one in kept))
