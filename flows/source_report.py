"""What a refresh did for one source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from cratewatch.catalog.records import Diff
from cratewatch.catalog.runs import Run
from cratewatch.indexing.agreement import IndexReport
from scrapers.launch import CrawlReport


@dataclass(frozen=True)
class SourceReport:
    """What became of a source; docs/data-format.md describes each key.

    Attributes:
        error: What went wrong as a whole; items that failed are no error.
        crawl: None where an error came before it, like diff and covers.
        failed: Items that failed in this run, by reason.
        index: The same for all sources of a refresh; None while no model serves.
    """

    source: str
    run_id: str
    error: str | None = None
    crawl: CrawlReport | None = None
    diff: Diff | None = None
    covers: CrawlReport | None = None
    failed: Mapping[str, int] = field(default_factory=dict)
    index: IndexReport | None = None

    @classmethod
    def of(cls, source: str, run: Run) -> SourceReport:
        """Return what a run has to report at its start: what it did before it was killed."""
        known = run.report
        return cls(
            source,
            run.run_id,
            crawl=CrawlReport(**known["crawl"]) if "crawl" in known else None,
            diff=Diff(**known["diff"]) if "diff" in known else None,
        )

    def with_error(self, error: Exception) -> SourceReport:
        """Return the report with one more error."""
        return replace(self, error="; ".join(filter(None, (self.error, str(error)))))

    def as_json(self) -> dict[str, Any]:
        """Return it JSON-ready; what did not come about is left out."""
        report = asdict(self)
        for name in ("crawl", "diff", "covers"):
            if report[name] is None:
                del report[name]
        return report

    def rows(self) -> dict[str, object]:
        """Return what a table shows of it."""
        return {
            "error": self.error or "none",
            **(asdict(self.diff) if self.diff else {}),
            "covers stored": self.covers.items if self.covers else 0,
            **{f"failed: {reason}": n for reason, n in self.failed.items()},
            "not embedded": len(self.index.failed) if self.index else 0,
            "embedded": self.index.embedded if self.index else "nothing",
        }

    def __str__(self) -> str:
        """Say it in one line for a log."""
        counts = asdict(self.diff) if self.diff else {}
        told = [f"{count} {name}" for name, count in counts.items() if count]
        told += [f"{self.covers.items if self.covers else 0} covers stored"]
        told += [f"{sum(self.failed.values())} items failed"] if self.failed else []
        return f"{self.source}: {'failed' if self.error else 'done'}, {', '.join(told)}"
