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

Name = Callable[[Pixels, Quad], str | None]
"""Returns the artwork that a quad of a picture shows; None if it is none that is known."""


@dataclass(frozen=True)
class NamedSleeve:
    """A found quad, and the artwork that it is said to show, if any."""

    quad: Quad
    score: float
    name: str | None


@dataclass(frozen=True)
class NamingScores:
    """What comes out at the end.

    Attributes:
        found_and_named: Of the sleeves, those found at FOUND_IOU and named rightly there.
        named: Of the sleeves, those over whose middle any quad bears their name, however it lies.
        names_right: Of the names given, those of a sleeve whose middle is in the quad; None if
            none was given.
        unknown_named: Of the quads found at FOUND_IOU where something only looks like a sleeve,
            those that were given a name; None if there is none.
    """

    found_and_named: Share
    named: Share
    names_right: Share | None
    unknown_named: Share | None


def name_all(image: Pixels, found: Sequence[FoundSleeve], name: Name) -> list[NamedSleeve]:
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
    both = sum(len(_found_and_named(*one)) for one in pictures)
    any_quad = sum(len(_named_anyhow(*one)) for one in pictures)
    rights = [right for one in pictures for right in _names_right(*one)]
    unknown = [named for one in pictures for named in _unknown_named(*one)]
    return NamingScores(
        wilson(both, sleeves), wilson(any_quad, sleeves), _share(rights), _share(unknown)
    )


def _share(of: Sequence[bool]) -> Share | None:
    return wilson(sum(of), len(of)) if of else None


def _found_and_named(truth: Truth, named: Sequence[NamedSleeve]) -> list[int]:
    return [
        one.sleeve
        for one in judge(named, truth, FOUND_IOU)
        if one.sleeve is not None and truth.sleeves[one.sleeve].artwork == named[one.number].name
    ]


def _named_anyhow(truth: Truth, named: Sequence[NamedSleeve]) -> set[int]:
    return {
        n for one in named for n in over(one.quad, truth) if truth.sleeves[n].artwork == one.name
    }


def _names_right(truth: Truth, named: Sequence[NamedSleeve]) -> Iterator[bool]:
    """Tell of each name whether it is right; over sleeves that do not count nobody can."""
    for one in judge(named, truth, FOUND_IOU):
        name = named[one.number].name
        open_to_doubt = one.verdict == "ignored" and not _is_unknown(truth, one.quad)
        if name is not None and not open_to_doubt:
            yield name in {truth.sleeves[n].artwork for n in over(one.quad, truth)}


def _unknown_named(truth: Truth, named: Sequence[NamedSleeve]) -> Iterator[bool]:
    for one in named:
        if _is_unknown(truth, one.quad):
            yield one.name is not None


def _is_unknown(truth: Truth, quad: Quad) -> bool:
    return any(iou(quad, region) >= FOUND_IOU for region in truth.unknown)
