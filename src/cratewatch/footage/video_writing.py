"""Writes H.264 that browsers play; with video the only use of PyAV."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np

from cratewatch.footage.frames import Frame
from cratewatch.footage.whole_files import WholeFile

TICKS = 90_000
"""Of its clock in a second, as in transport streams: every frame keeps its time."""
KEYFRAME_S = 2.0
"""Apart; each begins a fragment, so that a process that is killed leaves all but the last."""


class VideoWriter:
    """An mp4 of fragments, each whole in itself; use it as a context."""

    def __init__(self, path: Path, width_px: int, height_px: int, rate_fps: float) -> None:
        """Open the file; an odd last row or column of the frames is left out.

        Raises:
            OSError: if it cannot be written, here and later; what was written before plays.
        """
        self._size = (max(2, width_px // 2 * 2), max(2, height_px // 2 * 2))
        self._last = -1
        self._file = WholeFile(path)
        self._is_cut_off = False
        self._made = _Made()
        self._container: Any = av.open(
            self._made,
            "w",
            format="mp4",
            options={"movflags": "frag_keyframe+empty_moov+default_base_moof"},
        )
        self._stream: Any = self._add_stream(rate_fps)

    def _add_stream(self, rate_fps: float) -> Any:
        rate = Fraction(rate_fps).limit_denominator(1001)
        stream = self._container.add_stream("libx264", rate=rate)
        stream.width, stream.height = self._size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, TICKS)
        stream.codec_context.gop_size = max(1, round(rate_fps * KEYFRAME_S))
        stream.options = {"preset": "veryfast", "crf": "23"}
        return stream

    def write(self, frame: Frame) -> None:
        """Add a frame at its own time, later than the one before."""
        width, height = self._size
        picture = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(frame.pixels[:height, :width]), format="rgb24"
        )
        self._last = max(self._last + 1, round(frame.seconds * TICKS))
        picture.pts, picture.time_base = self._last, Fraction(1, TICKS)
        self._container.mux(self._stream.encode(picture))
        self._save()

    def close(self) -> None:
        """Write what is still to come, and end the file."""
        with contextlib.closing(self._file):
            self._container.mux(self._stream.encode(None))
            self._container.close()
            self._save()

    def _save(self) -> None:
        """Write the fragments that are made; after one that is missing none makes sense."""
        made = self._made.take()
        if self._is_cut_off:
            return
        self._is_cut_off = True
        self._file.write(made)
        self._is_cut_off = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Made:
    """Takes what the muxer writes: were it to write to a full disk itself, it would crash."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keep a copy."""
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """Return what came since the last call."""
        made = b"".join(self._parts)
        self._parts.clear()
        return made
