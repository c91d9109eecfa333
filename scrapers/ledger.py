"""What a crawl has done so far: failures for the catalog, counts for the report, progress."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Literal

from scrapy.exceptions import DropItem

from cratewatch.catalog import Catalog, Failure
from scrapers.launch import CrawlJob, Progress

PROGRESS_EVERY_S = 0.2

Kind = Literal["page", "release", "cover"]


class Ledger:
    """Keeps the books of one crawl.

    Attributes:
        planned: Pages, releases or covers that the crawl will handle, or None until known.
        unsaved: Releases that were accepted and are not yet in the catalog.
    """

    def __init__(
        self, job: CrawlJob, catalog: Catalog, on_progress: Callable[[Progress], None]
    ) -> None:
        self._job = job
        self._catalog = catalog
        self._on_progress = on_progress
        self._told_at = 0.0
        self.planned: int | None = None
        self.done = 0
        self.items = 0
        self.requests = 0
        self.unsaved = 0
        self._listing_complete = True
        self.failed: Counter[str] = Counter()
        self.noted: Counter[str] = Counter()

    @property
    def complete(self) -> bool:
        """Whether all that the source lists was read and kept."""
        return self._listing_complete and not self.unsaved

    def finish(self) -> None:
        """Count one more planned piece of work as handled, with whatever result."""
        self.done += 1
        self.tell()

    def note(self, kind: str) -> None:
        self.noted[kind] += 1

    def fail(self, kind: Kind, key: str, reason: str, detail: str = "") -> None:
        """Record a failed item; the next run tries it again."""
        self.failed[reason] += 1
        failure = Failure(self._job.source_name, kind, key, reason, detail)
        self._catalog.record_failure(self._job.run_id, failure)

    def dropped(self, kind: Kind, key: str, reason: str, detail: str = "") -> DropItem:
        """Record a failed item and return what a pipeline raises to end it."""
        self.fail(kind, key, reason, detail)
        return DropItem(f"{kind} {key}: {reason} {detail}")

    def fail_listing(self, url: str, reason: str, detail: str = "") -> None:
        """Record that a part of the listing is missing: nothing may be withdrawn after this."""
        self._listing_complete = False
        self.fail("page", url, reason, detail)

    def tell(self, *, now: bool = False) -> None:
        """Tell the progress, at most every PROGRESS_EVERY_S unless it has to be now."""
        clock = time.monotonic()
        if now or clock - self._told_at >= PROGRESS_EVERY_S:
            self._told_at = clock
            self._on_progress(Progress(self.done, self.planned, self.failed.total()))
