"""Analyses recordings, each once: find them, analyse, record, report.

A recording is an item of the ledger under the SHA-256 of its bytes. Its handlings and its state
are written in one transaction: a process may be killed at any moment, and the next one goes on with
what is not stored.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.handlings import Work
from cratewatch.catalog.items import KnownItem
from cratewatch.catalog.records import Item, storable
from cratewatch.errors import CatalogAwayError, CratewatchError, UnavailableError
from cratewatch.folders import private_folder
from cratewatch.footage.recording import Filmed, record_run
from cratewatch.footage.run_folder import RUN, is_whole, read_run
from cratewatch.lake.lake import REPORTS
from cratewatch.lake.opening import open_lake
from cratewatch.settings import Settings
from cratewatch.sources.recordings import Told, read_name
from cratewatch.words.kept import kept_folders
from flows.footage_report import FootageNight
from flows.indexing_persons import bring_persons_up_to_date
from flows.keeping import forget_handlings, forget_old_persons
from flows.progress import progress_bar
from flows.pruning import FOOTAGE, prune_home
from flows.recordings import Recording, find_recordings, sha256_of
from flows.steps import in_a_flow, step

KIND: Literal["footage"] = "footage"
"""Of runs and of items, and the source of the items."""
MOST_ATTEMPTS = 3
"""A recording that failed so often in a row is given up."""
NO_FAULT = (UnavailableError, CatalogAwayError)
"""What no recording is to blame for: it ends the run."""


@dataclass(frozen=True)
class Clip:
    """A recording that is to be analysed.

    Attributes:
        file: Of this machine.
        told: Camera and time.
    """

    file: Path
    told: Told


Analyse = Callable[[Settings, Clip, Path], None]
"""Analyses a clip into a folder of its own, which may hold what a killed one left there."""


class FootageError(CratewatchError):
    """Recordings failed; carries the report."""

    def __init__(self, report: FootageNight) -> None:
        super().__init__(report.error or report.failures)
        self.report = report


def analyse_footage(
    settings: Settings, places: Sequence[str], camera: str, analyse: Analyse
) -> FootageNight:
    """Analyse the recordings in folders or buckets that no run has analysed.

    Args:
        places: Folders, or ``s3://BUCKET/PREFIX``.
        camera: That filmed all of them; "" for what their names tell.
        analyse: Does it for one.

    Raises:
        NotFoundError: if a folder is none.
        BusyError: if another process analyses footage.
        FootageError: at the end, if recordings failed; the others are recorded.
    """
    prune_home(settings)
    with (
        contextlib.closing(open_catalog(settings.catalog_url)) as catalog,
        catalog.one_analysis(),
    ):
        forget_handlings(settings, catalog)
        forget_old_persons(settings, catalog)
        found = find(settings, places)
        run = catalog.runs.resume(KIND)
        night = _Night(settings, catalog, run.run_id, camera, analyse)
        report = index_persons(settings, catalog, analyse_all(night, found))
        report_night(settings, catalog, report)
    if report.error or report.failed:
        raise FootageError(report)
    return report


@step(again=True)
def find(settings: Settings, places: Sequence[str]) -> list[Recording]:
    """List what there is."""
    return find_recordings(places, settings.lake)


class _Night:
    """One run over recordings."""

    def __init__(
        self, settings: Settings, catalog: Catalog, run_id: str, camera: str, analyse: Analyse
    ) -> None:
        self.run_id = run_id
        self._settings = settings
        self._catalog = catalog
        self._camera = camera
        self._analyse = analyse
        self._lake = open_lake(settings.lake)
        self._items: dict[str, KnownItem] = catalog.items.known(KIND, KIND)
        self._stamps = {i.detail: key for key, i in self._items.items() if i.state == "stored"}
        self._mine = catalog.items.done(run_id, KIND)
        self.count: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.examples: dict[str, str] = {}

    def take(self, recording: Recording) -> None:
        """Analyse a recording if it is to be."""
        if (key := self._stamps.get(recording.stamp)) is not None:
            self._count_known(key)
        elif not recording.is_settled:
            self.count["growing"] += 1
        else:
            folder = private_folder(self._settings.home / FOOTAGE)
            with recording.here(folder) as file:
                self._take_file(recording, file, folder)

    def report(self, recordings: int) -> FootageNight:
        """Return what it came to so far, before it was killed as well."""
        mine = self._catalog.items.done(self.run_id, KIND)
        handlings, named = self._catalog.handlings.tally(mine)
        return FootageNight(
            run_id=self.run_id,
            recordings=recordings,
            analysed=len(mine),
            known=self.count["known"],
            growing=self.count["growing"],
            given_up=self.count["given_up"],
            handlings=handlings,
            named=named,
            failed=dict(self.failed),
            examples=dict(self.examples),
        )

    def _count_known(self, key: str) -> None:
        """Count a recording that was analysed before; not if this run did it."""
        self.count["known"] += key not in self._mine

    def _take_file(self, recording: Recording, file: Path, folder: Path) -> None:
        key = sha256_of(file)
        known = self._items.get(key, KnownItem("planned", 0, None))
        if known.state == "stored":
            self._count_known(key)
            return
        if known.state == "failed" and known.attempts >= MOST_ATTEMPTS:
            self.count["given_up"] += 1
            return
        self._catalog.items.plan(self.run_id, KIND, KIND, [key])
        reason = "bad_name"
        try:
            told = self._told(recording)
            reason = "not_analysed"
            if not _is_analysed(folder / key):
                self._analyse(self._settings, Clip(file, told), folder / key)
            self._record(recording, key, told, folder / key)
        except NO_FAULT:
            raise
        except CratewatchError as error:
            named = str(error).startswith(recording.name)
            self._fail(key, reason, str(error) if named else f"{recording.name}: {error}")
            return
        self._items[key] = KnownItem("stored", 0, recording.stamp)

    def _told(self, recording: Recording) -> Told:
        """Return camera and time: of its name, or else the folder's name is the camera's."""
        zone = ZoneInfo(self._settings.timezone)
        told = read_name(recording.path, self._settings.footage_name, zone)
        camera = self._camera or told.camera or recording.path.parent.name
        if not camera:
            raise CratewatchError(
                "nothing tells its camera; give --camera, or put {camera} into footage_name"
            )
        return replace(told, camera=camera)

    def _record(self, recording: Recording, key: str, told: Told, folder: Path) -> None:
        item = Item(KIND, KIND, key, "stored", detail=recording.stamp)
        filmed = Filmed(told.camera, told.started_at, self._settings.crops_keep_days)
        work = Work(self.run_id, [item])
        record_run(folder, self._catalog, self._lake, filmed, work)

    def _fail(self, key: str, reason: str, detail: str) -> None:
        self.failed[reason] += 1
        self.examples.setdefault(reason, detail)
        said = storable(detail)
        self._catalog.items.record(
            self.run_id, [Item(KIND, KIND, key, "failed", reason, detail=said)]
        )


def _is_analysed(folder: Path) -> bool:
    """Return whether a folder holds a whole run; what a killed one left is deleted."""
    if (folder / RUN).is_file() and is_whole(read_run(folder)):
        return True
    shutil.rmtree(folder, ignore_errors=True)
    return False


@step()
def analyse_all(night: _Night, recordings: Sequence[Recording]) -> FootageNight:
    """Take the recordings one by one; what ends them all is in the report."""
    with progress_bar("recordings") as advance:
        for done, recording in enumerate(recordings, start=1):
            try:
                night.take(recording)
            except CratewatchError as error:
                said = f"{recording.name}: {error}"
                return replace(night.report(len(recordings)), error=said)
            failed = sum(night.failed.values())
            note = f"{failed} failed" if failed else recording.path.name
            advance(done, len(recordings), note)
    return night.report(len(recordings))


def index_persons(settings: Settings, catalog: Catalog, report: FootageNight) -> FootageNight:
    """Make the persons of the night searchable; what is wrong with that is in the report."""
    if not settings.index_persons or not kept_folders(open_lake(settings.lake)):
        return report
    try:
        indexed = bring_persons_up_to_date(settings, catalog.catalog_id)
    except CatalogAwayError:
        raise
    except CratewatchError as error:
        return replace(report, error=report.error or f"persons are not indexed: {error}")
    return replace(report, persons=indexed.pictures)


@step()
def report_night(settings: Settings, catalog: Catalog, report: FootageNight) -> None:
    """Keep the report in lake and catalog, and show it on Prefect's page."""
    text = json.dumps(report.as_json(), indent=2, sort_keys=True)
    try:
        open_lake(settings.lake).write(f"{REPORTS}/{report.run_id}.json", text.encode())
    finally:
        bad = report.error or report.failed
        catalog.runs.finish(report.run_id, "failed" if bad else "done", report.as_json())
    if in_a_flow():
        from flows.artifacts import show_table

        show_table("footage", "Footage", {"result": str(report)} | report.as_json())
