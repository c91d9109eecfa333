import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from cratewatch.catalog import Catalog
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.importing import import_folder
from cratewatch.lake import Lake, cover_key


def test_every_image_of_a_folder_becomes_a_cover(
    cover_folder: Path, catalog: Catalog, lake: Lake
) -> None:
    (cover_folder / "deep").mkdir()
    (cover_folder / "cover-00.jpg").rename(cover_folder / "deep" / "cover-00.jpg")
    (cover_folder / "notes.txt").write_text("no image")
    report = import_folder(cover_folder, catalog, lake)
    assert (report.releases.new, report.covers_new, report.failed) == (24, 24, {})
    for cover in catalog.covers():
        assert lake.read(cover_key(cover.cover_id)) == Path(cover.source_url).read_bytes()


def test_a_second_import_reads_only_what_was_written_since(
    cover_folder: Path, catalog: Catalog, lake: Lake
) -> None:
    import_folder(cover_folder, catalog, lake)
    seen: list[int] = []
    again = import_folder(cover_folder, catalog, lake, on_progress=lambda _, n: seen.append(n))
    assert (again.releases.unchanged, again.covers_new, again.covers_known) == (24, 0, 24)
    assert seen == []
    changed = cover_folder / "cover-03.jpg"
    Image.new("RGB", (50, 50), "red").save(changed)
    later = (datetime.now(UTC) + timedelta(seconds=5)).timestamp()
    os.utime(changed, (later, later))
    assert import_folder(cover_folder, catalog, lake).covers_new == 1


def test_bad_images_are_counted_and_the_others_imported(
    cover_folder: Path, catalog: Catalog, lake: Lake
) -> None:
    whole = (cover_folder / "cover-01.jpg").read_bytes()
    (cover_folder / "cover-01.jpg").write_bytes(whole[: len(whole) // 2])
    (cover_folder / "cover-02.jpg").write_bytes(b"")
    (cover_folder / "cover-03.jpg").write_text("hello")
    report = import_folder(cover_folder, catalog, lake)
    assert report.failed == {"truncated": 1, "empty": 1, "not_an_image": 1}
    assert report.covers_new == 21
    (cover_folder / "cover-01.jpg").write_bytes(whole)
    assert import_folder(cover_folder, catalog, lake).covers_new == 1
    assert catalog.items.failures() == {"empty": 1, "not_an_image": 1}


def test_the_same_picture_twice_is_one_cover_of_two_releases(
    cover_folder: Path, catalog: Catalog, lake: Lake
) -> None:
    (cover_folder / "copy.jpg").write_bytes((cover_folder / "cover-00.jpg").read_bytes())
    scan = Image.open(cover_folder / "cover-01.jpg").resize((90, 90))
    scan.save(cover_folder / "scan.jpg", quality=90)
    assert import_folder(cover_folder, catalog, lake).covers_new == 25
    assert catalog.counts()["releases"] == 26
    assert catalog.counts()["artworks"] == 24


def test_a_csv_says_what_the_covers_show(
    cover_folder: Path, catalog: Catalog, lake: Lake, tmp_path: Path
) -> None:
    table = tmp_path / "covers.csv"
    table.write_text(
        "file,artist,title,year,genre,price,currency\n"
        "cover-00.jpg,Björk,Début,1993,pop;art,24.90,EUR\n"
        "cover-01.jpg,,,,,,\n"
        "gone.jpg,Nobody,Nothing,,,,\n",
        encoding="utf-8-sig",
    )
    report = import_folder(cover_folder, catalog, lake, csv_file=table)
    assert report.failed == {"missing": 1}
    by_title = {
        release.title: release
        for releases in catalog.releases_of([c.artwork_id for c in catalog.covers()]).values()
        for release in releases
    }
    assert by_title["Début"].artist == "Björk"
    assert (str(by_title["Début"].price), by_title["Début"].currency) == ("24.90", "EUR")
    assert by_title["cover-01"].artist is None


def test_releases_may_share_a_cover_file(cover_folder: Path, catalog: Catalog, lake: Lake) -> None:
    table = cover_folder / "covers.csv"
    table.write_text("file,title\ncover-00.jpg,First\ncover-00.jpg,Second pressing\n")
    assert import_folder(cover_folder, catalog, lake, csv_file=table).releases.new == 2
    (cover,) = catalog.covers()
    titles = [
        release.title for release in catalog.releases_of([cover.artwork_id])[cover.artwork_id]
    ]
    assert titles == ["First", "Second pressing"]


def test_a_name_that_is_not_utf_8_is_named(tmp_path: Path, catalog: Catalog, lake: Lake) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/m\xfcller.jpg")).write_bytes(b"x")
    with pytest.raises(CratewatchError, match="rename it"):
        import_folder(tmp_path, catalog, lake)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"artist,title\nA,B\n", "`file` is needed"),
        (b"file,prize\nx,1\n", "unknown here: prize"),
        (b"file,year\nx,soon\n", r"line 2, year: 'soon' is not a number"),
        (b"file,price\nx,NaN\n", r"price: 'NaN' is not a number"),
        (b"file,title\nx,M\xfcller\n", "not UTF-8"),
        (b"file,title\nx," + b"y" * 200_000 + b"\n", "cannot be read as CSV"),
        (b"file\n", "has no rows"),
        (b"title,file\nonly a title\n", "line 2: no file"),
        (b"", "`file` is needed"),
    ],
)
def test_a_csv_that_makes_no_sense_imports_nothing(
    cover_folder: Path, catalog: Catalog, lake: Lake, content: bytes, message: str
) -> None:
    table = cover_folder / "covers.csv"
    table.write_bytes(content)
    with pytest.raises(CratewatchError, match=message):
        import_folder(cover_folder, catalog, lake, csv_file=table)
    assert catalog.counts()["releases"] == 0


def test_missing_things_are_named(tmp_path: Path, catalog: Catalog, lake: Lake) -> None:
    with pytest.raises(NotFoundError, match="is not a folder"):
        import_folder(tmp_path / "none", catalog, lake)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFoundError, match="no image"):
        import_folder(tmp_path / "empty", catalog, lake)
    with pytest.raises(NotFoundError, match=r"no such file"):
        import_folder(tmp_path, catalog, lake, csv_file=tmp_path / "none.csv")
