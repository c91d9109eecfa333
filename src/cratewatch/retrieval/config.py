"""How a query is searched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Fusion = Literal["best", "mean"]


@dataclass(frozen=True)
class SearchConfig:
    """What is done with a query; docs/evaluation.md has what each brings and costs.

    Attributes:
        crops: Sides of the crops about the middle of the query that are searched, as shares of
            the query's own.
        turns_deg: By which each crop is turned.
        fusion: Of these views: each cover's best score counts, or the one of their mean.
        background: How many of the nearest background covers' scores are averaged and taken off
            a view's scores; 0 leaves the cosine as it is.
        rerank: How many of the best covers are compared with the query by their keypoints, at
            most; 0 for none.
        glance: Of these, how many with the query as it is; only if none of them is recognised
            are the other views searched.
        enough_inliers: Keypoints that agree, from which on no further cover is compared.
    """

    crops: tuple[float, ...] = (1.0, 0.84)
    turns_deg: tuple[float, ...] = (0.0, -8.0, 8.0, -16.0, 16.0)
    fusion: Fusion = "best"
    background: int = 10
    rerank: int = 30
    glance: int = 3
    enough_inliers: int = 15

    @property
    def views(self) -> int:
        """How many views of a query are searched."""
        return len(self.crops) * len(self.turns_deg)

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot be searched."""
        if not self.crops or not self.turns_deg:
            raise ValueError("a query needs at least one crop and one turn")
        if not all(0.1 <= share <= 1 for share in self.crops):
            raise ValueError(f"crops {self.crops}: each is a share of 0.1 to 1 of the query")
        if self.fusion not in get_args(Fusion):
            raise ValueError(f"fusion {self.fusion!r} is neither best nor mean")
        if self.background < 0 or self.rerank < 0:
            raise ValueError(f"{min(self.background, self.rerank)} covers are fewer than none")


ONE_LOOK = SearchConfig(crops=(1.0,), turns_deg=(0.0,), rerank=0)
"""The query as it is, searched once: the cheapest."""
