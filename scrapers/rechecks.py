"""Stored images that are asked for again: what came, and whether another picture is believed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover, Fetched, StoredImage
from scrapers.items import CoverItem
from scrapers.launch import CrawlJob
from scrapers.ledger import ONE_PAGE_FOR, Ledger

SHARED, TOO_MANY = "shared_picture", "too_many_replaced"
Refusal = tuple[str, str]
"""Reason and detail."""


@dataclass(frozen=True)
class _Replacement:
    """Another picture under the address of a stored one."""

    image_url: str
    cover: Cover
    fetched: Fetched | None


class Rechecks:
    """The checks of one crawl.

    Nothing is replaced before all have come: a shop that answers with one picture for all, or with
    another for each, is not believed.
    """

    def __init__(self, job: CrawlJob, catalog: Catalog, ledger: Ledger) -> None:
        self._job = job
        self._catalog = catalog
        self._ledger = ledger
        self._checked: dict[str, Fetched | None] = {}
        self._replacements: list[_Replacement] = []

    def due(self) -> list[StoredImage]:
        """Return the images that are to be asked for again."""
        return self._catalog.images.due(self._job.source_name, self._job.recheck_share)

    def finish(self, item: CoverItem) -> None:
        """Note an item that has left the pipelines: as known, with another picture, or failed."""
        if item.known is not None:
            self._checked[item.image_url] = item.fetched if item.is_known else None
            if item.is_known or item.stored:
                self._ledger.note("checked")

    def replace(self, item: CoverItem, cover: Cover) -> None:
        """Propose another picture, whose bytes are in the lake."""
        self._replacements.append(_Replacement(item.image_url, cover, item.fetched))

    def settle(self) -> None:
        """Link the pictures that are believed, and record what was asked for."""
        by_picture: defaultdict[str, list[_Replacement]] = defaultdict(list)
        for found in self._replacements:
            by_picture[found.cover.cover_id].append(found)
        too_many = self._too_many()
        for cover_id, same in by_picture.items():
            refusal = too_many or self._shared(cover_id, [found.image_url for found in same])
            for found in same:
                if refusal:
                    self._ledger.fail("check", found.image_url, *refusal)
                else:
                    self._link(found)
        self._catalog.images.note_checked(self._job.source_name, self._checked)

    def _too_many(self) -> Refusal | None:
        replaced, asked = len(self._replacements), self._ledger.noted["checked"]
        most = self._job.max_changed_share
        if replaced < ONE_PAGE_FOR or replaced <= most * asked:
            return None
        return TOO_MANY, (
            f"{replaced} of {asked} images that were asked for again show another picture, more "
            f"than max_changed_share = {most}; nothing was replaced"
        )

    def _shared(self, cover_id: str, image_urls: list[str]) -> Refusal | None:
        albums = self._catalog.images.albums(self._job.source_name, cover_id, image_urls)
        if len(albums) < 2:
            return None
        return SHARED, f"the picture of {', '.join(sorted(albums)[:2])}"

    def _link(self, found: _Replacement) -> None:
        self._catalog.covers.add(self._job.run_id, found.cover, found.image_url, found.fetched)
        self._checked.pop(found.image_url, None)  # as that has noted it
        self._ledger.items += 1
        self._ledger.note("replaced")
