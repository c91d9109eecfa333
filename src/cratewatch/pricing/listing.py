"""What the price model reads of a record for sale."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cratewatch.catalog.plain import plain
from cratewatch.catalog.records import Release

_NUMBER = re.compile(r"\(\d+\)|\*")
_NO_WORD = re.compile(r"[^\w]+")


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A record in a condition; what is not known is None or "".

    Attributes:
        release: What is one pressing; rows of one release are never on both sides of a split.
        format: As the source says it: ``LP``, ``12"``, ``2xVinyl``.
        rating: Mean of the votes, from 0 to 5.
        have: How many collectors have it; want likewise.
        number: The number of the release in Discogs, which grows with time.
        media_condition: Goldmine grade; sleeve_condition likewise.
    """

    release: str
    artist: str = ""
    title: str = ""
    label: str = ""
    catno: str = ""
    format: str = ""
    genre: str = ""
    country: str = ""
    year: float | None = None
    tracks: float | None = None
    rating: float | None = None
    votes: float | None = None
    have: float | None = None
    want: float | None = None
    limited: float | None = None
    number: float | None = None
    media_condition: str | None = None
    sleeve_condition: str | None = None


@dataclass(frozen=True)
class PricedListing:
    """A listing and what it was sold or asked for.

    Attributes:
        price: Above zero, in the currency of all that it is beside.
    """

    listing: Listing
    price: float


def bare(name: str) -> str:
    """Return a name's words alone: Discogs numbers namesakes, and marks other spellings."""
    return " ".join(_NO_WORD.sub(" ", plain(_NUMBER.sub("", name))).split())


def kind_of_format(said: str) -> str:
    """Return a format in one of a few words: an LP, a single by its inches; else as it is said."""
    text = said.casefold()
    if inches := re.search(r"\b(7|10|12)\s*(?:\"|''|\u2033|\u201d|-?inch|in\b)", text):
        return f'{inches[1]}"'
    return "LP" if re.search(r"\b(?:\d*x?lp|album)s?\b", text) else text.strip()


def listing_of(release: Release, condition: str | None) -> Listing:
    """Return a release of the catalog, in a condition, as a listing."""
    discogs = re.search(r"discogs\.com/.*?release/(\d+)", release.page_url or "")
    return Listing(
        release=release.release_id,
        artist=release.artist or "",
        title=release.title,
        label=release.label or "",
        catno=release.catno or "",
        format=kind_of_format(release.format or ""),
        genre=(release.genres[0] if release.genres else "").casefold(),
        country=release.country or "",
        year=release.year,
        number=float(discogs[1]) if discogs else None,
        media_condition=condition,
        sleeve_condition=condition,
    )
