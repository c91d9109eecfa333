"""Opens one video file or stream and reads its frames; with video_writing the only use of PyAV."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.error import FFmpegError

from cratewatch.errors import CratewatchError, UnavailableError
from cratewatch.finding.quads import Rgb
from cratewatch.footage.frames import Frame
from cratewatch.secret_url import SecretUrl, reveal

ASSUMED_FPS = 25.0
"""Of a video that does not say its rate."""
MOST_FPS = 240.0
"""A rate above that is the clock of a container, not of a camera."""
TIMEOUT_S = 10.0
STREAMS = ("rtsp://", "rtsps://", "http://", "https://", "rtmp://", "udp://", "tcp://", "srt://")
_UNTIMED = ("mpjpeg", "mjpeg")
"""Formats without timestamps of their own: their frames get the time at which they arrive."""
_REFUSALS = (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError)
"""Calling again would not help, and some cameras lock who tries too often out."""
_REMEDIES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    (
        _REFUSALS,
        "it lets nobody in with this user and password ({said}); correct the URL",
    ),
    ((av.error.HTTPNotFoundError,), "nothing is there (404); check the URL"),
    (
        (av.error.HTTPServerError,),
        "it answers, and has no stream ({said}); look after the camera",
    ),
    ((av.error.FileNotFoundError,), "there is no such file; check the path"),
    (
        (av.error.ExitError, av.error.TimeoutError),
        "nothing came for {timeout_s:g} s; look after the camera and its network",
    ),
    (
        (av.error.InvalidDataError, av.error.EOFError),
        "no video, or one that is cut off ({said}); copy it anew, or give another",
    ),
    ((av.error.PermissionError,), "this user may not read it; change its permissions"),
    ((OSError,), "cannot be reached or read ({said}); check that it is there"),
)


def stream_or_path(where: str | SecretUrl) -> str | None:
    """Return the path, or pattern of paths, that footage is named by; None for a stream's URL."""
    plain = reveal(where)
    return None if plain.startswith(STREAMS) else plain


class Video:
    """An opened video: a file, or a stream by its URL.

    Attributes:
        name: As it may be shown: a URL without its password.
        is_live: Whether it comes as it happens, without an end that is known.
        rate_fps: Nominal frames in a second.
        width_px: Of a frame as a player shows it.
        height_px: Of the same.
        expected: How many frames it says to have; None where it does not say.
        notes: What was wrong with it and was put up with, for people.
    """

    def __init__(self, where: str | SecretUrl, timeout_s: float = TIMEOUT_S) -> None:
        """Open it.

        Args:
            where: A path or a URL.
            timeout_s: After which a stream that says nothing is given up.

        Raises:
            UnavailableError: if it is a stream, and is away.
            CratewatchError: if it cannot be opened, is no video, or has none.
        """
        self._url = where if isinstance(where, SecretUrl) else SecretUrl(where)
        self.name = str(self._url)
        self._timeout_s = timeout_s
        self.notes: list[str] = []
        self._is_stream = stream_or_path(where) is None
        self._container = self._open()
        self.is_live = self._is_stream and self._container.duration is None
        try:
            self._first = self._first_frame()
        except CratewatchError:
            self.close()
            raise
        stream = self._stream
        self.rate_fps = _rate(stream.average_rate) or _rate(stream.guessed_rate) or ASSUMED_FPS
        self.expected = self._count()
        upright = _upright(self._first)
        self.height_px, self.width_px = upright.shape[:2]

    def _open(self) -> Any:
        options = {"rtsp_transport": "tcp"} if self._is_stream else {}
        where = reveal(self._url)
        try:
            container = av.open(where, "r", options=options, timeout=self._timeout_s)
        except (FFmpegError, ValueError) as error:
            raise self._unreadable(error) from error
        if not container.streams.video:
            sound = " (only sound)" if container.streams.audio else ""
            container.close()
            raise CratewatchError(f"{self.name}: no pictures in it{sound}; give a video")
        self._stream: Any = container.streams.video[0]
        self._stream.thread_type = "AUTO"
        return container

    def _first_frame(self) -> Any:
        self._decoded = self._decode()
        try:
            frame = next(self._decoded, None)
        except FFmpegError as error:
            raise self._unreadable(error) from error
        if frame is None:
            raise CratewatchError(f"{self.name}: no picture of it can be read; copy it anew")
        return frame

    def _count(self) -> int | None:
        """Return how many frames are said to come."""
        if self.is_live:
            return None
        if self._stream.frames:
            return int(self._stream.frames)
        duration = self._container.duration
        return max(1, round(duration / av.time_base * self.rate_fps)) if duration else None

    def frames(self, first: int = 0, since_s: float = 0.0) -> Iterator[Frame]:
        """Yield the frames, once, in the order in which they are shown.

        A frame of another size than the first is fitted into that size, with black borders. Where
        timestamps are missing or run backwards, the nominal rate counts on.

        Args:
            first: Number of the first frame.
            since_s: Its time.

        Raises:
            UnavailableError: if a stream stalls or breaks off.
        """
        clock = _Clock(self.rate_fps, self._container.format.name in _UNTIMED and self.is_live)
        size = (self.width_px, self.height_px)
        read = 0
        for read, picture in enumerate(self._all(), start=1):
            pixels = _upright(picture)
            if (pixels.shape[1], pixels.shape[0]) != size:
                self._note("its pictures change size; they are fitted into the first one's")
                pixels = fitted(pixels, *size)
            yield Frame(first + read - 1, since_s + clock.seconds(picture.time), pixels)
        self._compare(read)

    def frame_at(self, seconds: float) -> Frame:
        """Return the frame that is shown at a time, counted from the first one's.

        Raises:
            CratewatchError: if the file ends before, or has no times.
        """
        begin = self._first.time or 0.0
        try:
            self._container.seek(
                round((begin + seconds) / self._stream.time_base), stream=self._stream
            )
            for frame in self._container.decode(self._stream):
                at = (frame.time or 0.0) - begin
                if at >= seconds - 0.5 / self.rate_fps:
                    return Frame(round(at * self.rate_fps), at, _upright(frame))
        except FFmpegError as error:
            raise self._unreadable(error) from error
        raise CratewatchError(f"{self.name}: it ends before {seconds:.1f} s; give the whole video")

    def _all(self) -> Iterator[Any]:
        yield self._first
        try:
            yield from self._decoded
        except FFmpegError as error:
            if self.is_live:
                raise self._unreadable(error) from error
            self._note("its end cannot be read")
        finally:
            self.close()

    def _decode(self) -> Iterator[Any]:
        """Decode packet by packet: what one damaged packet holds is lost, and the rest is read."""
        damaged = 0
        for packet in self._container.demux(self._stream):
            try:
                yield from packet.decode()
            except av.error.InvalidDataError:
                damaged += 1
            except av.error.EOFError:
                break
        if damaged:
            self._note(f"{damaged} damaged packets are left out")

    def _compare(self, read: int) -> None:
        """Note a file that ends long before it says to."""
        if self._stream.frames and read < self._stream.frames:
            self._note(f"cut off: {read} of its {self._stream.frames} frames can be read")

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _unreadable(self, error: Exception) -> CratewatchError:
        said = self._url.hidden_in(getattr(error, "strerror", None) or error)
        is_away = self._is_stream and not isinstance(error, _REFUSALS)
        kind = UnavailableError if is_away else CratewatchError
        return kind(f"{self.name}: {_remedy(error, said, self._timeout_s)}")

    def close(self) -> None:
        """Let go of the file or the connection; any number of times."""
        with contextlib.suppress(FFmpegError):
            self._container.close()


def read_frame(path: Path, seconds: float) -> Frame:
    """Return the frame of a video file that is shown at a time, without reading all before it.

    Raises:
        CratewatchError: if it cannot be read, or ends before.
    """
    video = Video(str(path))
    try:
        return video.frame_at(seconds)
    finally:
        video.close()


class _Clock:
    """Seconds since the first frame, that never run backwards."""

    def __init__(self, rate_fps: float, by_arrival: bool) -> None:
        self._step = 1 / rate_fps
        self._by_arrival = by_arrival
        self._start: float | None = None
        self._last = -self._step

    def seconds(self, stamped: float | None) -> float:
        """Return the time of the next frame."""
        told = time.monotonic() if self._by_arrival else stamped
        counted = self._last + self._step
        if told is None or not math.isfinite(told):
            self._last = counted
            return counted
        if self._start is None:
            self._start = told - counted
        seconds = told - self._start
        if seconds <= self._last:  # stamped twice, or a stream that began anew: count on from here
            self._start = told - counted
            seconds = counted
        self._last = seconds
        return seconds


def _rate(rate: Fraction | None) -> float | None:
    return float(rate) if rate and 0 < rate <= MOST_FPS else None


def _upright(picture: Any) -> Rgb:
    pixels = picture.to_ndarray(format="rgb24")
    turns = round(picture.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels


def fitted(pixels: Rgb, width: int, height: int) -> Rgb:
    """Return a picture scaled into a size, in the middle of black borders."""
    factor = min(width / pixels.shape[1], height / pixels.shape[0])
    size = (max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    whole = np.zeros((height, width, 3), np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    whole[top : top + size[1], left : left + size[0]] = small
    return whole


def _remedy(error: Exception, said: str, timeout_s: float) -> str:
    """Say what is wrong and what to do about it."""
    for kinds, remedy in _REMEDIES:
        if isinstance(error, kinds):
            return remedy.format(said=said, timeout_s=timeout_s)
    return f"cannot be read ({said}); check that it is a video or a camera's URL"
