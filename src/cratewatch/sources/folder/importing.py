"""Imports a folder of cover images, with a CSV of what they show if there is one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cratewatch.catalog.artworks import ArtworkIndex
from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.looks import Looks
from cratewatch.catalog.records import Cover, Diff, Item, Release, item_key, storable
from cratewatch.chunks import chunks
from cratewatch.clocks import is_future
from cratewatch.errors import CratewatchError, ImageError, NotFoundError
from cratewatch.images.covers import prepare_cover
from cratewatch.images.reading import SUFFIXES, read_file
from cratewatch.lake.lake import COVERS, Lake, cover_key
from cratewatch.progress import Progress, unseen
from cratewatch.sources.folder.csv_file import read_csv
from cratewatch.sources.folder.entry import Entry, cleared
from cratewatch.sources.folder.names import album_of, is_the_users, same_spelling, tidy
from cratewatch.sources.source import IMPORT_SOURCE

STAGE_BATCH = 1000


@dataclass(frozen=True)
class ImportReport:
    """What an import did.

    Attributes:
        placeholders: Covers that were found to stand in for many releases' own; never answers.
        failed: How many images were refused, by reason.
        examples: Of each reason the first image, and what to do about it.
    """

    releases: Diff
    covers_new: int
    covers_known: int
    placeholders: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)

    def refusals(self) -> str:
        """Return what was refused, in one line."""
        counts = ", ".join(f"{reason} {count}" for reason, count in self.failed.items())
        return (
            f"import: {sum(self.failed.values())} images were refused ({counts}), the others are "
            f"in; for example {next(iter(self.examples.values()))}; then import again "
            "(`cratewatch status --failures` lists more)"
        )


def import_folder(  # noqa: PLR0913  what is imported, and where to
    folder: Path,
    catalog: Catalog,
    lake: Lake,
    *,
    csv_file: Path | None = None,
    clear: Collection[str] = (),
    on_progress: Progress = unseen,
) -> ImportReport:
    """Store every image below folder as a cover of one release.

    Without a CSV the names of files and folders tell what they show; see album_of. What was
    imported before keeps all that is not given anew. Images that were imported before and have
    not been written since are not read again.

    Args:
        clear: Columns of the CSV that are emptied where it holds nothing.
        on_progress: Called with images done, images to do (None until known), and a note.

    Raises:
        NotFoundError: if the folder or the CSV is missing or holds nothing to import.
        CratewatchError: if the CSV is not right, or if catalog or lake fail.
    """
    folder = tidy(folder)
    if not folder.is_dir():
        raise NotFoundError(f"import: {folder} is not a folder; give the folder of the images")
    run = _Import(catalog, lake, on_progress, cleared(clear))
    try:
        report = run.run(read_csv(csv_file, folder) if csv_file else run.found_in(folder))
    except CratewatchError as error:
        with contextlib.suppress(CratewatchError):  # the catalog may be what failed
            catalog.runs.finish(run.run_id, "failed", {"error": str(error)})
        raise
    counts = {"releases": run.releases, "covers_new": report.covers_new}
    catalog.runs.finish(run.run_id, "done", counts | {"diff": asdict(report.releases)})
    return report


class _Import:
    """One run of an import.

    Attributes:
        releases: How many there were.
    """

    def __init__(
        self, catalog: Catalog, lake: Lake, on_progress: Progress, clear: frozenset[str]
    ) -> None:
        self._catalog = catalog
        self._lake = lake
        self._on_progress = on_progress
        self._clear = clear
        self._examples: dict[str, str] = {}
        self.run_id = catalog.runs.start(IMPORT_SOURCE)
        self.releases = 0

    def found_in(self, folder: Path) -> Iterator[Entry]:
        """Yield an entry for each image file below folder, in the order of their paths."""
        files = sorted(self._files(folder))
        if not files and not self._examples:
            raise NotFoundError(f"import: no image ({', '.join(SUFFIXES)}) below {folder}")
        seen: set[str] = set()
        for file in files:
            name = same_spelling(file)
            if name in seen:
                continue
            if not name.isascii():  # of others there is one spelling only
                seen.add(name)
            artist, title = album_of(Path(file), folder)
            release = Release(
                source=IMPORT_SOURCE,
                native_id=item_key(name),
                artist=artist,
                title=title,
                image_url=file,
            )
            yield Entry(release, guessed=frozenset({"artist", "title"}))

    def run(self, entries: Iterator[Entry]) -> ImportReport:
        paths = self._stage(entries)
        diff = self._catalog.apply_crawl(self.run_id, IMPORT_SOURCE, complete=False)
        stored = self._catalog.covers.stored_images(IMPORT_SOURCE)
        todo = [path for path in paths if _written_since(path, stored.get(path))]
        known = len(paths) - len(todo)
        for batch in chunks(todo, STAGE_BATCH):
            self._catalog.items.plan(self.run_id, IMPORT_SOURCE, "cover", batch)
        self._lake.tidy(COVERS)
        new = self._store_covers(todo)
        placeholders = self._catalog.covers.mark_placeholders()
        failed = self._catalog.items.failures_of_run(self.run_id)
        return ImportReport(diff, new, known, placeholders, failed, self._examples)

    def _stage(self, entries: Iterator[Entry]) -> list[str]:
        """Stage the releases, batch by batch, and return the paths of their images, each once."""
        paths: dict[str, None] = {}
        for entries_of_batch in chunks(entries, STAGE_BATCH):
            stored = self._catalog.releases.by_id(
                [entry.release.release_id for entry in entries_of_batch]
            )
            batch = [
                entry.over(stored.get(entry.release.release_id), self._clear)
                for entry in entries_of_batch
            ]
            self._catalog.stage(self.run_id, batch)
            self.releases += len(batch)
            paths |= dict.fromkeys(release.image_url or "" for release in batch)
            self._on_progress(self.releases, None, "releases read")
        return list(paths)

    def _store_covers(self, paths: list[str]) -> int:
        artworks = ArtworkIndex(*self._catalog.covers.phashes(), Looks(self._lake))
        new = 0
        for done, path in enumerate(paths, start=1):
            try:
                new += self._store_cover(path, artworks)
            except ImageError as error:
                self._refuse(path, error.reason, str(error))
            self._on_progress(done, len(paths), "")
        return new

    def _store_cover(self, path: str, artworks: ArtworkIndex) -> bool:
        stored = prepare_cover(read_file(Path(path)))
        self._lake.write(cover_key(stored.cover_id), stored.data)
        cover = Cover(
            cover_id=stored.cover_id,
            artwork_id=artworks.assign(stored.cover_id, stored.phash),
            source=IMPORT_SOURCE,
            source_url=path,
            width_px=stored.width_px,
            height_px=stored.height_px,
            phash=stored.phash,
            fetched_at=datetime.now(UTC),
        )
        return self._catalog.covers.add(self.run_id, cover, path)

    def _refuse(self, path: str, reason: str, detail: str) -> None:
        item = Item(IMPORT_SOURCE, "cover", path, "failed", reason, storable(detail))
        self._catalog.items.record(self.run_id, [item])
        self._examples.setdefault(reason, f"{storable(path)}: {detail}")

    def _files(self, folder: Path) -> Iterator[str]:
        """Yield the paths of the image files below folder; what cannot be read is refused."""
        for parent, folders, names in os.walk(folder, onerror=self._refuse_folder):
            folders[:] = filter(is_the_users, folders)
            for name in filter(is_the_users, names):
                path = os.path.join(parent, name)  # noqa: PTH118  a Path for each takes 5 times the memory
                if not name.lower().endswith(SUFFIXES) or not Path(path).is_file():
                    continue
                if storable(path) == path:
                    yield path
                else:
                    self._refuse(path, "bad_name", "its name is not UTF-8; rename it")

    def _refuse_folder(self, error: OSError) -> None:
        detail = f"cannot be read ({error.strerror}); give this user the right to"
        self._refuse(str(error.filename), "unreadable", detail)


def _written_since(path: str, fetched_at: datetime | None) -> bool:
    if fetched_at is None or is_future(fetched_at):
        return True
    file = Path(path)
    return file.is_file() and file.stat().st_mtime > fetched_at.timestamp()
