"""How many sleeves of whole pictures end with their right name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cratewatch.evaluation.finding.matching import judge, over
from cratewatch.evaluation.finding.quads import Quad, iou
from cratewatch.evaluation.finding.truth import FoundSleeve, Truth
from cratewatch.evaluation.metrics import Share, wilson
from cratewatch.images.reading import Pixels

FOUND_IOU = 0.5


@dataclass(frozen=True)
class Name:
    """The artwork that a quad is most likely to show, and whether that is believed."""

    artwork: str
    known: bool = True


NameQuad = Callable[[Pixels, Quad], Name | None]
"""Returns what a quad of a picture shows; None if there is nothing to name."""


@dataclass(frozen=True)
class NamedSleeve:
    """A found quad and its name, if it has one."""

    quad: Quad
    score: float
    name: Name | None


@dataclass(frozen=True)
class NamingScores:
    """What comes out at the end.

    Attributes:
        found_and_named: Of the sleeves, those found at FOUND_IOU whose best match is right.
        found_and_known: Of the sleeves, those of them whose name is believed as well.
        named: Of the sleeves, those over whose middle any quad bears their name, however it lies.
        known_right: Of the names believed, those of a sleeve whose middle is in the quad; None if
            none was.
        unknown_known: Of the quads found at FOUND_IOU where something only looks like a sleeve,
            those whose name was believed; None if there is none.
    """

    found_and_named: Share
    found_and_known: Share
    named: Share
    known_right: Share | None
    unknown_known: Share | None


def name_all(image: Pixels, found: Sequence[FoundSleeve], name: NameQuad) -> list[NamedSleeve]:
    """Return what was found in a picture with the name of each quad."""
    return [NamedSleeve(one.quad, one.score, name(image, one.quad)) for one in found]


def score_names(pictures: Sequence[tuple[Truth, Sequence[NamedSleeve]]]) -> NamingScores:
    """Compare names with the truth.

    Raises:
        ValueError: if the pictures show no sleeve that counts.
    """
    sleeves = sum(len(truth.sleeves) for truth, _ in pictures)
    if not sleeves:
        raise ValueError("no picture shows a sleeve that counts")
    both = [name for one in pictures for name in _found_and_named(*one)]
    any_quad = sum(len(_named_anyhow(*one)) for one in pictures)
    rights = [right for one in pictures for right in _known_right(*one)]
    unknown = [known for one in pictures for known in _unknown_known(*one)]
    return NamingScores(
        wilson(len(both), sleeves),
        wilson(sum(name.known for name in both), sleeves),
        wilson(any_quad, sleeves),
        _share(rights),
        _share(unknown),
    )


def _share(of: Sequence[bool]) -> Share | None:
    return wilson(sum(of), len(of)) if of else None


def _found_and_named(truth: Truth, named: Sequence[NamedSleeve]) -> Iterator[Name]:
    """Yield the right names of sleeves that were found."""
    for one in judge(named, truth, FOUND_IOU):
        name = named[one.number].name
        if name and one.sleeve is not None and truth.sleeves[one.sleeve].artwork == name.artwork:
            yield name


def _named_anyhow(truth: Truth, named: Sequence[NamedSleeve]) -> set[int]:
    return {
        n
        for one in named
        for n in over(one.quad, truth)
        if one.name and truth.sleeves[n].artwork == one.name.artwork
    }


def _known_right(truth: Truth, named: Sequence[NamedSleeve]) -> Iterator[bool]:
    """Tell of each believed name whether it is right; over sleeves that do not count nobody can."""
    for one in judge(named, truth, FOUND_IOU):
        name = named[one.number].name
        open_to_doubt = one.verdict == "ignored" and not _is_unknown(truth, one.quad)
        if name and name.known and not open_to_doubt:
            yield name.artwork in {truth.sleeves[n].artwork for n in over(one.quad, truth)}


def _unknown_known(truth: Truth, named: Sequence[NamedSleeve]) -> Iterator[bool]:
    for one in named:
        if _is_unknown(truth, one.quad):
            yield bool(one.name and one.name.known)


def _is_unknown(truth: Truth, quad: Quad) -> bool:
    return any(iou(quad, region) >= FOUND_IOU for region in truth.unknown)
