"""What tells one pressing from another, in a spelling that all sources share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from cratewatch.catalog.places import places_of
from cratewatch.catalog.records import Release

NO_CATNO = ("", "none", "na", "nocatalognumber", "nonumber", "unknown", "notonlabel", "promo")
NO_LABEL = ("", "notonlabel", "nolabel", "selfreleased", "whitelabel", "unknown", "none")
_LABEL_WORDS = re.compile(r"\b(records?|recordings?|recs?|music|musik|label|ltd|inc|gmbh)\b")
_NUMBERED = re.compile(r"\(\d+\)\s*$")
_DISCOGS = re.compile(r"\bdiscogs\.com/(?:[^/?#]+/)?release/(\d+)", re.IGNORECASE)
_BRACKETS = re.compile(r"[\(\[][^\)\]]*[\)\]]")
_DISCS = re.compile(r"(?<![\d.])(\d{1,2})\s?(?:x|\u00d7|(?=lp|cd|mc))", re.IGNORECASE)
_SIZE = re.compile(r"\b(7|10|12)\s*(?:\"|''|-?\s?inch)", re.IGNORECASE)
_MEDIA = {
    "vinyl": re.compile(r"vinyl|\blps?\b|\d+lp\b|flexi|acetate|\b(7|10|12)\s*(\"|''|-?inch)"),
    "cd": re.compile(r"\b\d*x?\s?(hd|mini)?cdr?s?\b|sacd|compact disc"),
    "cassette": re.compile(r"cassette|\bmc\b|\btape\b|8-track|reel-to-reel"),
    "file": re.compile(r"files?\b|digital|download"),
    "shellac": re.compile(r"shellac|\b78\b"),
    "video": re.compile(r"dvdr?\b|blu-?ray|\bvhs\b"),
}
_APOSTROPHES = {ord(char): None for char in "'\u2019`"}
_EDITION = re.compile(r"remaster|re-?issue|deluxe|anniversary|expanded|limited|\bmono\b|\bstereo\b")


@dataclass(frozen=True)
class Pressing:
    """A release, as it is compared with those of other sources.

    Attributes:
        same_as: Pages of other services that its source says are of the same pressing.
    """

    release: Release
    same_as: frozenset[str] = frozenset()

    @cached_property
    def barcode(self) -> str:
        """The number without leading zeros if its check digit is right, else ""."""
        return gtin(self.release.barcode or "")

    @cached_property
    def catno(self) -> str:
        """Letters and digits, small; "" where there is none that tells records apart."""
        plain = _letters(self.release.catno or "")
        is_one = len(plain) >= 3 and any(map(str.isdigit, plain)) and plain not in NO_CATNO
        return plain if is_one else ""

    @cached_property
    def label(self) -> str:
        """Letters and digits without words such as Records; "" where there is no label."""
        folded = _NUMBERED.sub("", _folded(self.release.label or ""))
        short = _letters(_LABEL_WORDS.sub(" ", folded)) or _letters(folded)
        return "" if short in NO_LABEL or _letters(folded) in NO_LABEL else short

    @cached_property
    def title(self) -> frozenset[str]:
        """Words, what stands in brackets left out unless that is all."""
        folded = _folded(self.release.title)
        return frozenset(_words(_BRACKETS.sub(" ", folded)) or _words(folded))

    @cached_property
    def editions(self) -> frozenset[str]:
        """What the title says of a special edition."""
        return frozenset(_EDITION.findall(_folded(self.release.title)))

    @cached_property
    def artist(self) -> frozenset[str]:
        """Words, articles left out."""
        said = _NUMBERED.sub("", _folded(self.release.artist or ""))
        words = frozenset(_words(said)) - {"the", "and", "feat", "featuring", "with"}
        return frozenset({"various"}) if words <= {"various", "artists"} and words else words

    @cached_property
    def media(self) -> frozenset[str]:
        """Such as vinyl and cd; empty if nothing is known."""
        said = (self.release.format or "").casefold()
        return frozenset(name for name, pattern in _MEDIA.items() if pattern.search(said))

    @cached_property
    def discs(self) -> int | None:
        """How many there are, as far as the format says so, else 1; None without a format."""
        if not self.media:
            return None
        counts = [int(n) for n in _DISCS.findall(self.release.format or "")]
        parts = (self.release.format or "").count(",") + 1
        return sum(counts) + max(0, parts - len(counts)) if counts else parts

    @cached_property
    def sizes(self) -> frozenset[str]:
        """Inches of vinyl, if they are told."""
        return frozenset(_SIZE.findall(self.release.format or ""))

    @cached_property
    def is_box(self) -> bool:
        """Whether it is a box of several records."""
        return "box" in (self.release.format or "").casefold()

    @cached_property
    def places(self) -> frozenset[str]:
        """Codes of the countries; empty if they are not known."""
        return places_of(self.release.country or "")

    @cached_property
    def page(self) -> str:
        """What page_key() says of its own page."""
        return page_key(self.release.page_url or "")

    def keys(self) -> Iterator[str]:
        """Yield what another source's release of the same pressing has as well."""
        if self.barcode:
            yield f"barcode {self.barcode}"
        if self.catno and self.label:
            yield f"catno {self.label} {self.catno}"
        yield from self.same_as | ({self.page} - {""})


def page_key(url: str) -> str:
    """Return what all addresses of a release's page on Discogs have in common; "" of others."""
    found = _DISCOGS.search(url)
    return f"discogs {found[1]}" if found else ""


def gtin(text: str) -> str:
    """Return a barcode as GTIN without leading zeros, or "" if it is none: of 8 to 14 digits."""
    digits = "".join(char for char in text if char.isascii() and char.isdigit())
    other = "".join(char for char in text if char.isalpha())
    if other or not 8 <= len(digits) <= 14 or not digits.strip("0"):
        return ""
    weighed = sum(int(d) * (3 if n % 2 else 1) for n, d in enumerate(reversed(digits)))
    return digits.lstrip("0") if weighed % 10 == 0 else ""


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, _folded(text)))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.translate(_APOSTROPHES))
