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
from cratewatch.catalog.entities import Entity
from cratewatch.catalog.records import Diff, Item, Release, storable
from cratewatch.errors import CratewatchError
from cratewatch.progress import Progress, unseen
from cratewatch.sources.dumps.blocks import CutError, read_blocks
from cratewatch.sources.dumps.discogs_reading import (
    DiscogsEntities,
    DiscogsReading,
    DiscogsReleases,
)
from cratewatch.sources.dumps.musicbrainz_json import is_json
from cratewatch.sources.dumps.musicbrainz_reading import MusicBrainzReleases
from cratewatch.sources.dumps.reports import BadRecord, DumpReport, FileRead
from cratewatch.sources.dumps.selection import Selection
from cratewatch.sources.dumps.settings import DumpSource
from cratewatch.sources.dumps.splitting import Kind, kind_of
from cratewatch.sources.fit import has_endless_image, unfit

AT_ONCE = 2000  # releases of a transaction
MOST_BLOCKS = 256  # of digests, of records that changed and are not wanted
MB = 1_000_000
ORDER: tuple[Kind, ...] = ("label", "artist", "master", "release")
"""In which files are read: labels tell which releases are wanted."""


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
    Masters, artists and labels are kept beside.

    Args:
        name: The source's.
        on_progress: Called with megabytes of files read, megabytes to read, and a note.

    Raises:
        NotFoundError: if a file is missing.
        CratewatchError: if a file is no such dump, before anything is written.
        RefusedError: if more would be withdrawn than max_withdrawn_share.
    """
    kinds = {path: _kind_of(path, name, source) for path in files}
    writing = _Writing(catalog, run_id, name, _Readers(name, source, catalog))
    total = sum(path.stat().st_size for path in files)
    before = 0
    for path in sorted(files, key=lambda path: ORDER.index(kinds[path])):
        told = partial(_tell, on_progress, before, total, path.name)
        writing.read(path, kinds[path], told)
        before += path.stat().st_size
    report = DumpReport(writing.files)
    diff = catalog.dumps.finish(
        run_id,
        name,
        writing.readers.has_release(report.files),
        read=sum(file.wanted for file in report.files if file.kind == "release"),
        max_withdrawn_share=max_withdrawn_share,
    )
    for kind in ORDER[:-1]:
        if (has := writing.readers.has_entity(kind, report.files)) is not None:
            catalog.entities.keep_only(name, kind, has)
    return diff, report


def _tell(on_progress: Progress, before: int, total: int, note: str, read: int) -> None:
    on_progress((before + read) // MB, total // MB, note)


def _kind_of(path: Path, name: str, source: DumpSource) -> Kind:
    """Return what a file is of; raise if it is no dump of the source's service."""
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
    return kind or "release"


class _Readers:
    """The reader of each kind, which all files of the kind share."""

    def __init__(self, name: str, source: DumpSource, catalog: Catalog) -> None:
        self._name = name
        self._source = source
        self._catalog = catalog
        self._readers: dict[Kind, DiscogsReading | MusicBrainzReleases] = {}

    def of(self, kind: Kind) -> DiscogsReading | MusicBrainzReleases:
        """Return the reader of a kind; that of releases when the labels are read."""
        if kind not in self._readers:
            self._readers[kind] = self._new(kind)
        return self._readers[kind]

    def _new(self, kind: Kind) -> DiscogsReading | MusicBrainzReleases:
        if kind != "release":
            return DiscogsEntities(self._catalog.dumps, self._name, kind)
        selection = Selection(self._labels(), self._source.formats)
        if self._source.service == "discogs":
            images_at = f"{self._source.url}/releases/" if self._source.asks_for_images else ""
            return DiscogsReleases(self._catalog.dumps, self._name, selection, images_at)
        return MusicBrainzReleases(self._name, selection, self._source.archive_url)

    def _labels(self) -> list[str]:
        labels = list(self._source.labels)
        if not (labels and self._source.sublabels):
            return labels
        if not self._catalog.entities.count(self._name, "label"):
            raise CratewatchError(
                f"{self._name}: which labels are below others is not known (sublabels = true); "
                "import the dump of labels as well"
            )
        return labels + self._catalog.entities.labels_below(self._name, labels)

    def has_release(self, files: Sequence[FileRead]) -> Callable[[str], bool] | None:
        """Return what says whether a release is there; None if none or not all were read."""
        reader = self._readers.get("release")
        is_cut = any(file.cut for file in files)  # if only labels: others may be wanted
        return None if is_cut or not isinstance(reader, _OF_RELEASES) else reader.has

    def has_entity(self, kind: Kind, files: Sequence[FileRead]) -> Callable[[str], bool] | None:
        """Return the same of numbers of another kind."""
        reader = self._readers.get(kind)
        is_cut = any(file.cut for file in files)
        return None if is_cut or not isinstance(reader, DiscogsEntities) else reader.has_number


_OF_RELEASES = (DiscogsReleases, MusicBrainzReleases)


@dataclass
class _Writing:
    """What was read and is not written yet.

    Attributes:
        files: What was read so far.
    """

    catalog: Catalog
    run_id: str
    source: str
    readers: _Readers
    files: list[FileRead] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)
    failed: list[Item] = field(default_factory=list)

    def read(self, path: Path, kind: Kind, on_read: Callable[[int], None]) -> None:
        """Read a file to its end, or to where it is cut off."""
        reading = self.readers.of(kind)
        file = FileRead(str(path), kind)
        self.files.append(file)
        started = time.monotonic()
        try:
            for found in reading.read(read_blocks(path, on_read), file):
                if isinstance(found, Release):
                    self._take(found, file)
                elif isinstance(found, Entity):
                    self.entities.append(found)
                elif found is not None:
                    self._fail(found)
                if self._n_waiting >= AT_ONCE or (
                    found is None and reading.n_changed_blocks > MOST_BLOCKS
                ):
                    self._write(kind)
        except CutError as error:
            file.cut = str(error)
        self._write(kind)
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

    @property
    def _n_waiting(self) -> int:
        return len(self.releases) + len(self.entities) + len(self.failed)

    def _write(self, kind: Kind) -> None:
        reading = self.readers.of(kind)
        blocks = reading.changed_blocks()
        if self._n_waiting or blocks:
            batch = Batch(
                kind, self.releases, blocks, self.failed, reading.relations(), self.entities
            )
            self.catalog.dumps.write(self.run_id, self.source, batch)
            self.releases, self.entities, self.failed = [], [], []
