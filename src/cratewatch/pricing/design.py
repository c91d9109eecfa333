"""Listings as numbers: one row each, nothing of which is learned from prices."""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from cratewatch.catalog.observations import GRADES
from cratewatch.pricing.listing import Listing, bare
from cratewatch.pricing.trees import Floats

UNKNOWN = -9.0
"""What stands for a number that nobody knows, where trees are asked; all numbers are above it."""
BUCKETS = 1 << 15
"""Of words: two words that fall into the same one count as one."""
FEWEST = 5
"""Rows of a format, genre or country that has a column of its own."""
_WORST_FIRST = {grade: float(place) for place, grade in enumerate(reversed(GRADES))}
WORDS = ("format", "genre", "country")
NUMBERS = (
    *("year", "have", "want", "wanted", "rating", "votes", "tracks", "limited"),
    *("number", "media", "sleeve"),
)
SHAPES = (
    *("various", "no_label", "catno_letters", "catno_digits", "catnos", "title_letters"),
    *("title_words", "bracketed", "two_sides", "wide_letters", "lp_catno", "japan"),
    *("last_digits", "several_artists", "edition"),
)
"""What the form of its names tells of a listing; trees alone are asked by it."""
PLAIN = len(NUMBERS) + len(WORDS) + len(SHAPES)
_DIGITS = re.compile(r"\d+")
_EDITION = re.compile(
    r"\b(?:deluxe|edition|remaster\w*|best|hits|collection|box|soundtrack|ost|live|remix\w*|ep)\b",
    re.IGNORECASE,
)
_WIDE = "\u2fff"
"""Letters beyond it are of Chinese, Japanese or Korean."""
_SCALED = len(NUMBERS) - 2
"""How many of the numbers are scaled; the grades have a column for each value."""


def numbers(listing: Listing) -> list[float]:
    """Return the numbers of a listing, NUMBERS by name; NaN for those that are not known."""
    known = {
        "year": listing.year,
        "have": _log(listing.have),
        "want": _log(listing.want),
        "rating": listing.rating,
        "votes": _log(listing.votes),
        "tracks": _log(listing.tracks),
        "limited": listing.limited,
        "number": None if listing.number is None else listing.number / 1e6,
        "media": _WORST_FIRST.get(listing.media_condition or ""),
        "sleeve": _WORST_FIRST.get(listing.sleeve_condition or ""),
    }
    have, want = known["have"], known["want"]
    known["wanted"] = None if have is None or want is None else want - have
    return [math.nan if (value := known[name]) is None else value for name in NUMBERS]


def shapes(listing: Listing) -> list[float]:
    """Return what the form of its names tells of a listing, SHAPES by name."""
    catno, title, artist = listing.catno, listing.title, listing.artist
    digits = _DIGITS.findall(catno)
    letters = f"{title}{artist} "
    return [
        bare(artist) == "various",
        "not on label" in listing.label.lower(),
        len(catno),
        sum(map(len, digits)),
        catno.count(","),
        len(title),
        title.count(" "),
        "(" in title,
        "/" in title,
        sum(letter > _WIDE for letter in letters) / len(letters),
        catno.upper().endswith("LP"),
        "japan" in f"{listing.label}{catno}".lower(),
        int(digits[-1][-4:]) if digits else -1,
        "&" in artist or "," in artist,
        bool(_EDITION.search(title)),
    ]


def _log(value: float | None) -> float | None:
    return None if value is None or value < 0 else math.log1p(value)


@dataclass(frozen=True)
class Design:
    """How listings become numbers: what the training saw decides on scales and columns.

    Attributes:
        means: Of NUMBERS; scales their standard deviations.
        vocabulary: For each of WORDS the values that have a column.
    """

    means: tuple[float, ...]
    scales: tuple[float, ...]
    vocabulary: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, listings: Sequence[Listing]) -> Self:
        """Return the design for listings such as these."""
        table = np.array([numbers(listing) for listing in listings])
        known = np.isfinite(table)
        n = np.maximum(known.sum(0), 1)
        means = np.where(known, table, 0).sum(0) / n
        spread = np.sqrt((np.where(known, table - means, 0) ** 2).sum(0) / n)
        vocabulary = []
        for name in WORDS:
            seen = Counter(getattr(listing, name) for listing in listings)
            common = (value for value, rows in seen.most_common() if rows >= FEWEST and value)
            vocabulary.append(tuple(common))
        return cls(
            tuple(map(float, means)), tuple(float(s) or 1.0 for s in spread), tuple(vocabulary)
        )

    def dense(self, listings: Sequence[Listing]) -> Floats:
        """Return (N, D) float32: scaled numbers, and a column for each grade, word and decade."""
        table = np.array([numbers(listing) for listing in listings]).reshape(-1, len(NUMBERS))
        scaled = (table - self.means) / self.scales
        parts = [np.nan_to_num(scaled, nan=0.0)[:, :_SCALED]]
        for column in (-2, -1):
            parts.append(table[:, column, None] == np.arange(len(GRADES)))
            parts.append(np.isnan(table[:, column, None]))
        decade = np.nan_to_num(table[:, 0] // 10, nan=0.0)
        parts.append(decade[:, None] == np.arange(190, 204))
        for codes, words in zip(self._codes(listings).T, self.vocabulary, strict=True):
            parts.append(codes[:, None] == np.arange(len(words)))
        return np.hstack(parts).astype(np.float32)

    def plain(self, listings: Sequence[Listing]) -> Floats:
        """Return (N, D) float32 as trees are asked: numbers as they are, words as codes, forms."""
        table = np.array([numbers(listing) for listing in listings]).reshape(-1, len(NUMBERS))
        formed = np.array([shapes(listing) for listing in listings]).reshape(-1, len(SHAPES))
        parts = [np.nan_to_num(table, nan=UNKNOWN), self._codes(listings), formed]
        return np.hstack(parts).astype(np.float32)

    def _codes(self, listings: Sequence[Listing]) -> Any:
        """Return the place of each word in its vocabulary, (N, WORDS), -1 for others."""
        places = [{word: n for n, word in enumerate(words)} for words in self.vocabulary]
        of_words = list(zip(WORDS, places, strict=True))
        codes = [
            [place.get(getattr(listing, name), -1) for name, place in of_words]
            for listing in listings
        ]
        return np.array(codes, dtype=np.float64).reshape(-1, len(WORDS))


def buckets(listing: Listing) -> list[int]:
    """Return the buckets of a listing's words, sorted: names whole and in parts, the catno."""
    return sorted({zlib.crc32(word.encode()) % BUCKETS for word in _words(listing)})


def _words(listing: Listing) -> Iterator[str]:
    artist, label = bare(listing.artist), bare(listing.label)
    yield f"artist={artist}"
    yield f"label={label}"
    yield f"format={listing.format}"
    for mark, text in (
        ("title", bare(listing.title)),
        ("of artist", artist),
        ("of label", label),
        ("of catno", bare(listing.catno)),
    ):
        yield from (f"{mark}={word}" for word in text.split())
    shape = "".join("0" if c.isdigit() else c for c in f" {listing.catno.lower()} ")
    yield from (f"shape={shape[n : n + 3]}" for n in range(len(shape) - 2))
