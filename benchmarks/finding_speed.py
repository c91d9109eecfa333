"""How long a finder takes: a frame of footage on one core, a photo from its file on two."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import cv2
import numpy as np
import torch
from PIL import Image

from cratewatch.errors import CratewatchError
from cratewatch.evaluation.finding.truth import Finder
from cratewatch.images.reading import Pixels, decode, pixels

FRAME = (640, 480)
PHOTO = (4000, 3000)
COLUMNS = 4
FRAMES, PHOTOS, UNTIMED = 60, 7, 3


Times = dict[str, float]
"""Medians in ms: `wall`, and `cpu` of all threads, which tells more where other work runs."""


def frame_ms(find: Callable[[], Finder], pictures: Sequence[Pixels]) -> Times:
    """Return the times for a frame, its pixels already there."""
    frames = [pixels(Image.fromarray(one).resize(FRAME)) for one in pictures]
    with _on_cores(1):
        finder = find()
        times = [_timed(partial(finder.find, frames[n % len(frames)])) for n in range(FRAMES)]
    return _medians(times[UNTIMED:])


def photo_ms(find: Callable[[], Finder], pictures: Sequence[Pixels]) -> Times:
    """Return the times from the bytes of a 12-megapixel JPEG to its sleeves."""
    photo = _photo(pictures)
    with _on_cores(2):
        finder = find()
        side_px = max(PHOTO)
        times = [
            _timed(lambda: finder.find(pixels(decode(photo, side_px=side_px))))
            for _ in range(PHOTOS)
        ]
    return _medians(times[1:])


def _photo(pictures: Sequence[Pixels]) -> bytes:
    """Return sixteen pictures beside each other, as a wall of sleeves would be."""
    size = (PHOTO[0] // COLUMNS, PHOTO[1] // COLUMNS)
    tiles = [cv2.resize(pictures[n % len(pictures)], size) for n in range(COLUMNS**2)]
    rows = [np.concatenate(tiles[n : n + COLUMNS], axis=1) for n in range(0, len(tiles), COLUMNS)]
    bgr = np.concatenate(rows)[..., ::-1]
    done, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 92])
    assert done
    return bytes(jpeg)


@contextmanager
def _on_cores(count: int) -> Iterator[None]:
    """Keep what is opened within to some cores.

    Threads that exist already stay where they are, those that start from here on do not.
    """
    before = os.sched_getaffinity(0)
    if len(before) < count:
        raise CratewatchError(f"speed: needs {count} cores, and there are {len(before)}")
    os.sched_setaffinity(0, sorted(before)[:count])
    cv2.setNumThreads(count)
    torch.set_num_threads(count)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)


def _medians(times: Sequence[tuple[float, float]]) -> Times:
    walls, cpus = zip(*times, strict=True)
    return {name: round(statistics.median(ms), 1) for name, ms in (("wall", walls), ("cpu", cpus))}
