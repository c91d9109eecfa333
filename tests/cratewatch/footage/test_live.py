"""Streams that break off, of a camera on loopback."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from cratewatch.errors import CratewatchError, UnavailableError
from cratewatch.footage import live
from cratewatch.footage.frames import Frame
from cratewatch.footage.live import Calling, LiveStream
from cratewatch.footage.newest import Newest
from cratewatch.footage.sources import Source, open_source
from tests.camera_server import CameraServer, camera_server


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "FIRST_WAIT_S", 0.05)


@pytest.fixture
def camera() -> Iterator[CameraServer]:
    """One that cuts each connection after ten pictures."""
    with camera_server(each=10) as served:
        yield served


def called(camera: CameraServer, again_s: float = 20.0, **options: object) -> Source:
    calling = Calling(timeout_s=5, again_s=again_s, **options)  # type: ignore[arg-type]
    return open_source(camera.url, calling=calling)


def test_a_stream_that_breaks_off_goes_on(camera: CameraServer) -> None:
    source = called(camera)
    frames: list[Frame] = []
    for frame in source.frames():
        frames.append(frame)
        if frame.number >= 25:
            source.close()

    assert [frame.number for frame in frames] == list(range(len(frames)))
    seconds = [frame.seconds for frame in frames]
    assert seconds == sorted(set(seconds))
    assert source.reconnects >= 2
    assert camera.calls == source.reconnects + 1
    assert any(note.startswith(f"broke off {source.reconnects} times") for note in source.notes)


def test_the_time_in_which_it_was_away_passes(camera: CameraServer) -> None:
    source = called(camera)
    before = after = 0.0
    for frame in source.frames():
        if source.reconnects:
            after = frame.seconds
            source.close()
            break
        before, camera.is_away = frame.seconds, True
        if frame.number == 0:
            threading.Timer(2.0, setattr, (camera, "is_away", False)).start()
    assert after > 1.9
    assert after - before > 0.9


def test_one_that_stays_away_is_given_up(camera: CameraServer) -> None:
    frames = called(camera, again_s=0.5).frames()
    next(frames)
    camera.is_away = True
    with pytest.raises(UnavailableError, match="has no stream"):
        list(frames)


def test_without_patience_it_is_called_once(camera: CameraServer) -> None:
    with pytest.raises(UnavailableError):
        list(called(camera, again_s=0.0).frames())
    assert camera.calls == 1


def test_a_stream_that_stalls_is_called_again(camera: CameraServer) -> None:
    camera.each, camera.stalls = None, True
    source = open_source(camera.url, calling=Calling(timeout_s=0.5, again_s=20.0))
    for frame in source.frames():
        if frame.number == 3:
            camera.stalls = source.reconnects == 0
        if source.reconnects:
            break
    assert source.reconnects == 1


def test_one_that_comes_back_with_another_size_is_fitted(camera: CameraServer) -> None:
    source = called(camera)
    sizes = set()
    for frame in source.frames():
        camera.size_px = (128, 96)
        sizes.add((source.reconnects > 0, frame.pixels.shape))
        if source.reconnects:
            break
    assert sizes == {(False, (48, 64, 3)), (True, (48, 64, 3))}


def test_a_camera_that_is_not_there_at_first_is_waited_for(camera: CameraServer) -> None:
    camera.is_away = True
    with pytest.raises(UnavailableError):
        called(camera)
    threading.Timer(0.5, setattr, (camera, "is_away", False)).start()
    assert isinstance(called(camera, from_start=True), LiveStream)


def test_a_wrong_password_is_not_tried_again(camera: CameraServer) -> None:
    camera.url = camera.url.replace("secret", "guessed")
    with pytest.raises(CratewatchError, match="lets nobody in") as caught:
        called(camera, from_start=True)
    assert "guessed" not in str(caught.value)
    assert (camera.calls, camera.refused) == (0, 2)  # without the password, and with it


def test_who_waits_for_a_camera_can_be_stopped(camera: CameraServer) -> None:
    source = called(camera, again_s=600.0)
    camera_goes = threading.Timer(0.2, setattr, (camera, "is_away", True))
    stop = threading.Timer(2.0, source.close)
    camera_goes.start()
    stop.start()
    began = time.monotonic()
    assert list(Newest(source.frames(), source.close))
    assert time.monotonic() - began < 30
