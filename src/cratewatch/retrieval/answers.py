"""What is answered to one picture."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple, Self

from cratewatch.finding.cutting import Upright
from cratewatch.finding.quads import side_of
from cratewatch.retrieval.matches import Match
from cratewatch.retrieval.verdict import Calibration, Verdict


class Belief(NamedTuple):
    """What is believed of a best match; all None where nothing can tell."""

    known: bool | None = None
    probability: float | None = None
    verdict: Verdict | None = None

    @classmethod
    def of(cls, matches: Sequence[Match], calibration: Calibration | None) -> Self:
        """Return what a calibration says of the best match."""
        if calibration is None:
            return cls()
        if not matches:
            return cls(False, 0.0, "unknown")
        score = matches[0].score
        probability = round(calibration.probability(score), 4)
        return cls(calibration.knows(score), probability, calibration.verdict(score))


@dataclass(frozen=True)
class SleeveAnswer:
    """One sleeve of a picture, as far as it is known.

    Attributes:
        quad: Its corners in pixels of the picture as it is shown, clockwise from the cover's own
            top left.
        score: How likely it is a sleeve, 0 to 1.
        upright_px: Its side in pixels of the picture.
        mirrored: Whether the picture shows it mirrored.
        belief: Of the best match.
        matches: The best first, one for each artwork.
    """

    quad: tuple[tuple[float, float], ...]
    score: float
    upright_px: int
    mirrored: bool
    belief: Belief
    matches: tuple[Match, ...]

    @classmethod
    def of(
        cls, found: Upright, matches: tuple[Match, ...], calibration: Calibration | None
    ) -> Self:
        """Return a sleeve that was found, with its matches."""
        quad = found.sleeve.quad
        return cls(
            quad=tuple((float(x), float(y)) for x, y in quad),
            score=found.sleeve.score,
            upright_px=round(side_of(quad)),
            mirrored=found.mirrored,
            belief=Belief.of(matches, calibration),
            matches=matches,
        )

    @property
    def known(self) -> bool:
        """Whether the best match is believed."""
        return bool(self.belief.known)

    def scaled(self, factor: float) -> Self:
        """Return it in pixels of a picture so many times as large."""
        corners = tuple((x * factor, y * factor) for x, y in self.quad)
        return replace(self, quad=corners, upright_px=round(self.upright_px * factor))

    def as_json(self) -> dict[str, Any]:
        """Return an entry of `sleeves` in the answer to a picture."""
        return {
            "quad": [[round(x, 1), round(y, 1)] for x, y in self.quad],
            "score": self.score,
            "upright_px": self.upright_px,
            "mirrored": self.mirrored,
            **self.belief._asdict(),
            "matches": [_match(match) for match in self.matches],
        }


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
        sleeves: In the picture, the most prominent first; None where none was looked for.
        notes: What else is worth knowing, for people.
        error: Why the picture cannot be read: a reason of ImageError and what to do.
    """

    query: str
    known: bool | None = None
    probability: float | None = None
    verdict: Verdict | None = None
    matches: tuple[Match, ...] = ()
    sleeves: tuple[SleeveAnswer, ...] | None = None
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
        return cls(query, *Belief.of(found, calibration), found)

    def with_sleeves(self, sleeves: Sequence[SleeveAnswer], *, is_crop: bool) -> Answer:
        """Return the answer to a picture in which sleeves were looked for.

        The answer to the whole of it stands where no sleeve was found; of a crop, unless only its
        sleeve is known; of another picture, if it is likelier than that to its first sleeve.

        Args:
            is_crop: Whether the picture is a crop about the first sleeve.
        """
        first = next(iter(sleeves), None)
        if first is None or self._outdoes(first, is_crop=is_crop):
            return replace(self, sleeves=tuple(sleeves))
        return Answer(self.query, *first.belief, first.matches, tuple(sleeves))

    def _outdoes(self, first: SleeveAnswer, *, is_crop: bool) -> bool:
        if is_crop:
            return bool(self.known) or not first.known
        return _best_score(self.matches) >= _best_score(first.matches)

    def as_json(self) -> dict[str, Any]:
        """Return what `identify --json` prints; see docs/data-format.md."""
        if self.error is not None:
            return {"query": self.query, "error": self.error}
        answer: dict[str, Any] = {
            "query": self.query,
            "known": self.known,
            "probability": self.probability,
            "verdict": self.verdict,
            "notes": list(self.notes),
            "matches": [_match(match) for match in self.matches],
        }
        if self.sleeves is not None:
            answer["sleeves"] = [sleeve.as_json() for sleeve in self.sleeves]
        return answer


def _best_score(matches: Sequence[Match]) -> float:
    return matches[0].score if matches else -math.inf


def _match(match: Match) -> dict[str, Any]:
    return {
        "cover_id": match.cover_id,
        "score": round(match.score, 4),
        "source": match.source,
        "path_or_url": match.path_or_url,
        "releases": [asdict(release) for release in match.releases],
    }
