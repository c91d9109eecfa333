"""What a crawl has done so far: states for the catalog's ledger, counts for the report."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection

from scrapy.exceptions import DropItem

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Item, ItemKind, Release, item_key, storable
from scrapers.launch import CrawlJob, CrawlProgress

PROGRESS_EVERY_S = 0.2
# What a killed crawl has read and not written yet, and will read again.
UNSAVED_ITEMS = 100
UNSAVED_S = 1.0
DUPLICATE = "duplicate_id"


class Ledger:
    """Keeps the books of one crawl.

    Releases and the states of their pages are written together and in batches: a commit for
    each would cost more than the crawl.

    Attributes:
        planned: Pages, releases or covers that the crawl will handle, or None until known.
        expected: How many the source says that there are, where it says so beforehand.
        items: Releases staged, or images whose cover is stored.
    """

    def __init__(
        self, job: CrawlJob, catalog: Catalog, on_progress: Callable[[CrawlProgress], None]
    ) -> None:
        self._job = job
        self._catalog = catalog
        self._on_progress = on_progress
        self._told_at = 0.0
        self.planned: int | None = None
        self.expected = 0
        self.done = 0
        self.requests = 0
        self._listing_complete = True
        self.failed: Counter[str] = Counter()
        self.noted: Counter[str] = Counter()
        self._releases: list[Release] = []
        self._items: list[Item] = []
        self._saved_at = time.monotonic()
        kind: ItemKind = "cover" if job.job == "covers" else "page"
        self._already_done = catalog.items.done(job.run_id, kind)
        self._only: set[str] | None = None
        self._pages: dict[str, str | None] = {}
        if job.job == "covers":
            self.items = len(self._already_done)
        else:
            self._pages = catalog.staged(job.run_id)
            self.items = len(self._pages)
        if job.job == "failed_pages":
            self._only = catalog.items.failed(job.source_name, "page", but=(DUPLICATE,))
            self._only |= catalog.items.planned(job.run_id, "page")  # before it was killed

    @property
    def complete(self) -> bool:
        """Whether all that the source lists was read and kept."""
        return self._listing_complete and not self._releases

    def plan(self, kind: ItemKind, keys: Collection[str]) -> list[str]:
        """Plan items that the source lists and return the keys of those that are to be done.

        What this run did before it was killed is not done again.
        """
        if self._only is not None:
            keys = [key for key in keys if item_key(key) in self._only]
        self._catalog.items.plan(self._job.run_id, self._job.source_name, kind, keys)
        todo = [key for key in keys if item_key(key) not in self._already_done]
        self.planned = (self.planned or 0) + len(keys)
        self.done += len(keys) - len(todo)
        return todo

    def stage(self, release: Release) -> None:
        """Keep a release for the diff; a second page with its id is a failure."""
        first_page = self._pages.setdefault(release.release_id, release.page_url)
        if first_page != release.page_url:
            detail = f"{release.release_id} is {first_page} already"
            self.fail("page", release.page_key, DUPLICATE, detail)
            return
        self._releases.append(release)
        self.items += 1
        self.advance("page", release.page_key)

    def advance(self, kind: ItemKind, key: str) -> None:
        """Record an item that was fetched."""
        self._add(Item(self._job.source_name, kind, key, "fetched"))

    def finish(self) -> None:
        """Count one more planned piece of work as handled, with whatever result."""
        self.done += 1
        self.tell()

    def note(self, kind: str) -> None:
        """Count something that is worth telling and no failure."""
        self.noted[kind] += 1

    def fail(self, kind: ItemKind, key: str, reason: str, detail: str = "") -> None:
        """Record a failed item; the next run tries it again."""
        self.failed[reason] += 1
        self._add(Item(self._job.source_name, kind, key, "failed", reason, storable(detail)))

    def dropped(self, kind: ItemKind, key: str, reason: str, detail: str = "") -> DropItem:
        """Record a failed item and return what a pipeline raises to end it."""
        self.fail(kind, key, reason, detail)
        return DropItem(f"{kind} {key}: {reason} {detail}")

    def fail_listing(self, url: str, reason: str, detail: str = "") -> None:
        """Record that a part of the listing is missing: nothing may be withdrawn after this."""
        self._listing_complete = False
        self.fail("listing", url, reason, detail)

    def save(self) -> None:
        """Write what is not written yet."""
        self._catalog.stage(self._job.run_id, self._releases, self._items)
        self._releases.clear()
        self._items.clear()
        self._saved_at = time.monotonic()

    def _add(self, item: Item) -> None:
        self._items.append(item)
        full = len(self._items) >= UNSAVED_ITEMS
        if full or time.monotonic() - self._saved_at >= UNSAVED_S:
            self.save()

    def tell(self, *, now: bool = False) -> None:
        """Tell the progress, at most every PROGRESS_EVERY_S unless it has to be now."""
        clock = time.monotonic()
        if now or clock - self._told_at >= PROGRESS_EVERY_S:
            self._told_at = clock
            planned = None if self.planned is None else max(self.planned, self.expected)
            self._on_progress(CrawlProgress(self.done, planned, self.failed.total()))
