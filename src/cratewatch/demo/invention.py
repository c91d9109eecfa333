"""Who plays what on which label: invented billings, some of them volumes of a label's series."""

from dataclasses import dataclass
from random import Random

from cratewatch.demo.names import (
    GENRES,
    JAPANESE_ARTISTS,
    JAPANESE_LABELS,
    JAPANESE_TITLES,
    Genre,
    invent,
)

_GENRES = (
    *GENRES,
    Genre("City Pop", tuple(JAPANESE_ARTISTS), tuple(JAPANESE_TITLES), JAPANESE_LABELS),
)
_ARTISTS_PER_GENRE = 14
_SERIES_EVERY = 6
_SERIES_LENGTH = 8


@dataclass(frozen=True)
class Billing:
    """The words on a sleeve.

    Attributes:
        series: Name of the label's series whose look the cover shares, or nothing.
        number: Volume in that series, from 1; 0 outside a series.
    """

    artist: str
    title: str
    label: str
    genre: str
    series: str = ""
    number: int = 0


def invent_billings(n: int, seed: int) -> list[Billing]:
    """Return n billings, no artist and title twice; a longer list begins like a shorter one."""
    rng = Random(f"{seed}/billings")
    rosters = {genre.name: _roster(genre, rng) for genre in _GENRES}
    billings: dict[tuple[str, str], Billing] = {}
    while len(billings) < n:
        billing = _next_billing(len(billings), rosters, rng)
        billings.setdefault((billing.artist, billing.title), billing)
    return list(billings.values())


def _next_billing(i: int, rosters: dict[str, list[str]], rng: Random) -> Billing:
    volume, outside = divmod(i, _SERIES_EVERY)
    in_series = outside == 0
    series = volume // _SERIES_LENGTH
    genre = GENRES[series % len(GENRES)] if in_series else rng.choice(_GENRES)
    label = genre.labels[0] if in_series else rng.choice(genre.labels)
    return Billing(
        artist=rng.choice(rosters[genre.name]),
        title=invent(rng.choice(genre.titles), rng),
        label=label,
        genre=genre.name,
        series=f"{label} series {series + 1}" if in_series else "",
        number=volume % _SERIES_LENGTH + 1 if in_series else 0,
    )


def _roster(genre: Genre, rng: Random) -> list[str]:
    if genre.labels is JAPANESE_LABELS:
        return list(genre.artists)
    return [invent(rng.choice(genre.artists), rng) for _ in range(_ARTISTS_PER_GENRE)]
