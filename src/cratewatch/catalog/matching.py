"""Finds the pairs of releases, of two sources each, that are one pressing."""

from __future__ import annotations

import hashlib
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import numpy.typing as npt

from cratewatch.catalog.pressings import Pressing
from cratewatch.catalog.same_pressing import CONFIDENT, Verdict, judge

MOST_OF_A_KEY = 100
"""Releases with one number, above which it is no number of a pressing."""
Pair = tuple[str, str]


@dataclass
class Matches:
    """What was found.

    Attributes:
        sure: Pairs of release_ids, the smaller one first.
        ambiguous: Pairs that may be one, where another release of the source may be it as well.
        unsure: Pairs with too little to go by, such as without a year.
    """

    sure: dict[Pair, Verdict] = field(default_factory=dict)
    ambiguous: int = 0
    unsure: int = 0


def match(read: Callable[[], Iterable[Pressing]]) -> Matches:
    """Compare the releases of all sources.

    Args:
        read: Yields all of them, each time that it is called: once to see which numbers several
            sources have, then again for the releases that have these.
    """
    shared = _shared(read())
    groups: defaultdict[int, list[Pressing]] = defaultdict(list)
    for pressing in read():
        for number in _numbers(pressing):
            if _holds(shared, number):
                groups[number].append(pressing)
    found: dict[Pair, Verdict] = {}
    for group in groups.values():
        if len(group) <= MOST_OF_A_KEY:
            found |= dict(_pairs(group))
    return _unambiguous(found)


def _numbers(pressing: Pressing) -> Iterator[int]:
    for key in pressing.keys():  # noqa: SIM118  no dict
        yield int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest())


def _shared(pressings: Iterable[Pressing]) -> npt.NDArray[np.uint64]:
    """Return the numbers that releases of two or more sources have, sorted."""
    numbers, sources = array("Q"), array("H")
    known: dict[str, int] = {}
    for pressing in pressings:
        source = known.setdefault(pressing.release.source, len(known))
        for number in _numbers(pressing):
            numbers.append(number)
            sources.append(source)
    of_numbers = np.frombuffer(numbers, np.uint64)
    of_sources = np.frombuffer(sources, np.uint16)
    order = np.lexsort((of_sources, of_numbers))
    ordered, from_ = of_numbers[order], of_sources[order]
    is_shared = (ordered[1:] == ordered[:-1]) & (from_[1:] != from_[:-1])
    return np.unique(ordered[1:][is_shared])


def _holds(numbers: npt.NDArray[np.uint64], number: int) -> bool:
    place = int(np.searchsorted(numbers, np.uint64(number)))
    return place < len(numbers) and int(numbers[place]) == number


def _pairs(group: Sequence[Pressing]) -> Iterator[tuple[Pair, Verdict]]:
    for one, other in combinations(group, 2):
        if one.release.source == other.release.source:
            continue
        verdict = judge(one, other)
        if verdict is not None:
            yield pair_of(one.release.release_id, other.release.release_id), verdict


def pair_of(one: str, other: str) -> Pair:
    """Return two release_ids in their order."""
    return (one, other) if one < other else (other, one)


def _unambiguous(found: dict[Pair, Verdict]) -> Matches:
    """Keep the pairs of which neither release may be another one of the other's source.

    What a source itself says of a pair counts before numbers.
    """
    matches = Matches()
    rivals: defaultdict[tuple[str, str], list[tuple[Pair, Verdict]]] = defaultdict(list)
    for pair, verdict in found.items():
        for one, other in (pair, pair[::-1]):
            rivals[one, other.partition(":")[0]].append((pair, verdict))
    for pair, verdict in found.items():
        of_both = (rivals[pair[0], _source(pair[1])], rivals[pair[1], _source(pair[0])])
        if not all(_is_only(pair, verdict, among) for among in of_both):
            matches.ambiguous += 1
        elif verdict.confidence < CONFIDENT:
            matches.unsure += 1
        else:
            matches.sure[pair] = verdict
    return matches


def _source(release_id: str) -> str:
    return release_id.partition(":")[0]


def _is_only(pair: Pair, verdict: Verdict, among: Iterable[tuple[Pair, Verdict]]) -> bool:
    is_told = verdict.reason == "relation"
    return not any(
        rival != pair and (not is_told or other.reason == "relation") for rival, other in among
    )
