"""Between rounds of training: recall on unseen artworks, and which artworks are confused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cratewatch.embedding.arrays import Grey
from cratewatch.training.data import TrainingSet
from cratewatch.training.progress import Recall

Embed = Callable[[Sequence[Grey]], Tensor]
"""Pictures to (N, D) embeddings of unit length on the CPU."""
QUERIES_EACH = 2
MOST_DISTRACTORS = 20_000
MOST_CONFUSIONS_FROM = 20_000
RIVALS = 3
BLOCK = 1024


class Validation:
    """The same queries of unseen artworks, round after round, among all covers."""

    def __init__(self, seen: TrainingSet, unseen: TrainingSet, seed: int, sketched: float) -> None:
        """Draw the queries; covers of the training serve as distractors."""
        rng = np.random.default_rng([seed, 2])
        drawn = [
            unseen.draw(number, 1 + QUERIES_EACH, sketched, rng)[1:]
            for number in range(len(unseen.artworks))
        ]
        self._queries = [query for queries in drawn for query in queries]
        self._truths = torch.arange(len(drawn)).repeat_interleave(QUERIES_EACH)
        self._covers = [cover for covers in unseen.covers for cover in covers]
        labels = [number for number, covers in enumerate(unseen.covers) for _ in covers]
        distractors = [cover for covers in seen.covers for cover in covers][:MOST_DISTRACTORS]
        self._labels = torch.tensor(labels + [-1] * len(distractors))
        self._covers += distractors

    def measure(self, embed: Embed) -> Recall:
        """Search every query in all covers."""
        best = _search(embed(self._queries), embed(self._covers), 5)
        right = self._labels[best] == self._truths[:, None]
        return Recall(float(right[:, 0].float().mean()), float(right.any(dim=1).float().mean()))


@dataclass(frozen=True)
class Confusions:
    """What a fresh query of each training artwork is taken for; artworks go by number.

    Attributes:
        rivals: For each artwork at most RIVALS others, the best first, that are among the best
            RIVALS + 1 matches of its query.
        taken_for: Artworks whose best match is another one, and that one.
    """

    rivals: list[list[int]]
    taken_for: dict[int, int]


def find_confusions(data: TrainingSet, embed: Embed, seed: int, sketched: float) -> Confusions:
    """Search a fresh query of each artwork among the covers of all.

    Of more than MOST_CONFUSIONS_FROM artworks only so many are looked at, others in each round.
    """
    rng = np.random.default_rng([seed, 3])
    numbers = rng.permutation(len(data.artworks))[:MOST_CONFUSIONS_FROM].tolist()
    queries = embed([data.draw(number, 2, sketched, rng)[1] for number in numbers])
    covers = embed([data.covers[number][0] for number in numbers])
    rivals: list[list[int]] = [[] for _ in data.artworks]
    taken_for: dict[int, int] = {}
    for number, row in zip(numbers, _search(queries, covers, RIVALS + 1).tolist(), strict=True):
        ranked = [numbers[place] for place in row]
        rivals[number] = [other for other in ranked if other != number][:RIVALS]
        if ranked[0] != number:
            taken_for[number] = ranked[0]
    return Confusions(rivals, taken_for)


def _search(queries: Tensor, covers: Tensor, count: int) -> Tensor:
    """Return the rows (Q, count) of the best covers, exactly."""
    count = min(count, len(covers))
    parts = torch.split(queries, BLOCK)
    return torch.cat([(part @ covers.T).topk(count, dim=1).indices for part in parts])
