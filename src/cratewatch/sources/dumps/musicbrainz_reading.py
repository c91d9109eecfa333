"""The wanted releases of a MusicBrainz dump."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cratewatch.catalog.pressings import page_key
from cratewatch.catalog.records import Release
from cratewatch.sources.dumps.discogs_reading import BREATHE
from cratewatch.sources.dumps.musicbrainz_json import line_object, lines
from cratewatch.sources.dumps.numbers import Uuids
from cratewatch.sources.dumps.reports import BadRecord, FileRead
from cratewatch.sources.dumps.selection import Selection
from cratewatch.sources.musicbrainz.releases import release_from_json

SITE = "https://musicbrainz.org"


class MusicBrainzReleases:
    """Reads the releases of one dump."""

    def __init__(self, source: str, selection: Selection, archive_url: str) -> None:
        self._source = source
        self._selection = selection
        self._archive_url = archive_url
        self._wanted = Uuids()
        self._relations: dict[str, list[str]] = {}

    def has(self, release_id: str) -> bool:
        """Whether a release was met and is wanted."""
        return release_id.removeprefix(f"{self._source}:") in self._wanted

    @property
    def n_changed_blocks(self) -> int:
        """None: its ids have no order, so that what is written tells what changed."""
        return 0

    def changed_blocks(self) -> Mapping[int, Sequence[int]]:
        """Return none."""
        return {}

    def relations(self) -> Mapping[str, Sequence[str]]:
        """Return what was said of pages elsewhere since the last call, by release_id."""
        relations, self._relations = self._relations, {}
        return relations

    def read(self, blocks: Iterable[bytes], done: FileRead) -> Iterator[Release | BadRecord | None]:
        """Yield what is wanted; None now and then, so that the caller may write.

        Raises:
            CutError: once all that is whole was yielded.
        """
        for line in lines("release", blocks):
            done.records += 1
            if done.records % BREATHE == 0:
                yield None
            if not self._selection.may_want(line):
                continue
            done.parsed += 1
            data = line_object(line)
            if data is None or not isinstance(data.get("id"), str):
                done.fail("bad_record")
                yield BadRecord(f"{done.path}#{done.records}", "bad_record", "it is no release")
            elif self._selection.wants(_labels(data), _formats(data)):
                done.wanted += 1
                self._wanted.add(data["id"])
                release = self._release(data)
                self._relations[release.release_id] = _pages(data)
                yield release

    def _release(self, data: dict[str, Any]) -> Release:
        labels = (_dict(info.get("label")) for info in _dicts(data.get("label-info")))
        wanted = (label for label in labels if self._selection.names_label(_name(label)))
        return release_from_json(
            data,
            self._source,
            site_url=SITE,
            archive_url=self._archive_url,
            label_id=_dict(next(wanted, None)).get("id"),
        )


def _labels(data: dict[str, Any]) -> Iterator[str]:
    for info in _dicts(data.get("label-info")):
        yield _name(_dict(info.get("label")))


def _formats(data: dict[str, Any]) -> Iterator[str]:
    for medium in _dicts(data.get("media")):
        yield str(medium.get("format") or "")


def _pages(data: dict[str, Any]) -> list[str]:
    """Return the release's pages on Discogs, as links.py compares them."""
    urls = (_dict(relation.get("url")) for relation in _dicts(data.get("relations")))
    return sorted(filter(None, (page_key(str(url.get("resource") or "")) for url in urls)))


def _name(label: dict[str, Any]) -> str:
    return str(label.get("name") or "")


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
