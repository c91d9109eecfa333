"""Recall of two models on the same queries, and whether the difference is more than noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cratewatch.evaluation.metrics import Share, exact_interval, wilson


@dataclass(frozen=True)
class PairedRecall:
    """Recall@1 of a model and of the one that is to follow it.

    Attributes:
        gained: Queries that only the later model answers rightly.
        lost: Queries that only the earlier one does.
        difference: Of the recalls, later minus earlier, -1..1.
        low: Lower end of its 95 % interval, see compare().
        high: Upper end.
    """

    before: Share
    after: Share
    gained: int
    lost: int
    difference: float
    low: float
    high: float

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> PairedRecall:
        """Return what asdict() gave."""
        shares = {name: Share(**values[name]) for name in ("before", "after")}
        return cls(**{**values, **shares})

    @property
    def better(self) -> bool:
        """Whether the later model is better by more than noise."""
        return self.low > 0


def compare(before: npt.NDArray[np.bool_], after: npt.NDArray[np.bool_]) -> PairedRecall:
    """Compare the answers of two models to the same queries.

    Queries that both answer alike say nothing of the difference. Of the others as many would be
    gained as lost if the models were equally good; McNemar's exact test (McNemar 1947,
    Psychometrika 12:153) asks how likely so uneven a split is by chance. The interval is that
    test's: Clopper and Pearson's for the share that is gained, carried over to the difference,
    given how many queries are answered differently (Agresti 2013, Categorical Data Analysis,
    11.1). It lies above 0 if and only if the two-sided test gives p < 0.05. The exact test errs on
    the side of no difference (Fagerland et al. 2013, BMC Med Res Methodol 13:91): what serves
    stays in doubt. Queries count as independent: ask for each artwork once.

    Args:
        before: (Q,), whether the earlier model's best answer to each query is right.
        after: (Q,), the same of the later one.

    Raises:
        ValueError: if there is no query, or not the same number.
    """
    if before.shape != after.shape:
        raise ValueError(f"answers to {before.shape} and to {after.shape} queries")
    queries = len(before)
    shares = wilson(int(before.sum()), queries), wilson(int(after.sum()), queries)
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    low = high = 0.0
    if uneven := gained + lost:
        low, high = ((2 * end - 1) * uneven / queries for end in exact_interval(gained, uneven))
    difference = (gained - lost) / queries
    return PairedRecall(*shares, gained, lost, difference, low, high)
