"""Cameras on a Ray cluster of this machine: real processes, files and streams."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import ray

from cratewatch.errors import CratewatchError
from cratewatch.footage.analysing import FootageOptions, FootageReport
from cratewatch.footage.sources import open_source
from cratewatch.secret_url import SecretUrl
from tests.camera_server import camera_server
from tests.videos import plain, write
from workers.camera import CameraJob, folder_name
from workers.camera_actor import Told
from workers.camera_models import Shared, share
from workers.camera_report import CameraReport
from workers.cameras import analyse_cameras
from workers.cluster import ray_cluster

pytestmark = pytest.mark.heavy
FRAMES = 30
PROCESS = "ray::CameraActor"


@pytest.fixture(scope="module", autouse=True)
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with ray_cluster("local", tmp_path_factory.mktemp("ray")):
        yield


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty frames in two seconds."""
    folder = tmp_path_factory.mktemp("video")
    return write(folder / "shop.mp4", [plain(n) for n in range(FRAMES)], rate=15)


def job(folder: Path, name: str, where: Path | str, **more: Any) -> CameraJob:
    again_s = more.pop("again_s", 0.0)
    return CameraJob(
        name, SecretUrl(str(where)), folder / name, FootageOptions(**more), again_s=again_s
    )


def look_at(
    jobs: Sequence[CameraJob],
    on_told: Callable[[dict[str, Told]], None] = lambda _: None,
    shared: Shared | None = None,
) -> dict[str, CameraReport]:
    reports = analyse_cameras(jobs, shared or Shared(), on_told)
    return {report.camera: report for report in reports}


class Stop:
    """Interrupts the watch, once, as soon as something is true of what is told."""

    def __init__(self, when: Callable[[dict[str, Told]], bool]) -> None:
        self._when = when
        self._is_over = False

    def __call__(self, told: dict[str, Told]) -> None:
        if not self._is_over and self._when(told):
            self._is_over = True
            raise KeyboardInterrupt


def require_all_counted(report: FootageReport | None, read: int | None = None) -> None:
    """Require that each frame was looked at, skipped or dropped, as the files tell."""
    assert report is not None
    assert report.read == report.frames + report.skipped + report.dropped
    assert read is None or report.read == read
    folder = Path(report.output_dir)
    assert len(list(open_source(str(folder / "annotated.mp4")).frames())) == report.frames
    told = json.loads((folder / "run.json").read_text())["report"]
    assert (told["read"], told["dropped"]) == (report.read, report.dropped)


@pytest.mark.parametrize("n", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_no_frame_of_several_cameras_is_lost(video: Path, tmp_path: Path, n: int) -> None:
    jobs = [job(tmp_path, f"camera-{k}", video, every=1 + k % 2) for k in range(n)]
    told: list[dict[str, Told]] = []
    reports = look_at(jobs, told.append)

    assert set(reports) == {one.name for one in jobs}
    assert {report.state for report in reports.values()} == {"done"}
    for report in reports.values():
        require_all_counted(report.report, FRAMES)
    assert {one.read for one in told[-1].values()} == {FRAMES}


def test_a_camera_that_fails_leaves_the_others(video: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("dear")
    reports = look_at(
        [job(tmp_path, name, where) for name, where in
         (("bad", broken), ("good", video), ("mine", video))]
    )  # fmt: skip
    assert reports["good"].state == "done"
    assert reports["bad"].state == reports["mine"].state == "failed"
    assert "no video, or one that is cut off" in (reports["bad"].error or "")
    assert "no run of footage" in (reports["mine"].error or "")
    require_all_counted(reports["good"].report, FRAMES)


@pytest.mark.slow
def test_one_that_is_killed_begins_anew_and_leaves_the_others(tmp_path: Path) -> None:
    long = write(tmp_path / "long.mp4", [plain(n % 30) for n in range(300)], rate=15)
    killed: list[int] = []

    def kill_one(told: dict[str, Told]) -> None:
        if not killed and all(one.looked > 20 for one in told.values()):
            victim = next(cameras_here())
            killed.append(victim.pid)
            victim.kill()

    reports = look_at([job(tmp_path, name, long) for name in ("a", "b")], kill_one)
    assert len(killed) == 1
    assert sorted(report.restarts for report in reports.values()) == [0, 1]
    for report in reports.values():
        assert report.state == "done"
        assert (report.lost > 0) == (report.restarts > 0)
        require_all_counted(report.report, 300)


def cameras_here() -> Iterator[psutil.Process]:
    """The processes of cameras of this process's own cluster: other tests have some, too."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "".join(process.cmdline()[:1]).startswith(PROCESS):
                yield process


@pytest.mark.slow
def test_streams_that_break_off_go_on_until_they_are_stopped(tmp_path: Path) -> None:
    stop = Stop(lambda told: min(one.read for one in told.values()) > 50)
    with camera_server(each=20) as breaking, camera_server() as steady:
        jobs = [
            job(tmp_path, "breaking", breaking.url, again_s=60.0),
            job(tmp_path, "steady", steady.url, again_s=60.0),
        ]
        reports = look_at(jobs, stop)

    for report in reports.values():
        assert (report.state, report.error, report.restarts) == ("done", None, 0)
        require_all_counted(report.report)
    first, second = (reports[name].report for name in ("breaking", "steady"))
    assert first is not None
    assert first.reconnects >= 2
    assert second is not None
    assert second.reconnects == 0


@pytest.mark.slow
def test_a_stream_whose_process_dies_goes_on_in_a_further_folder(tmp_path: Path) -> None:
    killed: list[int] = []
    anew: list[bool] = []

    def kill(told: dict[str, Told]) -> bool:
        door = told["door"]
        if door.looked > 10 and not killed:
            killed.append(door.read)
            for process in cameras_here():
                process.kill()
        elif killed and not door.read:
            anew.append(True)
        return bool(anew) and door.looked > 0

    with camera_server() as camera:
        (report,) = look_at([job(tmp_path, "door", camera.url)], Stop(kill)).values()
    assert report.folders == [str(tmp_path / "door"), str(tmp_path / "door-2")]
    assert (report.state, report.restarts) == ("done", 1)
    assert report.lost >= killed[0]
    require_all_counted(report.report)
    assert (tmp_path / "door" / "annotated.mp4").stat().st_size


def test_a_wrong_password_is_said_and_not_shown(video: Path, tmp_path: Path) -> None:
    with camera_server() as camera:
        url = camera.url.replace("secret", "guessed")
        reports = look_at([job(tmp_path, "door", url, again_s=600.0), job(tmp_path, "till", video)])
    assert reports["door"].state == "failed"
    assert "lets nobody in" in (reports["door"].error or "")
    assert "guessed" not in repr(reports["door"])
    assert reports["till"].state == "done"


@pytest.mark.slow
def test_files_that_are_stopped_are_whole_and_begin_anew(tmp_path: Path) -> None:
    long = write(tmp_path / "long.mp4", [plain(n % 30) for n in range(200)], rate=15)

    stop = Stop(lambda told: all(one.looked > 5 for one in told.values()))
    jobs = [job(tmp_path, name, long) for name in ("a", "b")]
    for report in look_at(jobs, stop).values():
        assert report.state == "stopped"
        require_all_counted(report.report)
    for report in look_at(jobs).values():
        assert report.state == "done"
        require_all_counted(report.report, 200)


@pytest.mark.slow
def test_shared_models_look_at_frames_of_all_cameras_together(tmp_path: Path) -> None:
    pictures = [np.roll(plain(n, 160, 120), 5 * n, axis=1) for n in range(FRAMES)]
    video = write(tmp_path / "a.mp4", pictures, rate=15)
    shared = share(None, FootageOptions(), models=True)
    jobs = [job(tmp_path, f"camera-{n}", video) for n in range(3)]
    reports = look_at(jobs, shared=shared)

    for report in reports.values():
        require_all_counted(report.report, FRAMES)
    batches = ray.get(shared.models.batches.remote())
    assert sum(batches) == 3 * FRAMES
    assert max(batches) > 1
    ray.kill(shared.models)


def test_a_gpu_that_is_not_there_is_not_waited_for() -> None:
    with pytest.raises(CratewatchError, match="the Ray cluster has no GPU"):
        share(None, FootageOptions(device="cuda"), models=True)


@pytest.mark.parametrize(
    ("camera", "folder"), [("door", "door"), ("Tür 1/links", "Tür-1-links"), ("..", "camera")]
)
def test_the_name_of_a_camera_is_one_of_a_folder(camera: str, folder: str) -> None:
    assert folder_name(camera) == folder
