"""Whether releases of two sources are one pressing, with reason and confidence.

A barcode or a catalogue number is on reissues and on pressings of other countries, too: nothing may
speak against it, and what is not known lowers the confidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cratewatch.catalog.places import disagree
from cratewatch.catalog.pressings import Pressing

Reason = Literal["relation", "barcode_and_catno", "barcode", "catno"]
CONFIDENT = 0.95
"""From which on two releases are linked."""
RELATED = 0.99
_BASE: dict[Reason, float] = {"barcode_and_catno": 0.92, "barcode": 0.91, "catno": 0.89}
_SAME_YEAR, _SAME_PLACE, _SAME_DISCS = 0.04, 0.01, 0.01  # without a year it may be a reissue
_SIMILAR = 0.5  # share of the words of both


@dataclass(frozen=True)
class Verdict:
    """That two releases are one pressing, and how sure that is, 1 being sure."""

    reason: Reason
    confidence: float


def judge(one: Pressing, other: Pressing) -> Verdict | None:
    """Return why two releases may be one pressing, None if they are two."""
    if one.page in other.same_as or other.page in one.same_as:
        differ = _numbers_differ(one, other) or _carriers_differ(one, other)
        return None if differ else Verdict("relation", RELATED)
    if _contradict(one, other):
        return None
    same_barcode = bool(one.barcode) and one.barcode == other.barcode
    same_catno = bool(one.catno) and one.catno == other.catno
    reason: Reason
    if same_barcode:
        reason = "barcode_and_catno" if same_catno else "barcode"
    elif same_catno and one.label and one.label == other.label:
        reason = "catno"
    else:
        return None
    return Verdict(reason, round(_confidence(reason, one, other), 2))


def _confidence(reason: Reason, one: Pressing, other: Pressing) -> float:
    same_year = one.release.year is not None and one.release.year == other.release.year
    sure = _BASE[reason]
    sure += _SAME_YEAR * same_year
    sure += _SAME_PLACE * bool(one.places & other.places)
    sure += _SAME_DISCS * (one.discs is not None and one.discs == other.discs)
    return min(sure, RELATED)


def _contradict(one: Pressing, other: Pressing) -> bool:
    """Whether something speaks against one pressing."""
    return (
        _numbers_differ(one, other)
        or _carriers_differ(one, other)
        or _years_differ(one.release.year, other.release.year)
        or disagree(one.places, other.places)
        or one.editions != other.editions
        or not _similar(one.title, other.title)
        or not _similar_artist(one.artist, other.artist)
    )


def _numbers_differ(one: Pressing, other: Pressing) -> bool:
    if one.barcode and other.barcode and one.barcode != other.barcode:
        return True
    if not one.catno or not other.catno or one.catno == other.catno:
        return False
    short, long = sorted((one.catno, other.catno), key=len)
    # a source that names the label in the number writes more of the same: BLP1577, Blue Note 1577
    return not (long.endswith(short) and len(short) >= 4)


def _carriers_differ(one: Pressing, other: Pressing) -> bool:
    if not one.media or not other.media:
        return False
    sizes = bool(one.sizes and other.sizes and one.sizes != other.sizes)
    return (
        one.media != other.media or one.discs != other.discs or sizes or one.is_box != other.is_box
    )


def _years_differ(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one != other


def _similar(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether titles are of one record: volumes and parts are told apart by their numbers."""
    if _digits(one) != _digits(other):
        return False
    return len(one & other) > _SIMILAR * max(len(one), len(other)) or not one ^ other


def _similar_artist(one: frozenset[str], other: frozenset[str]) -> bool:
    if not one or not other:
        return True
    return len(one & other) >= _SIMILAR * min(len(one), len(other)) and bool(one & other)


def _digits(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if any(map(str.isdigit, word)) or word in _NUMERALS)


_NUMERALS = frozenset(
    {"i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "one", "two", "three"}
)
