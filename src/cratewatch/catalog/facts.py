"""What the releases of an artwork say, and what is asked of them: the terms of filters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cratewatch.catalog.records import ListedRelease
from cratewatch.errors import SettingsError


@dataclass(frozen=True)
class Facts:
    """What is true of any of an artwork's releases, those that are withdrawn included.

    Attributes:
        sources: Of its covers and releases, sorted.
        years: Sorted; those that are known.
        genres: Words of the sources, as words() cuts them, sorted; formats likewise.
        in_stock: Whether any listed release was in stock when it was last seen.
        withdrawn: Whether no listed release shows it, if ever one did.
    """

    sources: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    genres: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    in_stock: bool = False
    withdrawn: bool = False


@dataclass(frozen=True)
class Wanted:
    """What a release must be to be an answer; what is not given admits all.

    Attributes:
        years: First and last.
        genre: One word of words(); format likewise.
        withdrawn: Whether releases that are no longer listed are answers, too.
    """

    source: str = ""
    years: tuple[int, int] | None = None
    genre: str = ""
    format: str = ""
    in_stock: bool = False
    withdrawn: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "genre", self.genre.strip().casefold())
        object.__setattr__(self, "format", self.format.strip().casefold())

    @property
    def asks(self) -> bool:
        """Whether anything is asked of a release but that it is listed."""
        return bool(self.source or self.years or self.genre or self.format or self.in_stock)


EVERYTHING = Wanted(withdrawn=True)


def words(texts: Iterable[str]) -> tuple[str, ...]:
    """Cut texts such as ``Vinyl, LP`` at commas; return the words in lower case, sorted."""
    found = {word.strip().casefold() for text in texts for word in text.split(",")}
    return tuple(sorted(found - {""}))


def admits(wanted: Wanted, release: ListedRelease) -> bool:
    """Whether a release by itself meets all that is asked."""
    first, last = wanted.years or (0, 9999)
    return (
        (wanted.withdrawn or release.withdrawn_at is None)
        and wanted.source in ("", release.source)
        and (wanted.years is None or (release.year or -1) in range(first, last + 1))
        and (not wanted.genre or wanted.genre in words(release.genres))
        and (not wanted.format or wanted.format in words([release.format or ""]))
        and (not wanted.in_stock or bool(release.in_stock and not release.withdrawn_at))
    )


def year_span(text: str) -> tuple[int, int]:
    """Read ``1971`` or ``1970-1979``.

    Raises:
        SettingsError: if it is neither.
    """
    first, _, last = text.partition("-")
    try:
        span = int(first), int(last or first)
    except ValueError:
        span = (1, 0)
    if not 1 <= span[0] <= span[1] <= 9999:
        raise SettingsError(f"year {text!r}: give a year such as 1971, or a span such as 1970-1979")
    return span
