"""A sleeve at the printer's: picture, words, inks and type, ready to be laid out."""

from dataclasses import dataclass, replace

import numpy as np

from cratewatch.demo.artwork.canvas import Box, Colour, Pixels, to_tone
from cratewatch.demo.artwork.lettering import Face, Setting, write
from cratewatch.demo.artwork.palette import Palette


@dataclass(frozen=True)
class Words:
    """What is printed: artist and title, one of them loud, the other quiet."""

    loud: str
    quiet: str
    label: str
    number: str


@dataclass(frozen=True)
class Sleeve:
    """What a layout arranges.

    Where a text is given no colour, or one that would not read, it is printed in ink or paper.

    Attributes:
        style: Chance that all covers of a series share.
        rng: Chance of this cover alone.
    """

    picture: Pixels
    words: Words
    palette: Palette
    display: Face
    text: Face
    style: np.random.Generator
    rng: np.random.Generator

    def print_loud(
        self, base: Pixels, box: Box, colour: Colour | None = None, align: float = 0.0
    ) -> None:
        self._print(base, self.words.loud, box, Setting(self.display, colour, align))

    def print_quiet(
        self, base: Pixels, box: Box, colour: Colour | None = None, align: float = 0.0
    ) -> None:
        self.print_small(base, self.words.quiet, box, colour, align)

    def print_small(
        self, base: Pixels, text: str, box: Box, colour: Colour | None = None, align: float = 0.0
    ) -> None:
        self._print(base, text, box, Setting(self.text, colour, align))

    def print_number(self, base: Pixels, box: Box) -> Pixels:
        if self.words.number:
            self._print(base, self.words.number, box, Setting(self.display, align=1.0))
        return base

    def _print(self, base: Pixels, text: str, box: Box, setting: Setting) -> None:
        ground = to_tone(base[box.window])
        light = float(ground.mean())
        face, colour = setting.face, setting.colour
        if colour is None or abs(sum(colour) / 765 - light) < 0.3:
            colour = self.palette.contrasting(light)
        if float(ground.std()) > 0.2:
            face = replace(face, shadow_px=max(face.shadow_px, 3))
        write(base, text, box, Setting(face, colour, setting.align), self.rng)
