"""Imports of dumps into a catalog, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.comparing import RefusedError
from cratewatch.catalog.records import Diff
from cratewatch.errors import CratewatchError
from cratewatch.sources.dumps.importing import import_dump
from cratewatch.sources.dumps.reports import DumpReport
from cratewatch.sources.dumps.settings import DumpSource
from tests.cratewatch.sources.dumps.made_dumps import (
    discogs,
    gzipped,
    mb_release,
    mbid,
    musicbrainz,
    release,
)
from tests.postgres_server import engine_of

ALL = DumpSource(spider="dump", service="discogs")
MB = DumpSource(spider="dump", service="musicbrainz")


def bring_in(
    catalog: Catalog, *files: Path, source: DumpSource = ALL, most: float = 1.0
) -> tuple[Diff, DumpReport]:
    run_id = catalog.runs.resume("refresh-dg").run_id
    outcome = import_dump(list(files), "dg", source, catalog, run_id, max_withdrawn_share=most)
    catalog.runs.finish(run_id, "done", {})
    return outcome


def listed(catalog: Catalog) -> dict[str, str]:
    """Return the title of each release that is listed."""
    found = catalog.releases.by_id(list(catalog.releases.known_pages("dg")))
    return {key.removeprefix("dg:"): release.title for key, release in found.items()}


def test_only_what_differs_from_the_dump_before_is_written(
    catalog: Catalog, tmp_path: Path
) -> None:
    first = gzipped(tmp_path / "first", discogs(*map(release, (1, 2, 1500, 3000))))
    diff, report = bring_in(catalog, first)
    assert diff == Diff(new=4, changed=0, unchanged=0, withdrawn=0)
    assert (report.files[0].records, report.files[0].parsed) == (4, 4)

    diff, report = bring_in(catalog, first)
    assert diff == Diff(new=0, changed=0, unchanged=4, withdrawn=0)
    assert report.files[0].parsed == 0

    second = discogs(release(1), release(2, "Other"), release(1500), release(4000))
    diff, report = bring_in(catalog, gzipped(tmp_path / "second", second))
    assert diff == Diff(new=1, changed=1, unchanged=2, withdrawn=1)
    assert report.files[0].parsed == 2
    assert listed(catalog) == {
        "1": "Title 1",
        "2": "Other",
        "1500": "Title 1500",
        "4000": "Title 4000",
    }

    diff, _ = bring_in(catalog, first)  # what was withdrawn is back, as it was
    assert diff == Diff(new=1, changed=1, unchanged=2, withdrawn=1)
    assert listed(catalog)["3000"] == "Title 3000"


def test_a_change_that_the_catalog_does_not_hold_is_none(catalog: Catalog, tmp_path: Path) -> None:
    bring_in(catalog, gzipped(tmp_path / "a", discogs(release(1))))
    diff, report = bring_in(catalog, gzipped(tmp_path / "b", discogs(release(1, more="<x/>"))))
    assert diff == Diff(new=0, changed=0, unchanged=1, withdrawn=0)
    assert report.files[0].parsed == 1


def test_what_changed_is_listed(catalog: Catalog, tmp_path: Path) -> None:
    bring_in(catalog, gzipped(tmp_path / "a", discogs(release(1), release(2))))
    run_id = catalog.runs.start("refresh-dg")
    second = gzipped(tmp_path / "b", discogs(release(1, "Other"), release(3)))
    import_dump([second], "dg", ALL, catalog, run_id)
    assert [str(change) for change in catalog.changes.of(run_id)] == [
        "new        dg:3  The Persuader, Ray \u2013 Title 3",
        "changed    dg:1  The Persuader, Ray \u2013 Other: title Title 1 \u2192 Other",
        "withdrawn  dg:2  The Persuader, Ray \u2013 Title 2",
    ]


def test_a_dump_that_is_cut_off_withdraws_nothing(catalog: Catalog, tmp_path: Path) -> None:
    whole = discogs(*map(release, range(1, 400)))
    bring_in(catalog, gzipped(tmp_path / "whole", whole))
    changed = discogs(*(release(n, f"New {n}") for n in range(1, 400)))
    packed = gzipped(tmp_path / "cut", changed).read_bytes()
    (tmp_path / "cut").write_bytes(packed[: len(packed) * 3 // 4])
    diff, report = bring_in(catalog, tmp_path / "cut")
    assert diff.withdrawn == 0
    assert diff.changed == report.files[0].records > 0
    assert len(listed(catalog)) == 399
    assert report.error == (
        f"{tmp_path / 'cut'}: {report.files[0].cut}; the {diff.changed} records before it were "
        "read, and nothing was withdrawn; get the file again and import it"
    )


def test_a_record_that_cannot_be_read_is_told_and_not_withdrawn(
    catalog: Catalog, tmp_path: Path
) -> None:
    bring_in(catalog, gzipped(tmp_path / "a", discogs(*map(release, (1, 2, 3)))))
    bad = discogs(*map(release, (1, 2, 3))).replace(b"</artists>", b"", 1)
    diff, report = bring_in(catalog, gzipped(tmp_path / "b", bad))
    assert diff == Diff(new=0, changed=0, unchanged=2, withdrawn=0)
    assert report.files[0].failed == {"bad_record": 1}
    assert len(listed(catalog)) == 3
    (example,) = catalog.items.failure_examples(5)["bad_record"]
    assert example["key"] == "https://www.discogs.com/release/1"
    assert "tag mismatch" in example["detail"]


def test_a_shop_that_wants_others_gets_others(catalog: Catalog, tmp_path: Path) -> None:
    dump = gzipped(tmp_path / "a", discogs(release(1), release(2, label="Blue Note"), release(3)))
    svek = DumpSource(spider="dump", service="discogs", labels=("Svek",), formats=("Vinyl",))
    bring_in(catalog, dump, source=svek)
    assert sorted(listed(catalog)) == ["1", "3"]
    blue = svek.model_copy(update={"labels": ("Blue Note",)})
    diff, _ = bring_in(catalog, dump, source=blue)
    assert diff == Diff(new=1, changed=0, unchanged=0, withdrawn=2)
    assert sorted(listed(catalog)) == ["2"]
    diff, _ = bring_in(catalog, dump, source=svek)
    assert sorted(listed(catalog)) == ["1", "3"]


def test_a_release_whose_label_changes_is_no_longer_wanted(
    catalog: Catalog, tmp_path: Path
) -> None:
    svek = DumpSource(spider="dump", service="discogs", labels=("Svek",))
    bring_in(catalog, gzipped(tmp_path / "a", discogs(release(1), release(2))), source=svek)
    other = gzipped(tmp_path / "b", discogs(release(1), release(2, label="Blue Note")))
    for _ in range(2):
        bring_in(catalog, other, source=svek)
        assert sorted(listed(catalog)) == ["1"]


def test_more_than_is_believed_is_not_withdrawn(catalog: Catalog, tmp_path: Path) -> None:
    bring_in(catalog, gzipped(tmp_path / "a", discogs(*map(release, range(1, 11)))))
    half = gzipped(tmp_path / "b", discogs(release(1)))
    with pytest.raises(RefusedError, match="would withdraw 9 of 10 releases"):
        bring_in(catalog, half, most=0.5)
    assert len(listed(catalog)) == 10


def test_the_first_of_two_records_with_one_number_counts(catalog: Catalog, tmp_path: Path) -> None:
    dump = gzipped(tmp_path / "a", discogs(release(1, "First"), release(1, "Second")))
    for _ in range(2):
        bring_in(catalog, dump)
        assert listed(catalog) == {"1": "First"}


def test_a_dump_of_musicbrainz_is_compared_with_the_catalog(
    catalog: Catalog, tmp_path: Path
) -> None:
    first = musicbrainz(tmp_path / "a", *map(mb_release, (1, 2, 3)))
    diff, _ = bring_in(catalog, first, source=MB)
    assert diff == Diff(new=3, changed=0, unchanged=0, withdrawn=0)
    second = musicbrainz(tmp_path / "b", mb_release(1), mb_release(2, "Other"), mb_release(4))
    diff, _ = bring_in(catalog, second, source=MB)
    assert diff == Diff(new=1, changed=1, unchanged=1, withdrawn=1)
    assert listed(catalog) == {mbid(1): "Title 1", mbid(2): "Other", mbid(4): "Title 4"}
    assert [cover.image_url for cover in catalog.covers.to_fetch("dg")] == [
        f"https://coverartarchive.org/release/{mbid(1)}"
    ]


LABELS = """<labels>
<label><images/><id>5</id><name>Svek</name>
  <sublabels><label id="6">Goldhead</label></sublabels></label>
<label><id>6</id><name>Goldhead</name><parentLabel id="5">Svek</parentLabel></label>
<label><id>7</id><name>Tiny</name><parentLabel id="6">Goldhead</parentLabel></label>
<label><id>8</id><profile>nobody knows its name</profile></label>
</labels>"""
RAY = "<artist><id>2</id><name>Ray</name></artist>"
ARTISTS = f"""<artists>
<artist><id>1</id><name>The Persuader</name><namevariations><name>Persuader</name></namevariations>
</artist>{RAY}</artists>"""
MASTERS = """<masters><master id="18500"><main_release>155102</main_release><artists><artist>
<id>212070</id></artist></artists><year>2001</year><title>New Soil</title></master></masters>"""


def test_labels_below_those_that_are_wanted_are_wanted_as_well(
    catalog: Catalog, tmp_path: Path
) -> None:
    names = ("svek", "Goldhead", "Tiny", "Other")
    dump = gzipped(
        tmp_path / "r", discogs(*(release(n, label=name) for n, name in enumerate(names, 1)))
    )
    source = DumpSource(spider="dump", service="discogs", labels=("SVEK",), sublabels=True)
    with pytest.raises(CratewatchError, match="import the dump of labels as well"):
        bring_in(catalog, dump, source=source)
    labels = gzipped(tmp_path / "l", LABELS.encode())
    _, report = bring_in(catalog, dump, labels, source=source)
    assert [(file.kind, file.records) for file in report.files] == [("label", 4), ("release", 4)]
    assert sorted(listed(catalog)) == ["1", "2", "3"]
    fewer = LABELS.replace('<parentLabel id="6">Goldhead</parentLabel>', "")
    bring_in(catalog, gzipped(tmp_path / "m", fewer.encode()), dump, source=source)
    assert sorted(listed(catalog)) == ["1", "2"]


def test_masters_artists_and_labels_are_kept_and_only_what_changed_is_parsed(
    catalog: Catalog, tmp_path: Path
) -> None:
    texts = (LABELS, ARTISTS, MASTERS)
    files = [gzipped(tmp_path / str(n), text.encode()) for n, text in enumerate(texts)]
    for parsed in ([4, 2, 1], [0, 0, 0]):
        diff, report = bring_in(catalog, *files)
        assert [file.parsed for file in report.files] == parsed
        assert diff == Diff(0, 0, 0, 0)
    counts = [catalog.entities.count("dg", kind) for kind in ("label", "artist", "master")]
    assert counts == [4, 2, 1]
    for month, left, parsed_then in ((ARTISTS.replace(RAY, ""), 1, 0), (ARTISTS, 2, 1)):
        _, report = bring_in(catalog, gzipped(tmp_path / "a", month.encode()))
        assert report.files[0].parsed == parsed_then
        assert catalog.entities.count("dg", "artist") == left


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!doctype html><title>404</title>", "no dump of releases, it begins with '<!doctype"),
        (b"", "no dump of releases"),
        (b'{"id": "1"}', "a dump of musicbrainz, and dg is of discogs"),
    ],
)
def test_a_file_that_is_no_such_dump_is_refused_before_anything_is_written(
    catalog: Catalog, tmp_path: Path, content: bytes, said: str
) -> None:
    good, bad = gzipped(tmp_path / "good", discogs(release(1))), tmp_path / "bad"
    bad.write_bytes(content)
    with pytest.raises(CratewatchError, match=said):
        bring_in(catalog, good, bad)
    assert not listed(catalog)


IMPORT = """
import sys
from pathlib import Path
from cratewatch.sources.dumps import importing
from tests.cratewatch.catalog.test_dumps import bring_in
from cratewatch.catalog.catalog import open_catalog
importing.AT_ONCE = 40
print("begins", flush=True)
bring_in(open_catalog(sys.argv[1]), Path(sys.argv[2]))
"""


def rows_of(catalog_url: str) -> list[Any]:
    engine = engine_of(catalog_url)
    with engine.connect() as connection:
        told = "release_id, title, artist, content_hash, withdrawn_at IS NULL"
        rows = connection.execute(text(f"SELECT {told} FROM releases ORDER BY release_id")).all()
        of_blocks = "SELECT source, kind, block, digests FROM dump_blocks ORDER BY block"
        blocks = connection.execute(text(of_blocks)).all()
    engine.dispose()
    return [tuple(row) for row in (*rows, *blocks)]


@pytest.mark.heavy
@pytest.mark.slow
def test_imports_that_are_killed_come_to_the_same(tmp_path: Path) -> None:
    chance = random.Random(20)
    first = gzipped(tmp_path / "a", discogs(*map(release, range(1, 3000, 2))))
    second = gzipped(
        tmp_path / "b", discogs(*(release(n, f"Night {n % 50}") for n in range(1, 3300, 3)))
    )
    urls = [f"sqlite:///{tmp_path / name}.db" for name in ("killed", "undisturbed")]
    for url in urls:
        catalog = open_catalog(url)
        bring_in(catalog, first)
        catalog.close()
    killed = 0
    for _ in range(20):
        call = [sys.executable, "-c", IMPORT, urls[0], str(second)]
        with subprocess.Popen(call, stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.read(1)  # it begins
            time.sleep(chance.uniform(0, 0.3))
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                killed += 1
        if process.returncode == 0:
            break
    for url in urls:
        catalog = open_catalog(url)
        bring_in(catalog, second)
        catalog.close()
    assert killed
    assert rows_of(urls[0]) == rows_of(urls[1])
