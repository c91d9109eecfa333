"""What a refresh of prices did for one source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from cratewatch.catalog.records import Published
from cratewatch.catalog.runs import Run
from cratewatch.catalog.staged_prices import Yield
from cratewatch.monitoring.yields import YieldError
from flows.source_report import in_short
from scrapers.launch import CrawlReport


@dataclass(frozen=True)
class PriceReport:
    """What became of a source's prices; docs/data-format.md describes each key.

    Attributes:
        error: What went wrong as a whole; items that failed are no error.
        reason: Why it failed or was refused, in a few words; None if it did not.
        refused: Whether prices came that were not believed.
        crawl: None where an error came before it, like yielded and published.
        failed: Items that failed in this run, by reason.
        joined: Whether another process leads the run, and publishes; crawl is what was helped.
    """

    source: str
    run_id: str
    error: str | None = None
    reason: str | None = None
    refused: bool = False
    crawl: CrawlReport | None = None
    yielded: Yield | None = None
    published: Published | None = None
    failed: Mapping[str, int] = field(default_factory=dict)
    joined: bool = False

    @classmethod
    def of(cls, source: str, run: Run) -> PriceReport:
        """Return what a run has to report at its start: what it did before it was killed."""
        known = run.report
        return cls(
            source,
            run.run_id,
            crawl=CrawlReport(**known["crawl"]) if "crawl" in known else None,
            yielded=Yield(**known["yielded"]) if "yielded" in known else None,
            published=Published(**known["published"]) if "published" in known else None,
        )

    @property
    def listed_by(self) -> str:
        """The command that lists what failed in the run."""
        return f"cratewatch changes {self.run_id}"

    def with_error(self, error: Exception) -> PriceReport:
        """Return the report with one more error."""
        said = "; ".join(filter(None, (self.error, str(error))))
        if isinstance(error, YieldError):
            return replace(self, error=said, reason=error.reason, refused=True)
        return replace(self, error=said, reason=self.reason or in_short(error))

    def as_json(self) -> dict[str, Any]:
        """Return it JSON-ready; what did not come about is left out."""
        report = asdict(self)
        for name in ("crawl", "yielded", "published"):
            if report[name] is None:
                del report[name]
        return report

    def rows(self) -> dict[str, object]:
        """Return what a table shows of it."""
        return {
            "error": self.error or "none",
            **(asdict(self.published) if self.published else {"published": "nothing"}),
            "prices": self.yielded.prices if self.yielded else 0,
            **{
                f"{name} filled": f"{share:.0%}"
                for name, share in (self.yielded.filled if self.yielded else {}).items()
            },
            **{f"failed: {reason}": n for reason, n in self.failed.items()},
        }

    def __str__(self) -> str:
        """Say it in one line for a log."""
        if self.joined:
            done = self.crawl.items if self.crawl else 0
            return f"{self.source}: {'failed' if self.error else 'helped'}, {done} prices"
        new = self.published.new if self.published else 0
        told = [f"{self.yielded.prices if self.yielded else 0} prices, {new} new"]
        told += [f"{sum(self.failed.values())} items failed"] if self.failed else []
        return f"{self.source}: {'failed' if self.error else 'done'}, {', '.join(told)}"
