"""What a night of footage came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class FootageNight:
    """What became of recordings; docs/data-format.md describes each key.

    Attributes:
        recordings: That were found.
        analysed: In this run.
        known: That an earlier run has analysed, or that have the same bytes as another.
        growing: That somebody may still write to: the next run takes them.
        given_up: That failed too often, and were left out.
        handlings: In those that were analysed.
        named: How many of these show a known artwork.
        persons: Pictures of persons that were made searchable by words.
        failed: Recordings that failed in this run, by reason.
        examples: Of each reason the first one, and why.
        error: What ended the run before its end, or None.
    """

    run_id: str
    recordings: int = 0
    analysed: int = 0
    known: int = 0
    growing: int = 0
    given_up: int = 0
    handlings: int = 0
    named: int = 0
    persons: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return asdict(self)

    @property
    def failures(self) -> str:
        """What failed, in one line; "" if nothing did."""
        if not self.failed:
            return ""
        said = ", ".join(f"{reason} {count}" for reason, count in self.failed.items())
        return (
            f"analyse-footage: {sum(self.failed.values())} of {self.recordings} recordings failed "
            f"({said}), the others are analysed; for example {next(iter(self.examples.values()))}"
        )

    def __str__(self) -> str:
        """Say it in one line for a log."""
        said = [f"{self.analysed} of {self.recordings} recordings analysed"]
        said += [f"{self.handlings} handlings, {self.named} named"]
        said += [f"{self.persons} pictures of persons indexed"] if self.persons else []
        said += [f"{self.known} known before"] if self.known else []
        said += [f"{self.growing} still growing"] if self.growing else []
        said += [f"{sum(self.failed.values())} failed"] if self.failed else []
        said += [f"{self.given_up} given up"] if self.given_up else []
        return f"footage: {'failed' if self.error else 'done'}, {', '.join(said)}"
