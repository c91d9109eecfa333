from __future__ import annotations

import contextlib
import hashlib
import io
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.footage.frames import Frame
from cratewatch.footage.live import Calling
from cratewatch.footage.sources import digest, open_source
from cratewatch.footage.video_writing import VideoWriter
from tests.videos import plain, write, write_sound

FAST_START = "faststart"


def read(where: Path | str) -> list[Frame]:
    return list(open_source(str(where)).frames())


def seconds_of(frames: list[Frame]) -> list[float]:
    return [round(frame.seconds, 3) for frame in frames]


def test_frames_have_number_time_and_pixels(tmp_path: Path) -> None:
    frames = read(write(tmp_path / "a.mp4", [plain(n) for n in range(12)], rate=5))

    assert [frame.number for frame in frames] == list(range(12))
    assert seconds_of(frames) == [round(n / 5, 3) for n in range(12)]
    assert frames[3].pixels.shape == (48, 64, 3)
    assert np.abs(frames[3].pixels.astype(int) - plain(3)).mean() < 5


def test_a_source_tells_its_size_rate_and_length(tmp_path: Path) -> None:
    source = open_source(str(write(tmp_path / "a.mp4", [plain(n) for n in range(12)])))

    assert (source.width_px, source.height_px, source.rate_fps) == (64, 48, 10)
    assert source.expected == 12
    assert not source.is_live
    assert source.notes == []


def test_times_of_a_variable_rate_are_those_of_the_file(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.5, 0.52, 3.0]
    assert seconds_of(read(write(tmp_path / "a.mkv", [plain(n) for n in range(5)], times))) == times


def test_times_count_from_the_first_frame(tmp_path: Path) -> None:
    times = [100.0, 100.1, 100.4]
    frames = read(write(tmp_path / "a.mkv", [plain(n) for n in range(3)], times))
    assert seconds_of(frames) == [0, 0.1, 0.4]


@pytest.mark.parametrize(("turned", "corner"), [(90, "sw"), (-90, "ne"), (180, "se")])
def test_a_turned_video_is_read_upright(tmp_path: Path, turned: int, corner: str) -> None:
    source = open_source(
        str(write(tmp_path / "a.mp4", [plain(n) for n in range(3)], turned_deg=turned))
    )
    pixels = next(iter(source.frames())).pixels

    upright = (48, 64) if turned == 180 else (64, 48)
    assert pixels.shape[:2] == upright == (source.height_px, source.width_px)
    y = 4 if "n" in corner else -4
    x = -4 if "e" in corner else 4
    assert pixels[y, x].min() > 200
    assert sum(pixels[a, b].min() > 200 for a in (4, -4) for b in (4, -4)) == 1


def test_a_file_without_rate_or_times_is_counted_by_its_nominal_rate(tmp_path: Path) -> None:
    file = write(tmp_path / "a.mjpeg", [plain(n) for n in range(4)], codec="mjpeg")
    frames = read(file)
    assert seconds_of(frames) == [0, 0.04, 0.08, 0.12]


def test_one_frame(tmp_path: Path) -> None:
    assert seconds_of(read(write(tmp_path / "a.mp4", [plain(0)]))) == [0]


def test_pictures_that_change_size_are_fitted_into_the_first_size(tmp_path: Path) -> None:
    parts = [
        write(tmp_path / "a.ts", [plain(n) for n in range(6)]),
        write(tmp_path / "b.ts", [plain(n, 128, 48) for n in range(6)]),
    ]
    whole = tmp_path / "whole.ts"
    whole.write_bytes(b"".join(part.read_bytes() for part in parts))
    source = open_source(str(whole))
    frames = list(source.frames())

    assert {frame.pixels.shape for frame in frames} == {(48, 64, 3)}
    assert len(frames) == 12
    assert frames[-1].pixels[0].max() < 30
    assert source.notes == ["its pictures change size; they are fitted into the first one's"]
    assert all(a < b for a, b in zip(seconds_of(frames), seconds_of(frames)[1:], strict=False))


def test_of_a_file_that_is_cut_off_what_is_there_is_read(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 48, 64, 3), dtype=np.uint8)
    file = write(tmp_path / "a.mp4", list(noise), movflags=FAST_START)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    source = open_source(str(file))
    frames = list(source.frames())

    assert 5 < len(frames) < 35
    assert source.notes[-1] == f"cut off: {len(frames)} of its 40 frames can be read"


def test_damaged_packets_cost_only_themselves(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 48, 64, 3), dtype=np.uint8)
    file = write(tmp_path / "a.mp4", list(noise), movflags=FAST_START)
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = b"\xff" * 3000
    file.write_bytes(data)
    assert len(read(file)) > 30


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"", "no video, or one that is cut off"), (b"words, only words\n" * 99, "no video, or")],
)
def test_what_is_no_video_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(data)
    with pytest.raises(CratewatchError, match=said):
        read(file)


@pytest.mark.parametrize("box", [b"stsd", b"stts"])
def test_a_file_whose_index_is_cut_off_is_refused(tmp_path: Path, box: bytes) -> None:
    file = write(tmp_path / "a.mp4", [plain(n) for n in range(40)])
    whole = file.read_bytes()
    file.write_bytes(whole[: whole.index(box) + 8])
    with pytest.raises(CratewatchError, match=r"a\.mp4: no video, or one that is cut off"):
        read(file)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CratewatchError, match=r"no pictures in it \(only sound\)"):
        read(write_sound(tmp_path / "a.mp4"))


def test_a_folder_of_videos_is_one_footage(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.mp4"):
        write(tmp_path / name, [plain(n) for n in range(3)])
    (tmp_path / "notes.txt").write_text("no video")
    source = open_source(str(tmp_path))
    frames = list(source.frames())

    assert [file.name for file in source.files] == ["a.mp4", "b.mp4"]
    assert [frame.number for frame in frames] == list(range(6))
    assert seconds_of(frames) == [0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert source.expected == 6


def test_a_pattern_of_videos(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.mp4", "c.mkv"):
        write(tmp_path / name, [plain(n) for n in range(3)])
    assert len(read(f"{tmp_path}/*.mp4")) == 6


def test_pictures_by_number_or_from_a_folder(tmp_path: Path) -> None:
    for number in (9, 10, 11):
        Image.fromarray(plain(number)).save(tmp_path / f"f{number:06d}.png")
    numbered = open_source(f"{tmp_path}/f%06d.png", picture_fps=2)
    frames = list(numbered.frames())

    assert seconds_of(frames) == [0, 0.5, 1]
    assert frames[1].pixels[-1, -1, 0] == 40 + 5 * 10
    assert [f.pixels.tolist() for f in read(tmp_path)] == [f.pixels.tolist() for f in frames]


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    Image.fromarray(plain(0)).save(tmp_path / "0.png")
    (tmp_path / "1.png").write_bytes(b"no picture")
    with pytest.raises(CratewatchError, match=r"1\.png: .*leave it out"):
        read(tmp_path)


@pytest.mark.parametrize("where", ["nowhere.mp4", "nowhere/*.mp4", "nowhere/%04d.jpg", "."])
def test_nothing_there(tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFoundError, match="check --input"):
        read(where)


def test_the_digest_is_that_of_all_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    (tmp_path / "b").write_bytes(b"two")
    assert digest([tmp_path / "a", tmp_path / "b"]) == hashlib.sha256(b"onetwo").hexdigest()
    assert digest([]) is None


class _Camera(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """Serve on a port of loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _MjpegCamera(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for number in range(20):
                jpeg = io.BytesIO()
                Image.fromarray(plain(number)).save(jpeg, "jpeg")
                self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\n")
                self.wfile.write(f"Content-Length: {jpeg.tell()}\r\n\r\n".encode())
                self.wfile.write(jpeg.getvalue() + b"\r\n")
                time.sleep(0.05)

    def log_message(self, *_: object) -> None:
        pass


def test_a_camera_that_sends_pictures_is_live_and_timed_by_arrival() -> None:
    with serving(_MjpegCamera) as port:
        source = open_source(f"http://127.0.0.1:{port}/video", calling=Calling(timeout_s=5))
        frames: list[Frame] = []
        with pytest.raises(CratewatchError, match="cannot be reached or read"):
            frames.extend(source.frames())  # it takes them one by one, until the camera is gone

    assert source.is_live
    assert source.expected is None
    assert list(source.files) == []
    assert 15 <= len(frames) <= 20
    times = [frame.seconds for frame in frames]
    assert times == sorted(set(times))
    assert times[-1] < 5


def test_a_wrong_password_is_said_and_not_shown() -> None:
    with (
        serving(_Camera) as port,
        pytest.raises(CratewatchError, match="lets nobody in") as caught,
    ):
        open_source(f"http://me:secret@127.0.0.1:{port}/video")
    assert "secret" not in str(caught.value)


def test_a_stream_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(CratewatchError, match=r"nothing came for 0\.5 s"):
            open_source(f"http://127.0.0.1:{port}/video", calling=Calling(timeout_s=0.5))


def test_no_camera_there() -> None:
    with pytest.raises(CratewatchError, match="cannot be reached or read"):
        open_source("rtsp://127.0.0.1:9/video")


def write_grey(path: Path) -> bytes:
    """Write a hundred frames; return what is there before the file is closed."""
    with VideoWriter(path, 64, 48, 10) as writer:
        for number in range(100):
            writer.write(Frame(number, number / 10, plain(number)))
        return path.read_bytes()


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.15, 0.9]
    with VideoWriter(tmp_path / "a.mp4", 65, 49, 10) as writer:
        for number, seconds in enumerate(times):
            writer.write(Frame(number, seconds, plain(number, 65, 49)))
    source = open_source(str(tmp_path / "a.mp4"))
    frames = list(source.frames())

    assert seconds_of(frames) == times
    assert (source.width_px, source.height_px) == (64, 48)
    assert np.abs(frames[3].pixels.astype(int) - plain(3, 65, 49)[:48, :64]).mean() < 5


def test_what_a_killed_writer_left_plays(tmp_path: Path) -> None:
    left = write_grey(tmp_path / "a.mp4")
    (tmp_path / "killed.mp4").write_bytes(left)
    assert 20 <= len(read(tmp_path / "killed.mp4")) < 100


def test_a_writer_without_room_says_so() -> None:
    with pytest.raises(OSError, match="No space left"):
        write_grey(Path("/dev/full"))
