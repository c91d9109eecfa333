"""What footage is read from: a video, several in turn, single pictures, or a stream."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.finding.quads import Rgb
from cratewatch.footage.frames import Frame
from cratewatch.footage.live import Calling, LiveStream, open_video, sized
from cratewatch.footage.video import ASSUMED_FPS, Video, stream_or_path
from cratewatch.images.reading import SUFFIXES, decode, read_file
from cratewatch.secret_url import SecretUrl

VIDEOS = (
    *(".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".mts"),
    *(".wmv", ".flv", ".3gp", ".ogv", ".gif", ".h264", ".h265", ".hevc", ".mjpeg", ".mjpg"),
)
PICTURES = tuple(suffix for suffix in SUFFIXES if suffix not in VIDEOS)
MOST_SIDE_PX = 8192
_NUMBERED = re.compile(r"%0?(\d*)d")


class Source(Protocol):
    """Footage that can be read once.

    Attributes:
        name: As it may be shown.
        files: What it is read from, in order; none for a stream.
        is_live: Whether it comes as it happens.
        rate_fps: Nominal frames in a second.
        width_px: Of every frame.
        height_px: Of every frame.
        expected: How many frames there seem to be; None of a stream.
        notes: What was wrong with it and was put up with; more may come while it is read.
        reconnects: How often a stream broke off and came back.
    """

    name: str
    files: Sequence[Path]
    is_live: bool
    rate_fps: float
    width_px: int
    height_px: int
    expected: int | None
    notes: list[str]
    reconnects: int

    def frames(self) -> Iterator[Frame]:
        """Yield the frames, once; raise CratewatchError where a stream breaks off for good."""

    def close(self) -> None:
        """Let go of it; any number of times, and of a stream from any thread."""


def open_source(
    where: str | SecretUrl, *, picture_fps: float = ASSUMED_FPS, calling: Calling | None = None
) -> Source:
    """Open footage.

    Args:
        where: A file, a folder, a pattern (``day/*.mp4``, ``frames/%06d.jpg``), or the URL of a
            stream. Videos of a folder or a pattern are one footage, in the order of their names.
        picture_fps: Rate of single pictures, which have no time of their own.
        calling: How a stream is called; None: once.

    Raises:
        NotFoundError: if nothing is there.
        CratewatchError: if it cannot be read as footage.
    """
    path = stream_or_path(where)
    if path is None:
        calling = calling or Calling()
        video = open_video(where, calling)
        return LiveStream(where, video, calling) if video.is_live else _OneVideo(video, ())
    files = _files(path)
    if files[0].suffix.lower() in PICTURES:
        return _Pictures(path, files, picture_fps)
    return _Videos(path, files) if len(files) > 1 else _OneVideo(Video(str(files[0])), files)


def digest(files: Sequence[Path]) -> str | None:
    """Return the sha256 over the bytes of files in their order; None of no file."""
    if not files:
        return None
    seen = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                seen.update(block)
    return seen.hexdigest()


def _files(where: str) -> list[Path]:
    path = Path(where)
    if path.is_dir():
        found = _videos_or_pictures([one for one in path.iterdir() if one.is_file()])
    elif path.exists():
        return [path]
    elif _NUMBERED.search(path.name):
        found = _numbered(path)
    elif glob.has_magic(where):
        matching = glob.glob(where, recursive=True)  # noqa: PTH207  a pattern may be absolute
        found = _videos_or_pictures([Path(one) for one in matching])
    else:
        raise NotFoundError(f"{where}: no such file or folder; check --input")
    if not found:
        raise NotFoundError(f"{where}: no video and no pictures there; check --input")
    return found


def _videos_or_pictures(files: Sequence[Path]) -> list[Path]:
    """Return the videos, or if there is none the pictures, by name."""
    for suffixes in (VIDEOS, PICTURES):
        if found := [one for one in files if one.suffix.lower() in suffixes]:
            return sorted(found)
    return []


def _numbered(path: Path) -> list[Path]:
    """Return the files of ``%06d.jpg`` by number, whatever number they start with."""
    before, width, after = _NUMBERED.split(path.name, maxsplit=1)
    digits = rf"\d{{{int(width)},}}" if width else r"\d+"
    fits = re.compile(rf"{re.escape(before)}({digits}){re.escape(after)}")
    names = os.listdir(path.parent) if path.parent.is_dir() else []  # noqa: PTH208  names alone
    numbers = {name: int(found[1]) for name in names if (found := fits.fullmatch(name))}
    return [path.parent / name for name in sorted(numbers, key=numbers.__getitem__)]


class _OneVideo:
    """A video file, of this machine or of a server."""

    is_live = False
    reconnects = 0

    def __init__(self, video: Video, files: Sequence[Path]) -> None:
        self._video = video
        self.files = files
        self.name = video.name
        self.rate_fps = video.rate_fps
        self.width_px, self.height_px = video.width_px, video.height_px
        self.expected = video.expected
        self.notes = video.notes

    def frames(self) -> Iterator[Frame]:
        return self._video.frames()

    def close(self) -> None:
        self._video.close()


class _Videos:
    """Several videos as one footage: a recorder cuts its day into files."""

    is_live = False
    reconnects = 0

    def __init__(self, name: str, files: Sequence[Path]) -> None:
        self.name = name
        self.files = files
        self.notes: list[str] = []
        self._open: Video | None = Video(str(files[0]))
        first = self._open
        self.rate_fps = first.rate_fps
        self.width_px, self.height_px = first.width_px, first.height_px
        self.expected = first.expected and first.expected * len(files)

    def frames(self) -> Iterator[Frame]:
        number, since_s = 0, 0.0
        for file in self.files:
            video = self._open or Video(str(file))
            for frame in video.frames(number, since_s):
                yield sized(frame, self.width_px, self.height_px)
                number, since_s = frame.number + 1, frame.seconds + 1 / video.rate_fps
            self.notes.extend(f"{file.name}: {note}" for note in video.notes)
            self._open = None
        self.expected = number

    def close(self) -> None:
        if self._open:
            self._open.close()


class _Pictures:
    """Single pictures at a steady rate."""

    is_live = False
    reconnects = 0

    def __init__(self, name: str, files: Sequence[Path], rate_fps: float) -> None:
        self.name = name
        self.files = files
        self.notes: list[str] = []
        self.rate_fps = rate_fps
        self.expected: int | None = len(files)
        first = _pixels(files[0])
        self.height_px, self.width_px = first.shape[:2]

    def frames(self) -> Iterator[Frame]:
        for number, file in enumerate(self.files):
            frame = Frame(number, number / self.rate_fps, _pixels(file))
            yield sized(frame, self.width_px, self.height_px)

    def close(self) -> None:
        pass


def _pixels(file: Path) -> Rgb:
    """Read a picture; raises CratewatchError where it is none."""
    try:
        return np.asarray(decode(read_file(file), side_px=MOST_SIDE_PX), np.uint8)
    except CratewatchError as error:
        raise CratewatchError(f"{file}: {error}; leave it out or mend it") from error
