"""Small videos, drawn on the spot."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

Rgb = np.ndarray


def plain(number: int, width: int = 64, height: int = 48) -> Rgb:
    """A picture whose left upper quarter is white, on a grey that tells its number."""
    picture = np.full((height, width, 3), 40 + 5 * (number % 30), np.uint8)
    picture[: height // 2, : width // 2] = 255
    return picture


def write(
    path: Path,
    pictures: Sequence[Rgb],
    seconds: Sequence[float] | None = None,
    *,
    rate: int = 10,
    turned_deg: int = 0,
    codec: str = "libx264",
    **options: str,
) -> Path:
    """Write pictures, by default at a steady rate."""
    with av.open(str(path), "w", options=options) as file:
        stream: Any = file.add_stream(codec, rate=rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        if turned_deg:
            stream.set_display_rotation(turned_deg)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = round(1000 * (seconds[number] if seconds else number / rate))
            frame.time_base = Fraction(1, 1000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def write_sound(path: Path) -> Path:
    """Write a second of silence."""
    with av.open(str(path), "w") as file:
        stream: Any = file.add_stream("aac", rate=8000)
        for number in range(8):
            frame = av.AudioFrame.from_ndarray(
                np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts = 8000, number * 1024
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path
