"""What a refresh did for one source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from cratewatch.catalog.changes import Change
from cratewatch.catalog.comparing import RefusedError
from cratewatch.catalog.records import Diff, Published
from cratewatch.catalog.runs import Run
from cratewatch.catalog.staged_prices import Yield
from cratewatch.indexing.agreement import IndexReport
from cratewatch.monitoring.yields import YieldError
from cratewatch.sources.dumps.reports import DumpReport
from scrapers.launch import CrawlReport

MAX_REASON = 60  # characters of a reason in the subject of a message


@dataclass(frozen=True)
class SourceReport:
    """What became of a source; docs/data-format.md describes each key.

    Attributes:
        error: What went wrong as a whole; items that failed are no error.
        crawl: None where an error came before it, like diff and covers; so of a dump's source.
        dump: What was read of its files by an import; None of other sources and of refreshes.
        reason: Why it failed or was refused, in a few words; None if it did not.
        would: What a refused run would have changed.
        yielded: What the prices that came with the listing come to; published how many are new.
        failed: Items that failed in this run, by reason.
        index: The same for all sources of a refresh; None while no model serves.
    """

    source: str
    run_id: str
    error: str | None = None
    reason: str | None = None
    crawl: CrawlReport | None = None
    dump: DumpReport | None = None
    diff: Diff | None = None
    would: Diff | None = None
    covers: CrawlReport | None = None
    yielded: Yield | None = None
    published: Published | None = None
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
            dump=DumpReport.of(known["dump"]) if "dump" in known else None,
            diff=Diff(**known["diff"]) if "diff" in known else None,
            yielded=Yield(**known["yielded"]) if "yielded" in known else None,
        )

    @property
    def refused(self) -> bool:
        """Whether something came that was not believed."""
        unpublished = self.yielded is not None and self.published is None
        return self.would is not None or (self.error is not None and unpublished)

    @property
    def changed_releases(self) -> bool:
        """Whether the catalog's releases are others than before."""
        diff = self.diff
        return diff is not None and bool(diff.new or diff.changed or diff.withdrawn)

    @property
    def listed_by(self) -> str:
        """The command that lists what the run changed, or would have."""
        return f"cratewatch changes {self.run_id}"

    def with_error(self, error: Exception) -> SourceReport:
        """Return the report with one more error."""
        said = "; ".join(filter(None, (self.error, str(error))))
        if isinstance(error, RefusedError):
            return replace(self, error=said, reason=error.reason, would=error.would)
        if isinstance(error, YieldError):
            return replace(self, error=said, reason=error.reason)
        return replace(self, error=said, reason=self.reason or in_short(error))

    def as_json(self) -> dict[str, Any]:
        """Return it JSON-ready; what did not come about is left out."""
        report = asdict(self) | {"listed_by": self.listed_by}
        for name in ("crawl", "dump", "diff", "would", "covers", "yielded", "published"):
            if report[name] is None:
                del report[name]
        return report

    def with_changes(self, changes: Sequence[Change], most: int) -> dict[str, Any]:
        """Return it JSON-ready with the first changes of the run; says whether there are more."""
        listed = [asdict(change) for change in changes[:most]]
        return self.as_json() | {"changes": listed, "more_changes": len(changes) > most}

    def rows(self) -> dict[str, object]:
        """Return what a table shows of it."""
        return {
            "error": self.error or "none",
            **(asdict(self.diff) if self.diff else {}),
            **{
                f"would be {name}": n
                for name, n in (asdict(self.would) if self.would else {}).items()
            },
            "what changed": self.listed_by,
            **({"prices new": self.published.new} if self.published else {}),
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


def in_short(error: Exception) -> str:
    """Return the beginning of what an error says, after the place that it names."""
    said = str(error).partition("; ")[0]
    place, colon, rest = said.partition(": ")
    return (rest if colon else place)[:MAX_REASON]
