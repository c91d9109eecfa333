"""Records what a stream shows while it goes on: a camera that never ends has no end to wait for."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from cratewatch.catalog.catalog import open_catalog
from cratewatch.errors import CatalogAwayError, UnavailableError
from cratewatch.footage.events import Event
from cratewatch.footage.recording import Filmed, record_so_far
from cratewatch.footage.run import Seen
from cratewatch.footage.run_folder import HANDLED
from cratewatch.lake.opening import open_lake
from cratewatch.settings import Settings

EVERY_S = 10.0
"""Between two looks whether there is anything new."""


class LiveRecording:
    """Records the handlings that a run's folder tells; an output after the one that writes them."""

    def __init__(self, settings: Settings, folder: Path, camera: str) -> None:
        """Take the home, the folder of the run, and the camera's name."""
        self._settings = settings
        self._file = folder / HANDLED
        self._filmed = Filmed(camera, None, settings.crops_keep_days)
        self._looked = time.monotonic()
        self._recorded_bytes = 0

    def write(self, seen: Seen) -> None:
        """Record what is new, if it is time to look for it."""
        del seen
        if time.monotonic() - self._looked >= EVERY_S:
            self._looked = time.monotonic()
            self._record_new()

    def write_end(self, events: Sequence[Event]) -> None:
        """Do nothing: once it is over, the whole run is recorded."""

    def close(self) -> None:
        """Do nothing, likewise."""

    def _record_new(self) -> None:
        size = self._file.stat().st_size
        if size == self._recorded_bytes:
            return
        # A catalog or lake that is away is there again later, and the camera goes on meanwhile.
        with contextlib.suppress(CatalogAwayError, UnavailableError):
            lake = open_lake(self._settings.lake)
            with contextlib.closing(open_catalog(self._settings.catalog_url)) as catalog:
                record_so_far(self._file.parent, catalog, lake, self._filmed)
            self._recorded_bytes = size
