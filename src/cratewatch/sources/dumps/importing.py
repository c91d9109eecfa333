"""Imports dumps: reads files record by record and writes what differs from the dump before.

An import that was killed is started again: what it wrote is known by its digests, so that this part
takes a fraction of the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.dumps import Batch
from cratewatch.catalog.records import Diff, Item, Release, storable
from cratewatch.errors import CratewatchError
from cratewatch.progress import Progress, unseen
from cratewatch.sources.dumps.blocks import CutError, read_blocks
from cratewatch.sources.dumps.discogs_reading import DiscogsReleases
from cratewatch.sources.dumps.musicbrainz_json import is_json
from cratewatch.sources.dumps.musicbrainz_reading import MusicBrainzReleases
from cratewatch.sources.dumps.reports import BadRecord, DumpReport, FileRead
from cratewatch.sources.dumps.selection import Selection
from cratewatch.sources.dumps.settings import DumpSource
from cratewatch.sources.dumps.splitting import kind_of
from cratewatch.sources.fit import has_endless_image, unfit

AT_ONCE = 2000  # releases of a transaction
MOST_BLOCKS = 256  # of digests, of records that changed and are not wanted
MB = 1_000_000


def import_dump(  # noqa: PLR0913  what is imported, and where to
    files: Sequence[Path],
    name: str,
    source: DumpSource,
    catalog: Catalog,
    run_id: str,
    *,
    max_withdrawn_share: float = 1.0,
    on_progress: Progress = unseen,
) -> tuple[Diff, DumpReport]:
    """Write what dumps say of the releases that a source wants.

    A release that the dump no longer has is withdrawn, if all files could be read to their ends.

    Args:
        name: The source's.
        on_progress: Called with megabytes of files read, megabytes to read, and a note.

    Raises:
        NotFoundError: if a file is missing.
        CratewatchError: if a file is no such dump, before anything is written.
        RefusedError: if more would be withdrawn than max_withdrawn_share.
    """
    for path in files:
        _check(path, name, source)
    reading = _reader(name, source, catalog)
    writing = _Writing(catalog, run_id, name, reading)
    total = sum(path.stat().st_size for path in files)
    before = 0
    for path in files:
        writing.read(path, partial(_tell, on_progress, before, total, path.name))
        before += path.stat().st_size
    report = DumpReport(writing.files)
    diff = catalog.dumps.finish(
        run_id,
        name,
        None if report.error else reading.has,
        read=sum(file.wanted for file in report.files),
        max_withdrawn_share=max_withdrawn_share,
    )
    return diff, report


def _tell(on_progress: Progress, before: int, total: int, note: str, read: int) -> None:
    on_progress((before + read) // MB, total // MB, note)


def _check(path: Path, name: str, source: DumpSource) -> None:
    """Raise if a file is no dump of releases of the source's service."""
    begin = b""
    try:
        begin = next(read_blocks(path), b"")
    except CutError as error:
        raise CratewatchError(f"{path}: {error}; get the file again") from error
    kind = kind_of(begin)
    service = "discogs" if kind else "musicbrainz" if is_json(begin) else None
    if service is None:
        said = storable(begin[:60].decode("utf-8", "replace"))
        raise CratewatchError(f"{path}: no dump of releases, it begins with {said!r}; get it again")
    if service != source.service:
        raise CratewatchError(
            f"{path}: a dump of {service}, and {name} is of {source.service}; give that one's"
        )
    if service == "discogs" and kind != "release":
        raise CratewatchError(f"{path}: a dump of {kind}s; give that of releases")


def _reader(
    name: str, source: DumpSource, catalog: Catalog
) -> DiscogsReleases | MusicBrainzReleases:
    selection = Selection(source.labels, source.formats)
    if source.service == "discogs":
        return DiscogsReleases(catalog.dumps, name, selection)
    return MusicBrainzReleases(name, selection, source.archive_url)


@dataclass
class _Writing:
    """What was read and is not written yet.

    Attributes:
        files: What was read so far.
    """

    catalog: Catalog
    run_id: str
    source: str
    reading: DiscogsReleases | MusicBrainzReleases
    files: list[FileRead] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    failed: list[Item] = field(default_factory=list)

    def read(self, path: Path, on_read: Callable[[int], None]) -> None:
        """Read a file to its end, or to where it is cut off."""
        file = FileRead(str(path), "release")
        self.files.append(file)
        started = time.monotonic()
        try:
            for found in self.reading.read(read_blocks(path, on_read), file):
                if isinstance(found, Release):
                    self._take(found, file)
                elif found is not None:
                    self._fail(found)
                is_much = len(self.releases) + len(self.failed) >= AT_ONCE
                if is_much or (found is None and self.reading.n_changed_blocks > MOST_BLOCKS):
                    self._write()
        except CutError as error:
            file.cut = str(error)
        self._write()
        file.seconds = round(time.monotonic() - started, 3)

    def _take(self, release: Release, file: FileRead) -> None:
        reason = unfit(release)
        if reason:
            file.fail(reason)
            self._fail(BadRecord(release.page_key, reason))
            return
        if has_endless_image(release):
            release = replace(release, image_url=None)
        self.releases.append(release)

    def _fail(self, bad: BadRecord) -> None:
        detail = storable(bad.detail)
        self.failed.append(Item(self.source, "page", bad.key, "failed", bad.reason, detail))

    def _write(self) -> None:
        blocks = self.reading.changed_blocks()
        if self.releases or self.failed or blocks:
            relations = self.reading.relations()
            batch = Batch("release", self.releases, blocks, self.failed, relations)
            self.catalog.dumps.write(self.run_id, self.source, batch)
            self.releases, self.failed = [], []
