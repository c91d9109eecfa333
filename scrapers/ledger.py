"""What a crawl has done so far: states for the catalog's ledger, counts for the report."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain

from scrapy.exceptions import DropItem

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.missing import GONE, PRODUCT_GONE
from cratewatch.catalog.observations import Observation
from cratewatch.catalog.records import Item, ItemKind, Release, item_key, storable
from cratewatch.sources.storefront.addresses import address_key
from cratewatch.sources.storefront.identity import PageFacts
from scrapers.claims import Claims, Verdict
from scrapers.launch import CrawlJob, CrawlProgress, Job
from scrapers.sharing import Share, all_at_once

PROGRESS_EVERY_S = 0.2
# What a killed crawl has read and not written yet, and will read again.
UNSAVED_ITEMS = 100
UNSAVED_S = 1.0
TOO_MANY_PAGES = "too_many_pages"
DUPLICATE = "duplicate_id"
# One page in the stead of so many products is an error page, whatever it is called.
ONE_PAGE_FOR = 3
ITEM_KINDS: Mapping[Job, ItemKind] = {"covers": "cover", "prices": "price"}
"""What a job's items are, where they are no pages."""


class Ledger:
    """Keeps the books of one crawl.

    Releases and the states of their pages are written together and in batches: a commit for
    each would cost more than the crawl.

    Attributes:
        planned: Pages, releases or covers that the crawl will handle, or None until known.
        expected: How many the source says that there are, where it says so beforehand.
        items: Releases or prices staged, or images whose cover is stored.
        known: The page of each release that the catalog lists from the source, by release_id.
    """

    def __init__(
        self, job: CrawlJob, catalog: Catalog, on_progress: Callable[[CrawlProgress], None]
    ) -> None:
        self._job = job
        self._catalog = catalog
        self._on_progress = on_progress
        self._terms = job.source.terms
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
        self._prices: defaultdict[str, list[Observation]] = defaultdict(list)
        self._saved_at = time.monotonic()
        kind = ITEM_KINDS.get(job.job, "page")
        self._kind = kind
        is_shared = job.job == "prices" and catalog.leases is not None
        self._share = Share(job, kind, catalog) if is_shared else None
        self._already_done = catalog.items.done(job.run_id, kind)
        self._only: set[str] | None = None
        self._failed_pages: dict[str, str] = {}
        self._listed: set[str] = set()
        self._facts: dict[str, PageFacts] = {}
        self._lost: defaultdict[str, list[str]] = defaultdict(list)
        staged: dict[str, str | None] = {}
        self.known: dict[str, str] = {}
        if job.job == "covers":
            self.items = len(self._already_done)
        elif job.job == "prices":
            self.items = 0 if self._share else catalog.staged_prices.count(job.run_id)
        else:
            staged = catalog.staged(job.run_id)
            self.known = catalog.releases.known_pages(job.source_name)
            self.items = len(staged)
        self._staged = set(staged)
        self._claims = Claims(self.known, staged)
        if job.job == "failed_pages":
            self._only = catalog.items.failed(job.source_name, "page", but=(DUPLICATE,))
            self._only |= catalog.items.planned(job.run_id, "page")  # before it was killed

    @property
    def complete(self) -> bool:
        """Whether all that the source lists was read and kept; see settle()."""
        return self._listing_complete and not self._releases

    def plan(self, kind: ItemKind, keys: Collection[str]) -> list[str]:
        """Plan items that the source lists and return the keys of those that are to be done.

        What this run did before it was killed is not done again.
        """
        if kind == "page":
            self._listed.update(map(address_key, keys))
        if self._only is not None:
            keys = [key for key in keys if item_key(key) in self._only]
        keys = self._bounded(keys)
        if not self._job.joins:
            if self._catalog.leases and self._share:
                self._catalog.leases.reopen(self._job.run_id, kind, keys)
            self._catalog.items.plan(self._job.run_id, self._job.source_name, kind, keys)
        todo = [key for key in keys if item_key(key) not in self._already_done]
        self.planned = (self.planned or 0) + len(keys)
        self.done += len(keys) - len(todo)
        return todo

    def parts(self, keys: Sequence[str]) -> AsyncIterator[list[str]]:
        """Yield what is planned in parts, each when this crawl may work on it."""
        return self._share.parts(keys, self.save) if self._share else all_at_once(keys)

    def _bounded(self, keys: Collection[str]) -> Collection[str]:
        """Cut what would be more than a crawl may read; the listing then counts as incomplete."""
        most = self._job.source.max_pages
        room = max(0, most - (self.planned or 0))
        if len(keys) <= room:
            return keys
        detail = f"more than {most:,} are listed; raise max_pages to allow it"
        self.fail_listing(self._job.source.addresses[0], TOO_MANY_PAGES, detail)
        return list(keys)[:room]

    def introduce(self, facts: PageFacts) -> None:
        """Say what is known of a page besides its release, which is staged next."""
        self._facts[item_key(facts.page_url)] = facts

    def stage(self, release: Release) -> None:
        """Keep a release for the diff; of several pages with its id one is kept, see Claims."""
        release = self._terms.kept(release)
        page_url = release.page_url or release.release_id
        bare = PageFacts(page_url, page_url, image_url=release.image_url)
        facts = self._facts.pop(release.page_key, bare)
        self._carry_out(self._claims.claim(release, facts))

    def observe(self, key: str, prices: Sequence[Observation]) -> None:
        """Keep prices until the run publishes them; say next how far the item is they came of."""
        self._prices[key] += map(self._terms.kept_price, prices)
        if self._job.job == "prices":
            self.items += len(prices)

    def lose(self, page_url: str, looks: str) -> None:
        """Say that a page is there without the product that the catalog lists from it.

        Args:
            looks: What it has in common with other pages that are really one, see settle().
        """
        self._lost[looks].append(page_url)

    def settle(self, *, ended: bool) -> None:
        """Decide on what could not be decided before all pages were seen.

        Args:
            ended: Whether the crawl ended by itself, and so has seen all that there is.
        """
        for looks, pages in self._lost.items():
            reason = "error_page" if len(pages) >= ONE_PAGE_FOR else PRODUCT_GONE
            for page in pages:
                self.fail("page", page, reason, looks)
        self._lost.clear()
        saw_all = ended and self._listing_complete and self._only is None

        def may_replace(page_url: str) -> bool:
            failure = self._failed_pages.get(item_key(page_url), GONE[0])
            return saw_all and failure in GONE

        self._carry_out(self._claims.settle(self._listed, may_replace))

    def _carry_out(self, verdicts: Iterable[Verdict]) -> None:
        for verdict in verdicts:
            if verdict.release is not None:
                self._releases.append(verdict.release)
                self._staged.add(verdict.release.release_id)
                self.items = len(self._staged)
                self.advance("page", verdict.page_key)
            elif verdict.fate == "same_product":
                self.note("same_product")
                self.advance("page", verdict.page_key)
            elif verdict.fate != "waits":
                self.fail("page", verdict.page_key, verdict.fate, verdict.detail)

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
        if kind == "page":
            self._failed_pages[item_key(key)] = reason
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
        if self._share:
            self._share.record(self._items, self._prices)
        else:
            prices = chain.from_iterable(self._prices.values())
            self._catalog.stage(self._job.run_id, self._releases, self._items, prices)
        self._releases.clear()
        self._prices.clear()
        self._items.clear()
        self._saved_at = time.monotonic()

    def leave(self) -> None:
        """Let others go on with what is left, and count what was done together."""
        if self._share is None:
            return
        self._share.give_back()
        if self._share.lost:
            self.noted["taken_over"] = len(self._share.lost)
        if not self._job.joins:
            self.done = sum(self._catalog.items.tally(self._job.run_id, self._kind))
            self.items = self._catalog.staged_prices.count(self._job.run_id)

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
