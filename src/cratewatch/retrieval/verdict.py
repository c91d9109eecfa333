"""Whether a best match is believed, or the query shows nothing that is known."""

from __future__ import annotations

from dataclasses import dataclass

from cratewatch.retrieval.config import SearchConfig


@dataclass(frozen=True)
class Calibration:
    """When a best match is believed.

    Attributes:
        threshold: The least score that is.
        wanted_false_accepts: Share of the queries of unknown artworks that may be believed.
        false_accepts: Share that were when it was fitted.
        found: Of the queries of known artworks, the share believed and right.
        confused: Of these, the share believed and wrong.
        queries: How many it was fitted on.
        search: How they were searched; scores of another search do not compare.
    """

    threshold: float
    wanted_false_accepts: float
    false_accepts: float
    found: float
    confused: float
    queries: int
    search: SearchConfig

    def knows(self, score: float) -> bool:
        """Whether a query whose best match has this score shows that artwork."""
        return score >= self.threshold
