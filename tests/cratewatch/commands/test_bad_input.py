"""What goes wrong on a user's machine: one line, exit code 1, and nothing lost.

Every kind of image is in test_images.py, every kind of CSV in test_importing.py, every kind of
setting in test_settings.py, and every kind of Milvus in test_gallery.py.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover
from cratewatch.demo.bad_images import cut_short, pixel_bomb, text, unreadable_jpeg
from cratewatch.embedding.arrays import Embeddings
from cratewatch.embedding.loading import load_model
from cratewatch.errors import CratewatchError
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.images.reading import load
from cratewatch.indexing.backing_up import back_up
from cratewatch.indexing.stores import Stores
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake
from cratewatch.sources.folder import importing
from cratewatch.sources.folder.importing import import_folder
from tests.disks import mount, read_only, small_disk
from tests.made_collections import make_collection

pytestmark = pytest.mark.heavy


def the_line(answer: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that a failed command says, progress bars aside."""
    assert answer.returncode == 1, answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stderr.count("cratewatch: ") == 1
    return answer.stderr.strip().splitlines()[-1]


def contents(folder: Path) -> dict[str, str]:
    """Return the hash of each file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def bad_images(jpeg: bytes) -> dict[str, bytes]:
    """Return what shops and disks serve as images, by file name."""
    return {
        "zero.jpg": b"",
        "page.jpg": text(),
        "script.png": b"%!PS-Adobe-3.0 EPSF-3.0\n",
        "cut.jpg": cut_short(jpeg),
        "garbled.jpg": unreadable_jpeg(jpeg),
        "bomb.jpg": pixel_bomb(),
    }


REASONS = {
    "zero.jpg": "empty",
    "page.jpg": "not_an_image",
    "script.png": "not_an_image",
    "cut.jpg": "truncated",
    "garbled.jpg": "unreadable",
    "bomb.jpg": "too_many_pixels",
}


@pytest.fixture
def with_bad_images(cover_folder: Path) -> Path:
    """The folder of 24 covers with every kind of bad image among them."""
    for name, data in bad_images((cover_folder / "cover-00.jpg").read_bytes()).items():
        (cover_folder / name).write_bytes(data)
    return cover_folder


def test_an_import_names_bad_images_by_reason_and_imports_the_others(
    run: Any, home: Path, with_bad_images: Path
) -> None:
    answer = run("import", str(with_bad_images), "--json", "--home", str(home))
    line = the_line(answer)
    assert line.startswith("cratewatch: import: 6 images were refused (empty 1, not_an_image 2, ")
    assert "the others are in" in line
    report = json.loads(answer.stdout)
    assert report["covers_new"] == 24
    assert sum(report["failed"].values()) == len(REASONS)
    for reason, example in report["examples"].items():
        name, _, complaint = example.partition(": ")
        assert REASONS[Path(name).name] == reason
        assert "; " in complaint, "what is wrong, and what to do"


def test_identify_answers_the_good_images_among_bad_ones(
    run: Any, home: Path, served: list[Cover], with_bad_images: Path
) -> None:
    paths = [str(with_bad_images / name) for name in [*REASONS, "cover-05.jpg", "gone.jpg"]]
    answer = run("identify", *paths, "--json", "--home", str(home))
    assert answer.returncode == 1
    assert answer.stderr == ""
    answers = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [found["query"] for found in answers] == paths
    for found, reason in zip(answers, [*REASONS.values(), None, "missing"], strict=True):
        assert ("matches" in found) == (reason is None)
        if reason:
            assert found["error"].startswith(f"{reason}: ")
    said = run("identify", *paths, "--home", str(home)).stderr.splitlines()
    assert len(said) == len(REASONS) + 1
    assert all(line.startswith(str(with_bad_images)) for line in said)


def test_an_empty_folder_is_named(run: Any, home: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "notes.txt").write_text("no image")
    answer = run("import", str(tmp_path / "none"), "--home", str(home))
    assert "no image (.jpg, " in the_line(answer)
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "covers.csv, line 1: the column `file` is needed, there is nothing"),
        (b"artist,title\nA,B\n", "covers.csv, line 1: the column `file` is needed"),
        ("file,title\ncover-00.jpg,Début\n".encode("latin-1"), "line 2: not UTF-8; save it as"),
        ("file,title\ncover-00.jpg,Début\n".encode("utf-16"), "line 1: not UTF-8; save it as"),
        (b"file,title\ncover-00.jpg,A\ncover-00.jpg,A\n", "line 3: the same as "),
        (b"file,title\ncover-00.jpg,A, the B side\n", "line 2: 3 values for 2 columns"),
    ],
)
def test_a_bad_csv_is_one_line_and_imports_nothing(
    run: Any, home: Path, cover_folder: Path, content: bytes, message: str
) -> None:
    (cover_folder / "covers.csv").write_bytes(content)
    arguments = ("import", str(cover_folder), "--csv", str(cover_folder / "covers.csv"))
    answer = run(*arguments, "--home", str(home))
    assert message in the_line(answer)
    assert answer.stderr.count("\n") == 1
    assert not list((home / "lake").rglob("*.jpg"))


def test_a_large_folder_is_worked_through_in_batches(
    tmp_path: Path, catalog: Catalog, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = 20
    monkeypatch.setattr(importing, "STAGE_BATCH", batch)
    many = 2 * batch + 1
    folder = tmp_path / "many"
    for number in range(many):
        file = folder / f"{number % 7}" / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), (6 * number, 0, 0)).save(file)
    batches: list[int] = []
    stage = catalog.stage
    monkeypatch.setattr(
        catalog, "stage", lambda run_id, rows: batches.append(len(rows)) or stage(run_id, rows)
    )
    told: list[tuple[int, int | None]] = []
    report = import_folder(
        folder, catalog, lake, on_progress=lambda done, total, _: told.append((done, total))
    )
    assert report.releases.new == many
    assert (report.covers_new, len(catalog.covers.all())) == (many, many)
    assert batches == [batch, batch, 1]
    assert told[:3] == [(batch, None), (2 * batch, None), (many, None)]
    assert told[3:] == [(n, many) for n in range(1, many + 1)]


def test_identify_answers_while_paths_still_come(home: Path, served: list[Cover]) -> None:
    """So that any number of paths needs the memory of one batch."""
    command = [sys.executable, "-c", "from cratewatch.commands.app import main; main()"]
    with subprocess.Popen(
        [*command, "identify", "-", "--json", "--home", str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(2):
            process.stdin.write(f"{served[0].source_url}\n" * 64)
            process.stdin.flush()
            for _ in range(64):
                assert "matches" in json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait() == 0


HOME_COMMANDS = {
    "import": ("import", "FOLDER"),
    "refresh": ("refresh", "shop"),
    "synthesize": ("synthesize", "--samples", "2"),
    "index": ("index",),
    "identify": ("identify", "FOLDER/cover-00.jpg"),
    "status": ("status",),
}


@pytest.mark.parametrize("name", sorted(HOME_COMMANDS.keys() - {"status"}))  # it only reads
def test_a_home_that_is_not_writable_is_named(
    run: Any, home: Path, cover_folder: Path, imported: list[Cover], name: str
) -> None:
    (home / "cratewatch.toml").write_text(
        '[sources.shop]\nspider = "storefront"\nurl = "http://127.0.0.1:9"\n'
    )
    arguments = [part.replace("FOLDER", str(cover_folder)) for part in HOME_COMMANDS[name]]
    before = contents(home)
    with read_only(home):
        line = the_line(run(*arguments, "--home", str(home)))
        assert contents(home) == before
    assert str(home) in line
    assert ";" in line, "what is wrong, and what to do"


@pytest.mark.parametrize("name", HOME_COMMANDS)
def test_a_file_in_the_place_of_the_home_is_named(
    run: Any, tmp_path: Path, cover_folder: Path, name: str
) -> None:
    (tmp_path / "home").write_text("mine")
    arguments = [part.replace("FOLDER", str(cover_folder)) for part in HOME_COMMANDS[name]]
    for home in ("home", "home/below"):
        line = the_line(run(*arguments, CRATEWATCH_HOME=str(tmp_path / home)))
        assert str(tmp_path / "home") in line
    assert (tmp_path / "home").read_text() == "mine"


def test_a_full_disk_under_the_catalog_loses_nothing(
    run: Any, home: Path, cover_folder: Path, tmp_path: Path
) -> None:
    elsewhere = {"CRATEWATCH_LAKE_PATH": str(tmp_path / "lake")}
    arguments = ("import", str(cover_folder), "--json", "--home", str(home))
    with small_disk(home, kib=300):
        line = the_line(run(*arguments, **elsewhere))
        assert "catalog.db: database or disk is full" in line
        assert "room on its disk" in line
        mount("-o", "remount,size=20m", str(home))
        report = json.loads(run(*arguments, **elsewhere).stdout)
        assert report["covers_new"] + report["covers_known"] == 24
        status = json.loads(run("status", "--json", "--home", str(home), **elsewhere).stdout)
        assert status["catalog"]["covers"] == 24


def test_a_full_disk_under_the_lake_loses_nothing(
    home: Path, cover_folder: Path, catalog: Catalog
) -> None:
    lake = FolderLake(home / "lake")
    with small_disk(lake.root, kib=40):
        with pytest.raises(CratewatchError, match=r"lake .*No space left on device; see to the"):
            import_folder(cover_folder, catalog, lake)
        stored = len(catalog.covers.all())
        assert 0 < stored < 24
        for path in lake.root.rglob("*.jpg"):
            load(path)  # whole, or not there
        mount("-o", "remount,size=20m", str(lake.root))
        assert import_folder(cover_folder, catalog, lake).covers_new == 24 - stored


# Milvus Lite forgets to close a file that it could not write.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_full_disk_under_the_gallery_loses_nothing(
    home: Path, imported: list[Cover], lake: Lake, tiny_model: str
) -> None:
    images = [load(Path(cover.source_url)) for cover in imported]
    embeddings = load_model(lake, tiny_model).embed_covers(images)
    ids = [cover.cover_id for cover in imported]
    folder = home / "small"
    with small_disk(folder, kib=60):
        uri = str(folder / "gallery.db")
        with open_gallery(uri) as gallery:
            make_collection(gallery, tiny_model, 128)
            gallery.rows.upsert(tiny_model, ids[:4], ids[:4], embeddings[:4])
            gallery.rows.flush(tiny_model)
            with pytest.raises(CratewatchError, match=r"gallery .*No space left .*; see to"):
                _fill(gallery, tiny_model, ids, embeddings)
        mount("-o", "remount,size=20m", str(folder))
        with open_gallery(uri) as gallery:
            gallery.collections.load(tiny_model)
            assert gallery.rows.count(tiny_model) >= 4
            gallery.rows.upsert(tiny_model, ids, ids, embeddings)
            assert gallery.rows.count(tiny_model) == 24
            hits = gallery.search(embeddings, 1, collection=tiny_model)
            assert [found[0].cover_id for found in hits] == ids


def test_a_full_disk_under_a_backup_leaves_nothing_half_written(
    home: Path, catalog: Catalog, lake: FolderLake, served: list[Cover]
) -> None:
    folder = lake.root / "backups"
    with open_gallery(str(home / "gallery.db")) as gallery, small_disk(folder, kib=8):
        stores = Stores(catalog, lake, gallery)
        with pytest.raises(CratewatchError, match=r"lake .*backups/b/.*No space left on device"):
            back_up(stores, "b")
        assert not [path for path in folder.rglob("*") if path.is_file()]
        mount("-o", "remount,size=20m", str(folder))
        assert back_up(stores, "b").rows == 24


def _fill(gallery: Gallery, model: str, ids: list[str], embeddings: Embeddings) -> None:
    for _ in range(100):
        gallery.rows.upsert(model, ids, ids, embeddings)


def test_a_gallery_that_another_process_holds_or_that_is_away_is_named(
    run: Any, run_process: Any, home: Path, served: list[Cover]
) -> None:
    image = served[0].source_url
    with open_gallery(str(home / "gallery.db")):
        held = run_process("identify", image, "--home", str(home))
        assert "gallery.db: another process holds it" in the_line(held)
        assert held.stderr.count("\n") == 1
    away = run("identify", image, "--home", str(home), CRATEWATCH_GALLERY_URI="http://127.0.0.1:9")
    assert "gallery http://127.0.0.1:9: no Milvus answers there" in the_line(away)
    assert away.stderr.count("\n") == 1
    assert run("identify", image, "--home", str(home)).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["imprt", "covers"], "No such command 'imprt'. Did you mean 'import'"),
        (["import", "covers", "--cvs", "x"], "No such option: --cvs. Did you mean '--csv'?"),
        (["import"], "Missing argument 'folder'; see `cratewatch import --help`"),
        (["identify", "x.jpg", "--top", "many"], "Invalid value for '--top'"),
        (["refresh", "shpo"], "source 'shpo' is not configured (known: shop)"),
    ],
)
def test_a_misspelt_argument_is_one_line(
    run: Any, home: Path, arguments: list[str], message: str
) -> None:
    home.mkdir()
    (home / "cratewatch.toml").write_text(
        '[sources.shop]\nspider = "storefront"\nurl = "http://127.0.0.1:9"\n'
    )
    answer = run(*arguments, CRATEWATCH_HOME=str(home))
    assert message in the_line(answer)
    assert answer.stderr.count("\n") == 1
    assert answer.stdout == ""
