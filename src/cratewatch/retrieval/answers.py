"""What is answered to one picture."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cratewatch.retrieval.matches import Match
from cratewatch.retrieval.verdict import Calibration, Verdict


@dataclass(frozen=True)
class Answer:
    """What a picture shows, as far as it is known.

    Attributes:
        query: The picture's path or name.
        known: Whether the best match is believed; None where neither a copy nor a calibration
            can tell, and for a picture that cannot be read.
        probability: How likely it is that the best match is right, 0 to 1, or None.
        verdict: Both in a word, or None.
        matches: The best first, one for each artwork.
        notes: What else is worth knowing, for people.
        error: Why the picture cannot be read: a reason of ImageError and what to do.
    """

    query: str
    known: bool | None = None
    probability: float | None = None
    verdict: Verdict | None = None
    matches: tuple[Match, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None

    @classmethod
    def of(
        cls,
        query: str,
        matches: Sequence[Match],
        copies: Collection[str],
        calibration: Calibration | None,
    ) -> Answer:
        """Return the matches with what is believed of the best one.

        Args:
            copies: Cover ids that the picture is a copy of.
        """
        found = tuple(matches)
        if found and found[0].cover_id in copies:
            return cls(query, True, 1.0, "sure", found)
        if calibration is None:
            return cls(query, matches=found)
        if not found:
            return cls(query, False, 0.0, "unknown")
        score = found[0].score
        probability = round(calibration.probability(score), 4)
        return cls(query, calibration.knows(score), probability, calibration.verdict(score), found)

    def as_json(self) -> dict[str, Any]:
        """Return what `identify --json` prints; see docs/data-format.md."""
        if self.error is not None:
            return {"query": self.query, "error": self.error}
        return {
            "query": self.query,
            "known": self.known,
            "probability": self.probability,
            "verdict": self.verdict,
            "notes": list(self.notes),
            "matches": [_match(match) for match in self.matches],
        }


def _match(match: Match) -> dict[str, Any]:
    return {
        "cover_id": match.cover_id,
        "score": round(match.score, 4),
        "source": match.source,
        "path_or_url": match.path_or_url,
        "releases": [asdict(release) for release in match.releases],
    }
