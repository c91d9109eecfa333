"""What every lake promises, on a folder and on an S3 server."""

import errno
import os
import pickle
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, TypeAdapter

from cratewatch.errors import CratewatchError, NotFoundError, SettingsError, UnavailableError
from cratewatch.lake.folder import PARTIAL, FolderLake
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.lake.location import LakeLocation
from cratewatch.lake.opening import open_lake
from cratewatch.secret_url import REVEALED
from cratewatch.settings import load_settings

LARGE_BYTES = 40 * 2**20
YEARS_S = 50 * 365 * 86400.0


@pytest.fixture(params=["folder", "s3"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    if request.param == "folder":
        return open_lake(LakeLocation(str(tmp_path / "lake")))
    return open_lake(request.getfixturevalue("s3_location"))


def test_a_listing_tells_what_has_changed_and_large_objects_become_files(
    lake: Lake, tmp_path: Path
) -> None:
    for key in ("footage/b.mp4", "footage/a.mp4", "footages/c.mp4"):
        lake.write(key, b"one")
    first = list(lake.entries("footage"))
    assert [entry.key for entry in first] == ["footage/a.mp4", "footage/b.mp4"]
    assert first[0].modified_at == lake.modified_at("footage/a.mp4")
    assert list(lake.entries("footage")) == first
    lake.write("footage/a.mp4", b"other")
    again = list(lake.entries("footage"))
    assert again[0].version != first[0].version
    assert again[1] == first[1]
    lake.download("footage/a.mp4", tmp_path / "copy.mp4")
    assert (tmp_path / "copy.mp4").read_bytes() == b"other"
    with pytest.raises(NotFoundError, match="no object footage/z"):
        lake.download("footage/z.mp4", tmp_path / "none.mp4")
    assert not (tmp_path / "none.mp4").exists()


def test_what_is_written_is_read_back(lake: Lake) -> None:
    lake.write("covers/ab/x.jpg", b"one")
    lake.write("covers/ab/x.jpg", b"two")
    assert lake.read("covers/ab/x.jpg") == b"two"
    lake.write("covers/ab/x.jpg", b"")
    assert lake.read("covers/ab/x.jpg") == b""
    assert list(lake.keys("covers")) == ["covers/ab/x.jpg"]


def test_what_is_deleted_is_gone(lake: Lake) -> None:
    lake.write("reports/r.json", b"{}")
    assert lake.exists("reports/r.json")
    lake.delete("reports/r.json")
    lake.delete("reports/r.json")
    assert not lake.exists("reports/r.json")
    assert list(lake.keys("reports")) == []


def test_what_is_created_stays(lake: Lake) -> None:
    assert lake.create("queries/run/manifest.json", b"first")
    assert not lake.create("queries/run/manifest.json", b"second")
    assert lake.read("queries/run/manifest.json") == b"first"
    assert list(lake.keys("")) == ["queries/run/manifest.json"]
    lake.delete("queries/run/manifest.json")
    assert lake.create("queries/run/manifest.json", b"third")


def test_of_writers_that_meet_one_gets_through(lake: Lake) -> None:
    writers = 8
    barrier = threading.Barrier(writers)

    def write(number: int) -> bool:
        mine: Lake = pickle.loads(pickle.dumps(lake))
        barrier.wait()
        return mine.create("queries/run/manifest.json", f"writer {number}".encode() * 1000)

    for _ in range(3):
        with ThreadPoolExecutor(writers) as pool:
            through = list(pool.map(write, range(writers)))
        assert sum(through) == 1
        winner = f"writer {through.index(True)}".encode() * 1000
        assert lake.read("queries/run/manifest.json") == winner
        lake.delete("queries/run/manifest.json")


def test_missing_objects_say_where(lake: Lake) -> None:
    lake.write("models/xy/config.json", b"{}")
    assert not lake.exists("models/x")
    assert not lake.exists("models/xy")
    for ask in (lake.read, lake.modified_at):
        for key in ("models/x/config.json", "models/xy/config"):
            with pytest.raises(NotFoundError, match=f"no object {key}$") as error:
                ask(key)
            assert str(lake.root) in str(error.value)


def test_keys_are_sorted_and_those_of_a_folder(lake: Lake) -> None:
    keys = ["covers/b", "covers/a/z", "covers/a-b", "covers/a.b", "covers/ä", "covers/Z"]
    for key in [*keys, "covers-of-others/x", "other/covers/x"]:
        lake.write(key, b"x")
    assert list(lake.keys("covers")) == sorted(keys)
    assert list(lake.keys("covers/a")) == ["covers/a/z"]
    assert list(lake.keys("")) == sorted([*keys, "covers-of-others/x", "other/covers/x"])
    assert list(lake.keys("nothing")) == []


@pytest.mark.parametrize("name", ["a b+c", "100%", "Köln №1", "q?x=1&y#z", "%2F", "back\\slash"])
def test_odd_names_come_back_as_they_were(lake: Lake, name: str) -> None:
    lake.write(f"covers/{name}", name.encode())
    assert list(lake.keys("covers")) == [f"covers/{name}"]
    assert lake.exists(f"covers/{name}")
    assert lake.read(f"covers/{name}") == name.encode()


def test_listings_have_no_end(lake: Lake) -> None:
    keys = [f"covers/{number:04d}.jpg" for number in range(1010)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: lake.write(key, b"x"), reversed(keys)))
    assert list(lake.keys("covers")) == keys


def test_large_objects_are_whole(lake: Lake) -> None:
    data = os.urandom(LARGE_BYTES)
    lake.write("models/x/weights.safetensors", data)
    assert lake.read("models/x/weights.safetensors") == data
    assert list(lake.keys("models")) == ["models/x/weights.safetensors"]


def test_objects_know_when_they_were_written(lake: Lake) -> None:
    before = time.time()
    lake.write("models/x/config.json", b"{}")
    # A store's times may be whole seconds.
    assert before - 1 <= lake.modified_at("models/x/config.json") <= time.time() + 1


def test_a_lake_travels_to_other_processes(lake: Lake) -> None:
    lake.write("covers/x", b"x")
    copy: Lake = pickle.loads(pickle.dumps(lake))
    assert copy == lake
    assert copy.read("covers/x") == b"x"
    assert copy.root == lake.root


@pytest.mark.parametrize(
    "key",
    [
        *("", ".", "..", "../secret", "/etc/passwd", "covers/../../x"),
        *("a\0b", "a\udc80", "é" * 128, "a/" * 600),
    ],
)
def test_keys_never_leave_the_lake(lake: Lake, key: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: lake.read(key),
        lambda: lake.write(key, b""),
        lambda: lake.create(key, b""),
        lambda: lake.delete(key),
        lambda: lake.modified_at(key),
        lambda: list(lake.keys(key or "..")),
        lambda: lake.tidy(key or ".."),
    ]
    for call in calls:
        with pytest.raises(CratewatchError, match="not a lake key"):
            call()
    assert not lake.exists(key)


@pytest.fixture
def unfinished(lake: Lake, request: pytest.FixtureRequest) -> Callable[[], list[str]]:
    """Begin a write of queries/run/a.tar, and return a function that lists what is unfinished."""
    if isinstance(lake, FolderLake):
        folder = lake.root / "queries" / "run"
        folder.mkdir(parents=True)
        (folder / f"{PARTIAL}b").write_bytes(b"half")
        os.utime(folder / f"{PARTIAL}b", (0, 0))
        return lambda: [path.name for path in folder.glob(".*")]
    client = request.getfixturevalue("s3_client")
    bucket, prefix = str(lake.root).removeprefix("s3://").split("/")
    upload = {"Bucket": bucket, "Key": f"{prefix}/queries/run/a.tar"}
    upload_id = client.create_multipart_upload(**upload)["UploadId"]
    client.upload_part(**upload, UploadId=upload_id, PartNumber=1, Body=b"half")
    return lambda: client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])


def test_an_unfinished_write_is_no_object_and_goes_when_it_is_old(
    lake: Lake, unfinished: Callable[[], list[Any]]
) -> None:
    lake.write("queries/run/z.tar", b"z")
    assert not lake.exists("queries/run/a.tar")
    assert list(lake.keys("queries")) == ["queries/run/z.tar"]
    lake.tidy("covers")
    lake.tidy("queries", older_than_s=YEARS_S * 2)
    assert len(unfinished()) == 1
    lake.tidy("queries/run")
    assert unfinished() == []
    assert list(lake.keys("queries")) == ["queries/run/z.tar"]


def test_cover_key_fans_out() -> None:
    assert cover_key("abcdef") == "covers/ab/abcdef.jpg"


@pytest.mark.parametrize("path", ["gs://bucket/x", "s3://", "s3:///prefix", "http://host/bucket"])
def test_other_urls_are_no_lake(path: str) -> None:
    with pytest.raises(SettingsError, match=r"give the path of a folder, or s3://BUCKET/PREFIX"):
        open_lake(LakeLocation(path))


@pytest.mark.parametrize("path", ["s4://KEY:hush@bucket", "https://me:hush@store/bucket"])
def test_credentials_in_a_path_are_not_shown(home: Path, path: str) -> None:
    with pytest.raises(SettingsError, match=r"\*\*\*") as error:
        open_lake(LakeLocation(path))
    assert "hush" not in str(error.value)
    with pytest.raises(SettingsError, match=r"lake_path: .*leave them out") as error:
        load_settings(home=home, lake_path=path)
    assert "hush" not in str(error.value)


def test_a_location_hides_its_keys_but_from_a_child_process() -> None:
    location = LakeLocation(
        "s3://bucket", access_key=SecretStr("who"), secret_key=SecretStr("hush")
    )
    for shown in (repr(location), str(location), repr(open_lake(location))):
        assert "hush" not in shown
        assert "who" not in shown
    adapter = TypeAdapter(LakeLocation)
    assert b"hush" not in adapter.dump_json(location)
    assert adapter.validate_json(adapter.dump_json(location, context=REVEALED)) == location


def fails_with(lake: FolderLake, message: str) -> None:
    with pytest.raises(UnavailableError, match=message) as error:
        lake.write("reports/r.json", b"new")
    assert str(error.value).startswith(f"lake {lake.root}: cannot write reports/r.json: ")
    assert str(error.value).endswith("then run the same command again")
    assert "\n" not in str(error.value)


def test_a_full_disk_leaves_the_old_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = FolderLake(tmp_path)
    lake.write("reports/r.json", b"old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    fails_with(lake, "No space left on device")
    assert lake.read("reports/r.json") == b"old"
    assert [path.name for path in (tmp_path / "reports").iterdir()] == ["r.json"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    mounted = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)]
    if os.geteuid() or subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_disk_that_fills_up_loses_nothing(small_disk: Path) -> None:
    lake = FolderLake(small_disk)
    written = []
    with pytest.raises(CratewatchError, match="No space left on device"):  # noqa: PT012
        for number in range(100):
            lake.write(f"covers/{number:02d}", os.urandom(100_000))
            written.append(f"covers/{number:02d}")
    assert len(written) >= 5
    assert not lake.exists("covers/99")
    assert [f"covers/{path.name}" for path in sorted(small_disk.rglob("*[0-9]"))] == written
    assert not list(small_disk.rglob(f"{PARTIAL}*"))
    lake.delete(written[0])
    lake.write("covers/99", b"there is room again")


def test_what_is_no_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file")
    lake = FolderLake(tmp_path / "lake")
    fails_with(lake, "Not a directory|File exists")
    with pytest.raises(UnavailableError, match=r"cannot read reports/r\.json: Not a directory"):
        lake.read("reports/r.json")
