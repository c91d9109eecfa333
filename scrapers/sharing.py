"""Which items of a run a crawl works on: all, or those that it leases beside other crawls."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.leases import Lessee
from cratewatch.catalog.observations import Observation
from cratewatch.catalog.records import Item, ItemKind, item_key
from cratewatch.chunks import chunks
from cratewatch.errors import CratewatchError
from scrapers.launch import CrawlJob

AT_ONCE = 500
MOST_LEASED = 100
RENEWALS = 4
"""In the time of a lease, so that it outlasts three that fail."""
LOOK_AGAIN_S = 1.0


class Share:
    """A crawl's part in the items of its run, where the catalog has leases.

    Attributes:
        lost: Keys of items that another crawl took over.
    """

    def __init__(self, job: CrawlJob, kind: ItemKind, catalog: Catalog) -> None:
        assert catalog.leases is not None
        self._leases = catalog.leases
        self._lessee = Lessee(
            uuid.uuid4().hex, job.run_id, job.source_name, kind, job.source.lease_s
        )
        in_half_a_lease = int(job.source.rate_per_s * job.source.lease_s / 2)
        self._most = max(job.source.concurrency, min(MOST_LEASED, in_half_a_lease))
        self._held: set[str] = set()
        self.lost: set[str] = set()

    async def parts(
        self, keys: Sequence[str], save: Callable[[], None]
    ) -> AsyncIterator[list[str]]:
        """Yield keys of items as they are leased, until the run has none left that are planned.

        Items that others work on are waited for: they may have to be taken over.

        Args:
            keys: Of all items that the crawl knows how to work on.
            save: Writes the states of items that are done.

        Raises:
            CratewatchError: if the run has planned others as well.
        """
        known = {item_key(key): key for key in keys}
        renewing = asyncio.create_task(self._keep_renewing())
        try:
            while True:
                taken = self._take()
                if strange := taken - known.keys():
                    self.give_back()
                    raise self._not_known(min(strange))
                if taken:
                    yield [known[key] for key in sorted(taken)]
                    continue
                save()
                if not self._held and not self._leases.left(self._lessee.run_id, self._lessee.kind):
                    return
                await asyncio.sleep(LOOK_AGAIN_S)
        finally:
            renewing.cancel()

    def _take(self) -> set[str]:
        """Lease more items once half of those before are done."""
        if len(self._held) > self._most // 2:
            return set()
        taken = set(self._leases.take(self._lessee, self._most - len(self._held)))
        self._held |= taken
        return taken

    def record(self, items: Sequence[Item], prices: Mapping[str, Sequence[Observation]]) -> None:
        """Write what was done; see Leases.record()."""
        lost = self._leases.record(self._lessee, items, prices)
        self._drop(lost)
        self._held -= {item_key(item.key) for item in items}

    def give_back(self) -> None:
        """Let others have what is not done."""
        self._leases.give_back(self._lessee, self._held)
        self._held.clear()

    async def _keep_renewing(self) -> None:
        while True:
            await asyncio.sleep(self._lessee.lease_s / RENEWALS)
            asked = set(self._held)
            try:
                kept = self._leases.renew(self._lessee, asked)
            except CratewatchError as error:  # the next write ends the crawl, if it lasts
                logging.getLogger(__name__).warning("leases are not renewed: %s", error)
            else:
                self._drop((asked - kept) & self._held)

    def _drop(self, lost: set[str]) -> None:
        self._held -= lost
        self.lost |= lost

    def _not_known(self, key: str) -> CratewatchError:
        source = self._lessee.source
        return CratewatchError(
            f"{source}: run {self._lessee.run_id} works on {key}, which is unknown here; give all "
            f"machines the same [sources.{source}]"
        )


async def all_at_once(keys: Sequence[str]) -> AsyncIterator[list[str]]:
    """Yield all keys in parts, where nobody else works on them."""
    for part in chunks(keys, AT_ONCE):
        yield list(part)
