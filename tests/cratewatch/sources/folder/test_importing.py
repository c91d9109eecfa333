import os
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Diff, ListedRelease, Release, item_key
from cratewatch.errors import BadValuesError, CratewatchError, NotFoundError
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.sources.folder import importing
from cratewatch.sources.folder.importing import STAGE_BATCH, import_folder
from tests.pictures import draw_noise


def test_every_image_of_a_folder_becomes_a_cover(
    cover_folder: Path, catalog: Catalog, lake: Lake
) -> None:
    (cover_folder / "deep").mkdir()
    (cover_folder / "cover-00.jpg").rename(cover_folder / "deep" / "cover-00.jpg")
    (cover_folder / "notes.txt").write_text("no image")
    report = import_folder(cover_folder, catalog, lake)
    assert (report.releases.new, report.covers_new, report.failed) == (24, 24, {})
    for cover in catalog.covers.all():
        assert lake.read(cover_key(cover.cover_id)) == Path(cover.source_url).read_bytes()


def test_a_second_import_reads_only_what_was_written_since(
    cover_folder: Path, catalog: Catalog, lake: Lake
) -> None:
    import_folder(cover_folder, catalog, lake)
    seen: list[int | None] = []
    again = import_folder(cover_folder, catalog, lake, on_progress=lambda _, n, __: seen.append(n))
    assert (again.releases.unchanged, again.covers_new, again.covers_known) == (24, 0, 24)
    assert seen == [None]  # what was read, and no image to do
    changed = cover_folder / "cover-03.jpg"
    Image.new("RGB", (50, 50), "red").save(changed)
    later = (datetime.now(UTC) + timedelta(seconds=5)).timestamp()
    os.utime(changed, (later, later))
    assert import_folder(cover_folder, catalog, lake).covers_new == 1


def test_a_clock_that_was_ahead_does_not_hide_what_is_written_later(
    cover_folder: Path, catalog: Catalog, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ahead:
        @staticmethod
        def now(zone: object) -> datetime:
            assert zone is UTC
            return datetime.now(UTC) + timedelta(days=4000)

    with monkeypatch.context() as patched:
        patched.setattr(importing, "datetime", Ahead)
        import_folder(cover_folder, catalog, lake)
    Image.new("RGB", (50, 50), "red").save(cover_folder / "cover-03.jpg")
    again = import_folder(cover_folder, catalog, lake)
    assert (again.covers_new, again.covers_known, again.failed) == (1, 0, {})
    assert import_folder(cover_folder, catalog, lake).covers_known == 24  # dated anew


def test_a_file_of_any_date_is_imported(cover_folder: Path, catalog: Catalog, lake: Lake) -> None:
    for number, year in enumerate((-(2**31), 0, 2**31, 2**33)):
        os.utime(cover_folder / f"cover-{number:02d}.jpg", (year, year))
    for new in (24, 0):
        assert import_folder(cover_folder, catalog, lake).covers_new == new


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
        for releases in catalog.releases.of_artworks(
            [c.artwork_id for c in catalog.covers.all()]
        ).values()
        for release in releases
    }
    assert by_title["Début"].artist == "Björk"
    assert (str(by_title["Début"].price), by_title["Début"].currency) == ("24.90", "EUR")
    assert by_title["cover-01"].artist is None


def test_an_import_changes_only_what_it_is_given(
    cover_folder: Path, catalog: Catalog, lake: Lake
) -> None:
    table = cover_folder / "covers.csv"

    def after(csv: str, clear: tuple[str, ...] = ()) -> tuple[Release, Diff]:
        table.write_text(csv)
        report = import_folder(
            cover_folder, catalog, lake, csv_file=table if csv else None, clear=clear
        )
        path = str(cover_folder / "cover-00.jpg")
        (stored,) = [r for r in catalog.releases.by_id(known).values() if r.image_url == path]
        return stored, report.releases

    import_folder(cover_folder, catalog, lake)
    known = [f"import:{item_key(str(path))}" for path in cover_folder.glob("*.jpg")]
    whole, _ = after(
        "file,artist,title,year,genre,price,currency\ncover-00.jpg,Ana,Dusk,1993,pop;art,24.90,EUR"
    )
    assert (whole.artist, whole.title, whole.genres) == ("Ana", "Dusk", ("pop", "art"))
    same, diff = after("")  # the names of the files are a guess
    assert same == whole
    assert diff.changed == 0
    priced, diff = after("file,artist,price\ncover-00.jpg,,19.90")
    assert priced == replace(whole, price=Decimal("19.90"))
    assert diff.changed == 1
    emptied, _ = after("file,artist,year\ncover-00.jpg,,", clear=("year", "genre"))
    assert emptied == replace(priced, year=None, genres=())
    with pytest.raises(CratewatchError, match="title cannot be emptied; these can: artist"):
        import_folder(cover_folder, catalog, lake, clear=("title",))


def test_releases_may_share_a_cover_file(cover_folder: Path, catalog: Catalog, lake: Lake) -> None:
    table = cover_folder / "covers.csv"
    table.write_text("file,title\ncover-00.jpg,First\ncover-00.jpg,Second pressing\n")
    assert import_folder(cover_folder, catalog, lake, csv_file=table).releases.new == 2
    (cover,) = catalog.covers.all()
    titles = [
        release.title
        for release in catalog.releases.of_artworks([cover.artwork_id])[cover.artwork_id]
    ]
    assert titles == ["First", "Second pressing"]


def test_a_name_that_is_not_utf_8_is_refused_and_the_others_imported(
    cover_folder: Path, catalog: Catalog, lake: Lake
) -> None:
    Path(os.fsdecode(os.fsencode(cover_folder) + b"/m\xfcller.jpg")).write_bytes(b"x")
    report = import_folder(cover_folder, catalog, lake)
    assert (report.covers_new, report.failed) == (24, {"bad_name": 1})
    assert report.examples["bad_name"].endswith("m?ller.jpg: its name is not UTF-8; rename it")


def test_a_folder_that_cannot_be_read_is_refused_and_the_others_imported(
    cover_folder: Path, catalog: Catalog, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cover_folder / "private").mkdir()
    scandir = os.scandir

    def refuse(path: str) -> Any:  # root may read everything: refuse as the kernel would
        if path.endswith("private"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    report = import_folder(cover_folder, catalog, lake)
    assert (report.covers_new, report.failed) == (24, {"unreadable": 1})
    assert "private: cannot be read (Permission denied)" in report.examples["unreadable"]


def test_what_systems_leave_is_left_alone(cover_folder: Path, catalog: Catalog, lake: Lake) -> None:
    picture = (cover_folder / "cover-00.jpg").read_bytes()
    for name in (
        "._cover-00.jpg",
        ".hidden.jpg",
        "__MACOSX/x.jpg",
        "@eaDir/cover-00.jpg/SYNOPHOTO_THUMB_XL.jpg",
        ".Trash-1000/files/old.jpg",
        "$RECYCLE.BIN/S-1-5/old.jpg",
        "deep/#recycle/old.jpg",
        "deep/.thumbnails/old.jpg",
        "deep/.Trashes/501/old.jpg",
    ):
        (cover_folder / name).parent.mkdir(parents=True, exist_ok=True)
        (cover_folder / name).write_bytes(b"" if name.startswith("._") else picture)
    report = import_folder(cover_folder, catalog, lake)
    assert (report.releases.new, report.failed) == (24, {})


def releases_of(catalog: Catalog) -> list[ListedRelease]:
    found = catalog.releases.of_artworks(
        sorted({cover.artwork_id for cover in catalog.covers.all()})
    )
    return sorted((r for rs in found.values() for r in rs), key=lambda r: r.release_id)


def test_folders_of_albums_say_what_their_pictures_show(
    tmp_path: Path, catalog: Catalog, lake: Lake
) -> None:
    albums = tmp_path / "covers"
    for n, name in enumerate(("Ana Vey/Blue Hour/cover.jpg", "Ana Vey/Left Bank/CD1/Folder.JPG")):
        (albums / name).parent.mkdir(parents=True)
        draw_noise(n).save(albums / name, quality=95)
    import_folder(albums, catalog, lake)
    found = [(release.artist, release.title) for release in releases_of(catalog)]
    assert found == [("Ana Vey", "Blue Hour"), ("Ana Vey", "Left Bank")]


def test_one_folder_by_several_paths_is_one(
    cover_folder: Path, catalog: Catalog, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_folder(cover_folder, catalog, lake)
    (cover_folder.parent / "other").mkdir()
    monkeypatch.chdir(cover_folder.parent / "other")
    for name in ("../covers", "../other/.././covers/", f"{cover_folder}/../covers"):
        again = import_folder(Path(name), catalog, lake)
        assert (again.releases.unchanged, again.releases.new, again.covers_known) == (24, 0, 24)
    table = cover_folder / "covers.csv"
    table.write_text("file\n./cover-00.jpg\nx/../cover-01.jpg\n../covers/cover-02.jpg\n")
    again = import_folder(cover_folder, catalog, lake, csv_file=table)
    assert (again.releases.new, again.covers_known) == (0, 3)


def test_dots_behind_a_link_lead_where_the_system_leads(
    cover_folder: Path, catalog: Catalog, lake: Lake
) -> None:
    inside = cover_folder / "inside"
    inside.mkdir()
    link = cover_folder.parent / "elsewhere"
    link.symlink_to(inside)
    assert import_folder(link / "..", catalog, lake).covers_new == 24


def test_two_spellings_of_a_name_are_one_release(
    tmp_path: Path, catalog: Catalog, lake: Lake
) -> None:
    linux, mac = (unicodedata.normalize(form, "Café é") for form in ("NFC", "NFD"))
    folder = tmp_path / "covers"
    (folder / mac).mkdir(parents=True)
    draw_noise(1).save(folder / mac / f"{mac}.jpg")
    import_folder(folder, catalog, lake)
    (folder / mac).rename(folder / linux)
    draw_noise(1).save(folder / linux / f"{linux}.jpg")
    import_folder(folder, catalog, lake)
    (release,) = releases_of(catalog)
    assert release.title == linux
    table = folder / "covers.csv"
    table.write_text(f"file,title\n{mac}/{mac}.jpg,A\n", encoding="utf-8")
    report = import_folder(folder, catalog, lake, csv_file=table)
    assert (report.releases.new, report.releases.changed, report.failed) == (0, 1, {})


def test_a_file_is_found_whatever_form_its_name_has_in_the_csv(
    tmp_path: Path, catalog: Catalog, lake: Lake
) -> None:
    folder = tmp_path / "covers"
    (folder / "Cafe\u0301").mkdir(parents=True)
    draw_noise(1).save(folder / "Cafe\u0301" / "e\u0301.jpg")
    draw_noise(2).save(folder / "b.jpg")
    table = folder / "covers.csv"
    table.write_text(f"file\nCaf\u00e9/\u00e9.jpg\nb.jpg \n{'x' * 300}.jpg\n", encoding="utf-8")
    report = import_folder(folder, catalog, lake, csv_file=table)
    assert (report.covers_new, report.failed) == (2, {"unreadable": 1})


@pytest.mark.parametrize(
    "name", ["a.jfif", "a.JPE", "a.avif", "a.jp2", "a.j2k", "a.pjpeg", "a.tif", "a.webp"]
)
def test_every_suffix_of_what_can_be_decoded(
    tmp_path: Path, catalog: Catalog, lake: Lake, name: str
) -> None:
    kinds = {"avif": "AVIF", "jp2": "JPEG2000", "j2k": "JPEG2000", "tif": "TIFF", "webp": "WEBP"}
    (tmp_path / "covers").mkdir()
    draw_noise(1).save(tmp_path / "covers" / name, kinds.get(name[2:], "JPEG"))
    assert import_folder(tmp_path / "covers", catalog, lake).covers_new == 1


def test_what_looks_like_an_image_by_name_only_is_left_alone(
    cover_folder: Path, catalog: Catalog, lake: Lake
) -> None:
    os.mkfifo(cover_folder / "pipe.jpg")
    (cover_folder / "folder.jpg").mkdir()
    (cover_folder / "nowhere.jpg").symlink_to(cover_folder / "gone.jpg")
    report = import_folder(cover_folder, catalog, lake)
    assert (report.covers_new, report.failed) == (24, {})


def test_a_lake_that_fails_ends_the_run_as_failed_and_the_next_one_completes_it(
    cover_folder: Path, catalog: Catalog, lake: FolderLake
) -> None:
    lake.root.mkdir(parents=True)
    (lake.root / "covers").write_text("in the way")
    with pytest.raises(CratewatchError, match=r"lake .*correct lake_path"):
        import_folder(cover_folder, catalog, lake)
    (run,) = catalog.runs.latest()
    assert run["state"] == "failed"
    assert "lake" in run["report"]["error"]
    (lake.root / "covers").unlink()
    assert import_folder(cover_folder, catalog, lake).covers_new == 24
    assert catalog.items.failures() == {}


MANY_LINES = (
    r"^.*line 2, year: 'soon' is not a number\n.*line 2, price: 'dear' is not a number\n"
    r".*line 4, year: '-1' is not a year such as 1973$"
)


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
        (b"title,file\nonly a title\n", "line 2: 1 values for 2 columns"),
        (b"title,file\n\nA title,\n", "line 3: no file"),
        (b"", "`file` is needed, there is nothing"),
        (b"\n\n", "`file` is needed, there is nothing"),
        (b"file;title\nx;A\n", "there is file;title; separate columns by commas"),
        (b"file,title,title\nx,A,B\n", "the column title is there twice"),
        (b"file,title\nx,A, the B side\n", "line 2: 3 values for 2 columns; .* double quotes"),
        (b"file,title\nx,A\ny,B\n\nx,A\n", "line 5: the same as .*, line 2; remove one"),
        (b'file,title\nx,"A\ny,B\n', "line 3: cannot be read as CSV .* double quote closed"),
        (b"file,title\nx,A\ny,\xe4\n", "line 3: not UTF-8; save it as UTF-8"),
        ("file,title\nx,Début\n".encode("utf-16"), "line 1: not UTF-8"),
        ("file,title\nx,A\n".encode("utf-16-le"), "line 1: not UTF-8 but perhaps UTF-16"),
        (b"file,title\nx,A\0B\n", "line 2: not UTF-8"),
        (b"file,year\nx,99999999999999999999\n", "'99999999999999999999' is not a year"),
        (b"file,year\nx,-1\n", "'-1' is not a year"),
        (b"file,price\nx,1e999999\n", "price: '1e999999' is not a number"),
        (b"file,price\nx,-5\n", "'-5' is not a price"),
        (b"file,price\nx,1.%s\n" % (b"0" * 40), "is not a price such as 24.90"),
        (b"file,price\nx,sNaN\n", r"line 2, price: 'sNaN' is not a number"),
        (b"file,price\nx,1_000\n", r"'1_000' is not a number"),
        (b"file,year\nx,1973.5\n", r"'1973.5' is not a year"),
        (b"file,barcode\nx,6.00117E+11\n", r"barcode: '6.00117E\+11' has lost digits"),
        (b"file,title,,\nx,A,,\n", "line 1: 2 columns have no name; remove"),
        (b"file, \nx,\n", "line 1: 1 column has no name"),
        (b"file,year,price\nx,soon,dear\ny,1973,5\nz,-1,5\n", MANY_LINES),
        (b"file,price,currency\nx,5,Euro\n", "'Euro' is no ISO 4217 code such as EUR"),
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
    assert catalog.runs.latest()[0]["state"] == "failed"


def test_an_error_about_many_values_ends(cover_folder: Path, catalog: Catalog, lake: Lake) -> None:
    table = cover_folder / "covers.csv"
    table.write_text("file,year\n" + "".join(f"{n}.jpg,soon\n" for n in range(50)))
    with pytest.raises(BadValuesError) as caught:
        import_folder(cover_folder, catalog, lake, csv_file=table)
    assert len(caught.value.lines) == 21
    assert caught.value.lines[-1] == "and 30 more such values"


def test_a_bad_row_far_down_imports_nothing(
    cover_folder: Path, catalog: Catalog, lake: Lake
) -> None:
    table = cover_folder / "covers.csv"
    rows = [f"cover-{n:04d}.jpg,{n}" for n in range(2 * STAGE_BATCH)]
    table.write_text("\n".join(["file,year", *rows[1:], "x.jpg,soon", ""]))
    with pytest.raises(CratewatchError, match=r"line 2001, year: 'soon' is not a number"):
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
