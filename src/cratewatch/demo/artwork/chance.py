"""What is left to chance on a cover, and the inks beside it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.demo.artwork.canvas import PHOTO_SIDE_PX, Colour, Pixels, Tone, stretched
from cratewatch.demo.artwork.palette import HOUSE_INKS, Palette

Choice = TypeVar("Choice")
Cells = int | tuple[int, int]
"""Blobs across and down in the coarsest octave of clouds."""


@dataclass(frozen=True)
class Chance:
    """One stream of random numbers, in the words of the drawing."""

    rng: np.random.Generator

    @classmethod
    def of(cls, key: str) -> "Chance":
        """Return the chance that belongs to a key: same key, same draws."""
        digest = hashlib.sha256(key.encode()).digest()
        return cls(np.random.default_rng(int.from_bytes(digest[:8], "big")))

    def pick(self, options: Sequence[Choice]) -> Choice:
        """Return one of the options; what stands there twice comes twice as often."""
        return options[int(self.rng.integers(len(options)))]

    def likely(self, probability: float) -> bool:
        """Return True with a probability."""
        return bool(self.rng.random() < probability)

    def count(self, least: int, beyond: int) -> int:
        """Return a whole number from least on, below beyond."""
        return int(self.rng.integers(least, beyond))

    def within(self, low: float, high: float) -> float:
        """Return a number between two."""
        return float(self.rng.uniform(low, high))

    def point(self, low: float, high: float) -> npt.NDArray[np.float64]:
        """Return x and y, each between the two."""
        return self.rng.uniform(low, high, 2)

    def clouds(
        self, cells: Cells = 4, octaves: int = 5, fall: float = 0.55, side_px: int = PHOTO_SIDE_PX
    ) -> Tone:
        """Return clouds that fill 0 to 1.

        Args:
            fall: Weight of each octave relative to the one before: low is smooth, high is rough.
        """
        nx, ny = (cells, cells) if isinstance(cells, int) else cells
        total = np.zeros((side_px, side_px), np.float32)
        for octave in range(octaves):
            shape = (min(ny << octave, side_px) + 1, min(nx << octave, side_px) + 1)
            layer = self.rng.random(shape, dtype=np.float32) * np.float32(fall**octave)
            total += cv2.resize(layer, (side_px, side_px), interpolation=cv2.INTER_CUBIC)
        return stretched(total)

    def veins(self, cells: int = 3) -> Tone:
        """Return bright veins on dark, as in marble or lightning."""
        return np.asarray(1 - np.abs(2 * self.clouds(cells, fall=0.5) - 1), np.float32)

    def grained(self, pixels: Pixels, strength: float) -> Pixels:
        """Add film grain; one small tile of noise repeated is enough for the eye and quick."""
        tile = self.rng.normal(0, strength, (200, 200)).astype(np.int16)
        height, width = pixels.shape[:2]
        grain = np.tile(tile, (height // 200 + 1, width // 200 + 1))[:height, :width]
        return np.asarray(cv2.add(pixels, cv2.merge([grain] * 3), dtype=cv2.CV_8U), np.uint8)

    def mix_palette(self) -> Palette:
        """Return one of the house's sets of inks, turned around the colour wheel by chance."""
        turn = 0.0 if self.likely(0.4) else self.within(-0.5, 0.5)
        palette = Palette.turned(self.pick(HOUSE_INKS), turn)
        return palette.reversed() if self.likely(0.3) else palette


@dataclass(frozen=True)
class Desk(Chance):
    """Chance and the inks that a picture is drawn with."""

    palette: Palette

    @property
    def ink(self) -> Colour:
        """The darkest ink, or the lightest on a reversed sleeve."""
        return self.palette.ink

    @property
    def paper(self) -> Colour:
        """What is printed on."""
        return self.palette.paper

    @property
    def colours(self) -> tuple[Colour, ...]:
        """All inks, from ink to paper."""
        return self.palette.colours

    @property
    def accents(self) -> tuple[Colour, ...]:
        """The inks between."""
        return self.palette.accents

    def two_inks(self) -> list[Colour]:
        """Return two different inks in any order."""
        return [self.colours[i] for i in self.rng.choice(5, 2, replace=False)]

    def pigments(self) -> tuple[Colour, ...]:
        """Return four inks from dark to light."""
        inks = sorted(self.colours, key=sum)
        skip = self.count(1, 4)
        return tuple(ink for i, ink in enumerate(inks) if i != skip)
