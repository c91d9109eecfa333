import json
import lzma
from collections.abc import Iterator
from pathlib import Path

import pytest

from cratewatch.catalog.records import Release
from cratewatch.sources.dumps.blocks import CutError, read_blocks
from cratewatch.sources.dumps.musicbrainz_json import lines
from cratewatch.sources.dumps.musicbrainz_reading import MusicBrainzReleases
from cratewatch.sources.dumps.reports import BadRecord, FileRead
from cratewatch.sources.dumps.selection import Selection
from tests.cratewatch.sources.dumps.made_dumps import mb_release, mbid, musicbrainz


def read(path: Path, selection: Selection | None = None) -> list[Release | BadRecord | None]:
    reading = MusicBrainzReleases("mb", selection or Selection(), "https://archive.example")
    return list(reading.read(read_blocks(path), FileRead(str(path), "release")))


def take_all(found: Iterator[bytes], into: list[bytes]) -> None:
    for line in found:
        into.append(line)


def test_the_releases_of_a_tar_file_are_read(tmp_path: Path) -> None:
    dump = musicbrainz(tmp_path / "release.tar.xz", mb_release(1), mb_release(2))
    one, two = read(dump)
    assert one == Release(
        source="mb",
        native_id=mbid(1),
        title="Title 1",
        artist="The Persuader",
        year=1999,
        label="Svek",
        catno="SK1",
        barcode="7961220922684",
        country="SE",
        format='12" Vinyl',
        page_url=f"https://musicbrainz.org/release/{mbid(1)}",
        image_url=f"https://archive.example/release/{mbid(1)}",
    )
    assert two.image_url is None  # the archive has no front of it


def test_a_file_of_lines_is_read_as_well(tmp_path: Path) -> None:
    dump = tmp_path / "release"
    dump.write_text("\n".join(json.dumps(mb_release(n)) for n in range(3)))
    assert len(read(dump)) == 3


def test_a_line_that_is_no_release_costs_no_other(tmp_path: Path) -> None:
    dump = tmp_path / "release"
    good = json.dumps(mb_release(1))
    dump.write_text(f"{good}\n{good[:50]}\n[1]\n{{}}\n{json.dumps(mb_release(2))}\n")
    found = read(dump)
    assert [type(one) for one in found] == [Release, BadRecord, BadRecord, BadRecord, Release]
    assert found[1].key == f"{dump}#2"


def test_only_what_is_wanted_is_yielded(tmp_path: Path) -> None:
    dump = musicbrainz(
        tmp_path / "dump", mb_release(1), mb_release(2, label="Other"), mb_release(3)
    )
    (one, two) = read(dump, Selection(["svek"], ["vinyl"]))
    assert (one.native_id, two.native_id) == (mbid(1), mbid(3))
    assert read(dump, Selection((), ["CD"])) == []


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_of_a_dump_that_is_cut_off_all_whole_lines_are_read(tmp_path: Path, share: float) -> None:
    whole = musicbrainz(tmp_path / "whole", *map(mb_release, range(200)))
    text = lzma.decompress(whole.read_bytes())
    cut = tmp_path / "cut"
    cut.write_bytes(text[: int(len(text) * share)])
    expected = list(lines("release", read_blocks(whole)))
    found: list[bytes] = []
    with pytest.raises(CutError):
        take_all(lines("release", read_blocks(cut)), found)
    assert found == expected[: len(found)]
    assert len(found) >= 200 * share - 10


def test_labels_that_are_no_objects_are_none(tmp_path: Path) -> None:
    dump = tmp_path / "release"
    odd = mb_release(1) | {"label-info": [None, {"label": None}, {"label": 5}], "media": [None]}
    dump.write_text(json.dumps(odd))
    (one,) = read(dump)
    assert (one.label, one.format) == (None, None)
