"""Which records of a Discogs dump differ from those of the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cratewatch.catalog.digests import BLOCK
from cratewatch.catalog.dumps import Dumps
from cratewatch.catalog.entities import Entity
from cratewatch.catalog.records import Release
from cratewatch.sources.dumps.digest_blocks import DigestBlocks
from cratewatch.sources.dumps.discogs_xml import SITE, BadRecordError, parse, release_of
from cratewatch.sources.dumps.entities_xml import entity_of
from cratewatch.sources.dumps.numbers import Numbers
from cratewatch.sources.dumps.reports import BadRecord, FileRead
from cratewatch.sources.dumps.selection import Selection
from cratewatch.sources.dumps.splitting import Kind, Record, split

BREATHE = 4096  # records after which what was found may be written


class DiscogsReading:
    """Reads the records of one kind of a dump, in one file or several.

    Attributes:
        kind: release, master, artist or label.
    """

    def __init__(self, dumps: Dumps, source: str, kind: Kind, mark: bytes) -> None:
        """Args: mark: What tells what is wanted from what was wanted before."""
        self.kind = kind
        self._digests = DigestBlocks(dumps, source, kind, mark)
        self._met = Numbers()
        self._wanted = Numbers()

    def has_number(self, number: str) -> bool:
        """Whether a record was met and is wanted, or may be: it could not be read."""
        return number.isdecimal() and int(number) in self._wanted

    def may_want(self, data: bytes) -> bool:
        """Whether it is worth parsing a record."""
        raise NotImplementedError

    def of_element(self, root: Any) -> Release | Entity | None:
        """Return what a record is of, None if it is not wanted.

        Raises:
            BadRecordError: if it lacks its name.
        """
        raise NotImplementedError

    @property
    def n_changed_blocks(self) -> int:
        """How many blocks of digests wait to be written."""
        return self._digests.n_changed

    def changed_blocks(self) -> Mapping[int, Sequence[int]]:
        """Return the blocks of digests that changed since the last call, to be written now."""
        return self._digests.take_changed()

    def relations(self) -> Mapping[str, Sequence[str]]:
        """Return none: Discogs does not say where else a release is listed."""
        return {}

    def read(
        self, blocks: Iterable[bytes], done: FileRead
    ) -> Iterator[Release | Entity | BadRecord | None]:
        """Yield what is to be written; None now and then, so that the caller may write.

        Raises:
            CutError: once all that is whole was yielded.
        """
        digest_of, block_of = self._digests.digest, self._digests.of
        met, wanted = self._met.add, self._wanted.add
        for record in split(self.kind, blocks):
            done.records += 1
            if done.records % BREATHE == 0:
                yield None
            number = record.native_id
            if number is None or not record.is_whole:
                yield self._failure(record, done, "no_end" if number else "no_id")
                continue
            if not met(number):
                continue  # twice in one dump: the first counts
            digest = digest_of(record.data)
            known = block_of(number // BLOCK)[number % BLOCK]
            if known == digest:
                done.wanted += 1
                wanted(number)
            elif known != digest - 1:
                done.parsed += 1
                yield from self._changed(record, number, digest, done)

    def _changed(
        self, record: Record, number: int, digest: int, done: FileRead
    ) -> Iterator[Release | Entity | BadRecord]:
        found = None
        if self.may_want(record.data):
            try:
                root, was_mended = parse(self.kind, record.data)
                done.mended += was_mended
                found = self.of_element(root)
            except BadRecordError as error:
                yield self._failure(record, done, "bad_record", str(error))
                return
        if found is not None:
            done.wanted += 1
            self._wanted.add(number)
        self._digests.set(number // BLOCK, number % BLOCK, digest - (found is None))
        if found is not None:
            yield found

    def _failure(self, record: Record, done: FileRead, reason: str, detail: str = "") -> BadRecord:
        done.fail(reason)
        if record.native_id is None:
            return BadRecord(f"{done.path}#{done.records}", reason, detail)
        self._wanted.add(record.native_id)  # it is there, whatever it says
        return BadRecord(f"{SITE}/{self.kind}/{record.native_id}", reason, detail)


class DiscogsReleases(DiscogsReading):
    """Reads the releases that a source wants."""

    def __init__(
        self, dumps: Dumps, source: str, selection: Selection, images_at: str = ""
    ) -> None:
        """Args: images_at: See release_of()."""
        super().__init__(dumps, source, "release", selection.mark + images_at.encode())
        self._images_at = images_at
        self._source = source
        self._selection = selection

    def has(self, release_id: str) -> bool:
        """Whether a release was met and is wanted, or may be."""
        return self.has_number(release_id.removeprefix(f"{self._source}:"))

    def may_want(self, data: bytes) -> bool:
        """Whether it is worth parsing a record."""
        return self._selection.may_want(data)

    def of_element(self, root: Any) -> Release | None:
        """Return the release, None if it is not wanted."""
        return release_of(root, self._source, self._selection, self._images_at)


class DiscogsEntities(DiscogsReading):
    """Reads all masters, artists or labels."""

    def __init__(self, dumps: Dumps, source: str, kind: Kind) -> None:
        super().__init__(dumps, source, kind, b"all")

    def may_want(self, data: bytes) -> bool:
        """Return True."""
        del data
        return True

    def of_element(self, root: Any) -> Entity:
        """Return the master, artist or label."""
        return entity_of(self.kind, root)
