from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil
import pytest

from cratewatch.footage.run_folder import read_handlings
from cratewatch.footage.sources import open_source
from tests.camera_server import camera_server
from tests.command_line import Answer, run_process
from tests.conftest import SHARED_DATA
from tests.videos import plain, write, write_sound

pytestmark = pytest.mark.heavy

Run = Callable[..., Answer]
PETS = SHARED_DATA / "footage" / "pets09-s2l1" / "video.mp4"


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("video")
    return write(folder / "shop.mp4", [plain(n, 160, 120) for n in range(20)], rate=10)


def test_a_run_tells_what_it_came_to(run: Run, video: Path, tmp_path: Path) -> None:
    folder = tmp_path / "outputs" / "run_01"
    answer = run("footage", "--input", str(video), "--output_dir", str(folder), "--json")

    assert answer.returncode == 0
    report = json.loads(answer.stdout)
    assert (report["frames"], report["persons"], report["complete"]) == (20, 0, True)
    assert "max_age is 3.00 s" in answer.stderr
    assert "frames/s" in answer.stderr
    assert {file.name for file in folder.iterdir()} >= {
        *("annotated.mp4", "events.jsonl", "run.json", "tracks.csv"),
    }


def test_words_of_options_are_joined_either_way(run: Run, video: Path, tmp_path: Path) -> None:
    options = ["--reid-thresh", "0.5", "--max-age", "20", "--every", "5", "--no-blur"]
    answer = run(
        "footage", "--input", str(video), "--output-dir", str(tmp_path / "a"), *options, "--json"
    )
    assert json.loads(answer.stdout)["max_age_s"] == 2
    asked = json.loads((tmp_path / "a" / "run.json").read_text())["settings"]
    assert asked["reid_thresh"] == 0.5
    assert (asked["max_age"], asked["every"], asked["hides"]) == (20, 5, False)


def test_the_same_run_is_not_run_again(run: Run, video: Path, tmp_path: Path) -> None:
    call = ["footage", "--input", str(video), "--output_dir", str(tmp_path / "a"), "--json"]
    first, second = run(*call), run(*call)
    assert first.stdout == second.stdout
    assert "this run is there already, whole" in second.stderr
    other = run(*call, "--conf", "0.5")
    assert other.returncode == 1
    assert "holds another run (settings conf: 0.4, not 0.5)" in other.stderr


@pytest.mark.parametrize(
    ("said", "why"),
    [("2026-11-20T10:00:00", "lacks its zone"), ("yesterday", "is no time")],
)
def test_a_moment_has_its_zone(run: Run, video: Path, tmp_path: Path, said: str, why: str) -> None:
    answer = run(
        "footage", "--input", str(video), "--output_dir", str(tmp_path), "--started-at", said
    )
    assert answer.returncode == 1
    assert f"--started-at: '{said}' {why}" in answer.stderr


def test_the_moment_is_kept(run: Run, video: Path, tmp_path: Path) -> None:
    moment = "2026-11-20T10:00:00+01:00"
    folder = tmp_path / "a"
    run("footage", "--input", str(video), "--output_dir", str(folder), "--started-at", moment)
    told = json.loads((folder / "run.json").read_text())
    assert told["started_at"] == moment
    assert len(told["sha256"]) == 64


def test_bad_input_is_one_line(run: Run, tmp_path: Path) -> None:
    sound = write_sound(tmp_path / "sound.mp4")
    answer = run("footage", "--input", str(sound), "--output_dir", str(tmp_path / "a"))
    assert (answer.returncode, answer.stderr.count("\n")) == (1, 1)
    assert answer.stderr.startswith(f"cratewatch: {sound}: no pictures in it (only sound)")
    assert not (tmp_path / "a").exists()


def test_a_file_that_is_cut_off_is_looked_at_and_told(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "a.mp4", [plain(n) for n in range(40)], movflags="faststart")
    file.write_bytes(file.read_bytes()[:-800])
    answer = run("footage", "--input", str(file), "--output_dir", str(tmp_path / "a"))
    assert answer.returncode == 0
    assert "of its 40 frames can be read" in answer.stderr


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--input", "a.mp4", "--camera", "a", "--camera", "b"], "2 names for 1 of --input"),
        ([], "nothing to look at; give --input, or set cameras"),
    ],
)
def test_cameras_are_named_one_by_one(
    run: Run, tmp_path: Path, options: list[str], why: str
) -> None:
    answer = run("footage", *options, "--output_dir", str(tmp_path / "a"))
    assert (answer.returncode, answer.stderr.count("\n")) == (1, 1)
    assert why in answer.stderr


def test_a_camera_of_the_settings_is_looked_at(
    run: Run, home: Path, video: Path, tmp_path: Path
) -> None:
    home.mkdir()
    (home / "cratewatch.toml").write_text(f'[cameras.door]\nurl = "{video}"\n')
    call = ["footage", "--home", str(home), "--output_dir", str(tmp_path / "a")]
    strange = run(*call, "--camera", "till")
    assert "--camera: till: not set; known: door" in strange.stderr
    answer = run(*call, "--camera", "door", "--json")
    assert json.loads(answer.stdout)["frames"] == 20, answer.stderr


def test_the_password_of_a_camera_is_a_secret(run: Run, home: Path, tmp_path: Path) -> None:
    home.mkdir()
    with camera_server() as camera:
        url = camera.url.replace("secret", "guessed")
        (home / "cratewatch.toml").write_text(f'[cameras.door]\nurl = "{url}"\n')
        (home / "cratewatch.toml").chmod(0o644)
        answer = run("footage", "--home", str(home), "--output_dir", str(tmp_path / "a"))
    assert answer.returncode == 1
    assert "lets nobody in" in answer.stderr
    assert "holds secrets and others may read it" in answer.stderr
    assert "guessed" not in answer.stderr


def test_each_of_several_cameras_is_told(video: Path, tmp_path: Path) -> None:
    folder, none = tmp_path / "day", tmp_path / "none.mp4"
    call = [
        "footage",
        "--output_dir",
        str(folder),
        "--json",
        "--camera",
        "door",
        "--camera",
        "till",
    ]
    answer = run_process(*call, "--input", str(video), "--input", str(none), HOME=str(tmp_path))
    told = {one["camera"]: one for one in map(json.loads, answer.stdout.splitlines())}
    assert (told["door"]["state"], told["till"]["state"]) == ("done", "failed")
    assert told["door"]["report"]["read"] == 20
    assert (folder / "door" / "report.html").is_file()
    assert answer.returncode == 1
    assert f"1 of 2 cameras failed: {none}: no such file or folder" in answer.stderr


@pytest.mark.slow
def test_cameras_that_are_told_to_stop_leave_whole_files(tmp_path: Path) -> None:
    folder = tmp_path / "day"
    shown = [folder / name / "annotated.mp4" for name in ("door", "till")]
    program = shutil.which("cratewatch", path=str(Path(sys.executable).parent))
    assert program
    with camera_server() as door, camera_server() as till:
        call = [program, "footage", "--output_dir", str(folder), "--json"]
        call += ["--input", door.url, "--camera", "door", "--input", till.url, "--camera", "till"]
        environment = {**os.environ, "HOME": str(tmp_path)}
        with subprocess.Popen(call, stdout=subprocess.PIPE, env=environment) as process:
            while process.poll() is None and not all(
                one.exists() and one.stat().st_size > 2000 for one in shown
            ):
                time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate()
    assert process.returncode == 0
    for one in map(json.loads, said.splitlines()):
        report = one["report"]
        assert (one["state"], report["complete"]) == ("done", True)
        assert report["read"] == report["frames"] + report["skipped"] + report["dropped"]
    for file in shown:
        assert list(open_source(str(file)).frames())
        assert (file.parent / "report.html").is_file()
        assert (file.parent / "handled.csv").is_file()


def shared_memory(processes: Iterable[psutil.Process]) -> set[Path]:
    """Return the files of shared memory that processes have a name for."""
    found = set()
    for process in processes:
        with contextlib.suppress(psutil.Error):
            found |= {Path(one.path) for one in process.memory_maps()}
    return {file for file in found if file.parent == Path("/dev/shm") and file.exists()}


def require_whole_files(folder: Path) -> None:
    """Require that what a run wrote until it was stopped can be read to its end."""
    assert len(list(open_source(str(folder / "annotated.mp4")).frames())) > 3
    with (folder / "tracks.csv").open(newline="") as file:
        assert {len(row) for row in csv.reader(file)} == {9}
    for line in (folder / "events.jsonl").read_text().splitlines():
        assert json.loads(line)["event"]
    assert read_handlings(folder) == []
    assert (folder / "report.html").read_text().rstrip().endswith("</html>")


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.slow
def test_cameras_whose_files_are_stopped_leave_nothing_half(
    tmp_path: Path, sign: signal.Signals
) -> None:
    long = write(tmp_path / "long.mp4", [plain(n, 160, 120) for n in range(3000)], rate=15)
    folders = [tmp_path / "day" / name for name in ("door", "till")]
    program = shutil.which("cratewatch", path=str(Path(sys.executable).parent))
    assert program
    call = [program, "footage", "--output_dir", str(tmp_path / "day"), "--every", "1"]
    for folder in folders:
        call += ["--input", str(long), "--camera", folder.name]
    environment = {**os.environ, "HOME": str(tmp_path)}
    with subprocess.Popen(
        call, stderr=subprocess.PIPE, env=environment, start_new_session=True
    ) as process:
        shown = [folder / "annotated.mp4" for folder in folders]
        while process.poll() is None and not all(
            one.exists() and one.stat().st_size > 2000 for one in shown
        ):
            time.sleep(0.1)
        theirs = psutil.Process(process.pid).children(recursive=True)
        assert len(theirs) > len(folders)
        memory = shared_memory(theirs)
        # A terminal sends it to all processes of the group.
        (os.killpg if sign == signal.SIGINT else os.kill)(process.pid, sign)
        assert process.stderr
        said = process.stderr.read().decode()
    assert process.returncode == 130, said
    assert said.endswith("interrupted; run the same command again to go on\n")
    assert psutil.wait_procs(theirs, timeout=5)[1] == []
    assert not any(file.exists() for file in memory)
    for folder in folders:
        require_whole_files(folder)
        assert not json.loads((folder / "run.json").read_text())["report"]["complete"]


@pytest.mark.skipif(not PETS.exists(), reason="needs the shared frames of PETS09-S2L1")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_leaves_what_plays(tmp_path: Path, sign: signal.Signals) -> None:
    folder = tmp_path / "run"
    program = shutil.which("cratewatch", path=str(Path(sys.executable).parent))
    assert program
    call = [program, "footage", "--input", str(PETS), "--output_dir", str(folder)]
    with subprocess.Popen(call, stderr=subprocess.PIPE) as process:
        events, shown = folder / "events.jsonl", folder / "annotated.mp4"
        while process.poll() is None and not (shown.exists() and shown.stat().st_size > 20_000):
            time.sleep(0.1)
        process.send_signal(sign)
        assert process.stderr
        said = process.stderr.read().decode()
    if sign == signal.SIGINT:
        assert process.returncode == 130
        assert said.endswith("interrupted; run the same command again to go on\n")
        assert events.read_text().splitlines()[-1].startswith('{"t": ')
    assert len(list(open_source(str(folder / "annotated.mp4")).frames())) > 5
    assert not (json.loads((folder / "run.json").read_text())["report"] or {}).get("complete")
