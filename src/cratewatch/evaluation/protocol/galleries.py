"""The galleries that queries are searched in: of fifty covers, of a thousand, of everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from cratewatch.evaluation.metrics import over_draws
from cratewatch.evaluation.protocol.answers import (
    Answers,
    Compare,
    Scores,
    Search,
    answer,
    joined,
    summarise,
)

Protocol = Literal["fifty", "thousand", "everything"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
GALLERY_COVERS: dict[Protocol, int] = {"fifty": 50, "thousand": 1000}


@dataclass(frozen=True)
class Outcome:
    """What a protocol found for queries of one severity and size.

    Attributes:
        covers: In the gallery of each draw.
        draws: Galleries that were drawn.
        chance_at_1: Recall@1 of a ranking of the gallery's artworks drawn by lot.
    """

    protocol: Protocol
    queries: int
    covers: int
    draws: int
    scores: Scores
    chance_at_1: float
    chance_at_5: float


def fits(protocol: Protocol, artworks: Sequence[str]) -> bool:
    """Return whether a collection has artworks enough for a protocol's gallery."""
    return len(set(artworks)) >= GALLERY_COVERS.get(protocol, 1)


def draw_searches(
    protocol: Protocol, truths: Sequence[str], artworks: Sequence[str], seed: int
) -> list[Search]:
    """Draw a protocol's galleries and say which queries are searched in each.

    Everything is one gallery of all covers. The others have one cover of each of their artworks:
    the artworks that are asked for are dealt out by lot, each to one gallery, as many galleries as
    become full; if not even one does, artworks that nobody asks for fill it up.

    Args:
        truths: The artwork of each query.
        artworks: The artwork of each cover.

    Raises:
        ValueError: if the collection is too small, see fits().
    """
    if not fits(protocol, artworks):
        raise ValueError(f"{len(set(artworks))} artworks are too few for {protocol}")
    if protocol == "everything":
        return [Search(np.arange(len(truths)), np.arange(len(artworks)))]
    size = GALLERY_COVERS[protocol]
    rng = np.random.default_rng([seed, size])
    cover_of = {artwork: n for n, artwork in reversed(list(enumerate(artworks)))}
    asked = [str(artwork) for artwork in rng.permutation(sorted(set(truths)))]
    if len(asked) < size:
        others = rng.permutation(sorted(cover_of.keys() - set(asked)))
        asked += [str(artwork) for artwork in others[: size - len(asked)]]
    of_truth: dict[str, list[int]] = {}
    for number, truth in enumerate(truths):
        of_truth.setdefault(truth, []).append(number)
    return [
        Search(
            np.array([number for artwork in dealt for number in of_truth.get(artwork, [])]),
            np.array([cover_of[artwork] for artwork in dealt]),
        )
        for dealt in (asked[at : at + size] for at in range(0, len(asked) - size + 1, size))
    ]


def run_protocol(
    protocol: Protocol,
    truths: Sequence[str],
    artworks: Sequence[str],
    compare: Compare,
    seed: int = 0,
) -> tuple[Outcome, Answers]:
    """Search the queries as a protocol says.

    Recall is the mean over draws, its interval that of the mean; the rest is of all answers
    together.
    """
    searches = draw_searches(protocol, truths, artworks, seed)
    answers = [answer(search, truths, artworks, compare) for search in searches]
    together = joined(answers)
    parts = [summarise(part) for part in answers]
    gallery = {artworks[cover] for cover in searches[0].covers}
    outcome = Outcome(
        protocol=protocol,
        queries=len(together.queries),
        covers=len(searches[0].covers),
        draws=len(searches),
        scores=replace(
            summarise(together),
            recall_at_1=over_draws([part.recall_at_1 for part in parts]),
            recall_at_5=over_draws([part.recall_at_5 for part in parts]),
        ),
        chance_at_1=1 / len(gallery),
        chance_at_5=min(1.0, 5 / len(gallery)),
    )
    return outcome, together
