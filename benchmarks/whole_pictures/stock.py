"""What whole pictures are made of: scenes, covers and hands that no training sees."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageSequence

from benchmarks.real_collection import RealCover, held_out
from cratewatch.embedding.saved_models import shipped_models, train_artworks
from cratewatch.errors import CratewatchError
from cratewatch.evaluation.protocol.hands import load_hands
from cratewatch.images.reading import Pixels, load, pixels
from cratewatch.lake.folder import FolderLake

HELD_OUT_OF = 5
SHARP_PX = 400
"""Scenes with a longer side from here on make large pictures; the others small, blurred ones."""
FRAMES = 16
WRIST_DEG = {
    1: 0, 2: 200, 4: 190, 5: 190, 7: 215, 8: 340, 10: 340, 11: 320, 13: 300, 14: 20,
    16: 200, 17: 150, 19: 260, 20: 330, 22: 290, 23: 30, 25: 270, 26: 40, 28: 270, 29: 310,
    31: 270, 32: 45, 34: 60, 35: 310, 37: 80, 38: 10, 40: 250, 41: 30, 43: 250, 44: 135,
    46: 45, 47: 90, 49: 110, 50: 60, 52: 90, 53: 60, 55: 120, 56: 160,
}  # fmt: skip
"""Where the wrist leaves each cut-out, by the number in its name: right is 0, down 90."""


@dataclass(frozen=True)
class Hand:
    """A cut-out (H, W, 4) uint8 and where its wrist leaves it, None if that is not known."""

    rgba: Pixels
    wrist_deg: float | None


@dataclass(frozen=True)
class Cover:
    file: str
    artwork: str


class Stock:
    """All that is drawn from; pictures are read when they are asked for."""

    def __init__(self, data: Path, listed: Sequence[RealCover]) -> None:
        self._data = data
        scenes = [file for file in sorted((data / "scenes").glob("*.jpg")) if is_held_out(file)]
        sizes = {file: max(Image.open(file).size) for file in scenes}
        self.sharp = [file for file in scenes if sizes[file] >= SHARP_PX]
        self.soft = [file for file in scenes if sizes[file] < SHARP_PX]
        self.covers = _unseen(listed)
        self.hands = _hands(data / "occluders" / "hands")
        self.square = _frames_of_video(data / "footage" / "pets09-s2l1" / "video.mp4")
        self.aisle = _frames_of_gif(data / "footage" / "store-aisle.gif")

    def scene(self, file: Path) -> Pixels:
        return pixels(load(file))

    def cover(self, cover: Cover) -> Pixels:
        """Return a cover as a square."""
        picture = pixels(load(self._data / "covers" / cover.file))
        side = min(picture.shape[:2])
        return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA))


def is_held_out(file: Path) -> bool:
    """Whether a scene is of the fixed fifth that no finder is trained on."""
    return hashlib.sha256(file.name.encode()).digest()[0] % HELD_OUT_OF == 0


def _unseen(listed: Sequence[RealCover]) -> list[Cover]:
    """Return the first cover of each held-out artwork, none of which a model that ships has seen.

    Collections grow, and with them the pairs by which artworks are told: few that were not held
    out when a model was trained are now.
    """
    nowhere = FolderLake(Path("build/no-lake"))
    seen = {one for name in shipped_models() for one in train_artworks(nowhere, name)}
    known = {cover.artwork for cover in listed if cover.cover_id in seen}
    unseen = held_out(listed) - known
    first = {cover.artwork: cover for cover in reversed(listed) if cover.artwork in unseen}
    return [Cover(cover.file, artwork) for artwork, cover in sorted(first.items())]


def _hands(folder: Path) -> list[Hand]:
    numbers = [_number(file) for file in sorted(folder.glob("*.png"))]
    return [
        Hand(rgba, WRIST_DEG.get(number))
        for rgba, number in zip(load_hands(folder), numbers, strict=True)
    ]


def _number(file: Path) -> int:
    digits = "".join(letter for letter in file.stem if letter.isdigit())
    return int(digits or -1)


def _frames_of_video(file: Path) -> list[Pixels]:
    video = cv2.VideoCapture(str(file))
    count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    frames: list[Pixels] = []
    for number in range(count):
        if video.grab() and number % max(1, count // FRAMES) == 0:
            frames.append(np.asarray(video.retrieve()[1][..., ::-1], np.uint8))
    video.release()
    if not frames:
        raise CratewatchError(f"{file}: no frame can be read; see the README beside it")
    return frames


def _frames_of_gif(file: Path) -> list[Pixels]:
    with Image.open(file) as animation:
        frames = [pixels(frame) for frame in ImageSequence.Iterator(animation)]
    return frames[:: max(1, len(frames) // FRAMES)]
