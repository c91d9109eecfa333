"""Keeps an identifier open: takes up what changed, and waits for what went away."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from cratewatch.catalog.catalog import Catalog
from cratewatch.errors import (
    BusyError,
    CatalogAwayError,
    CratewatchError,
    NotFoundError,
    UnavailableError,
)
from cratewatch.retrieval.answers import Answer
from cratewatch.service.batches import Asked, Batches, Identifies
from cratewatch.service.limits import Limits
from cratewatch.service.metrics import Metrics
from cratewatch.service.opened import Opened
from cratewatch.service.problems import away
from cratewatch.settings import Settings

log = logging.getLogger(__name__)
GONE = (UnavailableError, CatalogAwayError, NotFoundError)
LOOK_EVERY_S = 5.0
FIRST_LOOK_S = 60.0
"""How long a process that starts warm waits for the model, at most."""
AWAY_EVERY_S = 1.0
"""How often it is looked whether what went away is back."""


class Serving:
    """The identifier that serves, and what there is to know of it.

    Attributes:
        why_not: Why no picture is answered now; "" while they are.
    """

    def __init__(
        self, settings: Settings, catalog: Catalog, limits: Limits, metrics: Metrics
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._metrics = metrics
        self._opened: Opened | None = None
        self.why_not = "it is starting"
        self._looks = asyncio.Event()
        self._looked = asyncio.Event()
        self._opener = ThreadPoolExecutor(1, "open")
        self._batches = Batches(self._identifier, limits, metrics)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def model(self) -> str | None:
        """The model that serves, once one does."""
        return self._opened.identifier.embedder.name if self._opened else None

    async def ask(self, asked: Asked) -> list[Answer]:
        """Answer the pictures of a request; see Batches.ask()."""
        try:
            return await self._batches.ask(asked)
        except GONE as error:
            self._lose(str(error))
            raise

    def start(self) -> None:
        """Begin to open and to answer."""
        self._tasks = [asyncio.create_task(self._keep()), asyncio.create_task(self._batches.run())]

    async def first_look(self) -> None:
        """Wait until pictures are answered, or it is known why not; not for ever."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_LOOK_S):
                await self._looked.wait()

    async def close(self) -> None:
        """End, when what is being answered is answered."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._batches.close)
        await asyncio.to_thread(self._opener.shutdown)
        if self._opened:
            self._opened.close()

    def _identifier(self) -> Identifies:
        if self._opened is None or self.why_not:
            raise away(self.why_not)
        return self._opened.identifier

    def _lose(self, why: str) -> None:
        self.why_not = why
        self._metrics.ready(False)
        self._looks.set()

    async def _keep(self) -> None:
        """Look again and again, sooner while something is away."""
        loop = asyncio.get_running_loop()
        while True:
            self._looks.clear()
            look = loop.run_in_executor(self._opener, self._look)
            look.add_done_callback(_heed)
            await asyncio.wait([look])
            error = look.exception()
            if error is None:
                self._take_up(look.result())
            elif isinstance(error, BusyError) and self._opened and not self.why_not:
                pass  # what is being written is taken up when that has ended
            else:  # whatever it is: one look that failed must not be the last
                if str(error) != self.why_not:
                    bug = None if isinstance(error, CratewatchError) else error
                    log.warning("no picture is answered: %s", error, exc_info=bug)
                self._lose(str(error))
                self._looks.clear()
            if not isinstance(error, BusyError):  # the others of its kind copy the file, too
                self._looked.set()
            wait_s = AWAY_EVERY_S if self.why_not else LOOK_EVERY_S
            try:
                async with asyncio.timeout(wait_s):
                    await self._looks.wait()
            except TimeoutError:
                continue

    def _look(self) -> Opened | None:
        """Return what is to serve from now on; None if that is what serves already."""
        self._note_nights()
        if self._opened is not None and not self.why_not and not self._opened.is_stale():
            return None
        return Opened.open(self._settings)

    def _note_nights(self) -> None:
        self._catalog.search.catch_up()
        runs, items = self._catalog.runs, self._catalog.items
        successes = {
            kind: datetime.fromisoformat(at).timestamp()
            for kind, at in runs.last_successes().items()
        }
        self._metrics.nights(successes, items.failures())

    def _take_up(self, opened: Opened | None) -> None:
        if opened is None:
            return
        before, self._opened = self._opened, opened
        self.why_not = ""
        self._metrics.ready(True)
        self._metrics.opened()
        log.info("%s serves", self.model)
        if before is not None:  # behind what is being answered by it
            self._batches.thread.submit(before.close)


def _heed(look: asyncio.Future[Opened | None]) -> None:
    """Ask a look how it ended, also when nobody waits for it any more: asyncio would complain."""
    if not look.cancelled():
        look.exception()
