"""A sleeve at the printer's: picture, words, inks and type, ready to be laid out."""

from dataclasses import dataclass, replace

from cratewatch.demo.artwork.canvas import Box, Colour, Pixels, filled, resized, to_tone
from cratewatch.demo.artwork.chance import Chance, Desk
from cratewatch.demo.artwork.lettering import Face, Setting, write


@dataclass(frozen=True)
class Words:
    """What is printed: artist and title, one of them loud, the other quiet."""

    loud: str
    quiet: str
    label: str
    number: str


@dataclass(frozen=True)
class Places:
    """Where the words stand, and how.

    Attributes:
        number: Of the volume, where there is one.
        align: 0 for the left and upper edge of each box, 0.5 for the middle, 1 for the right.
        colour: Of the loud words; None for ink or paper.
    """

    loud: Box
    quiet: Box
    number: Box
    align: float = 0.0
    colour: Colour | None = None


@dataclass(frozen=True)
class Sleeve:
    """What a layout arranges.

    Where a text is given no colour, or one that would not read, it is printed in ink or paper.

    Attributes:
        style: Chance that all covers of a series share.
        chance: That of this cover alone.
    """

    picture: Pixels
    words: Words
    display: Face
    text: Face
    style: Desk
    chance: Chance

    def bled(self) -> Pixels:
        """Return a sleeve with the picture everywhere."""
        return resized(self.picture)

    def grounded(self, *grounds: Colour) -> Pixels:
        """Return a sleeve in one of these colours."""
        return filled(self.style.pick(grounds))

    def paste(self, base: Pixels, box: Box) -> None:
        """Lay the picture into a box of the base."""
        base[box.window] = resized(self.picture, box.width, box.height)

    def lettered(self, base: Pixels, places: Places) -> Pixels:
        """Print all words, and return base."""
        loud = Setting(self.display, places.colour, places.align)
        self.print(base, self.words.loud, places.loud, loud)
        self.print_small(base, self.words.quiet, places.quiet, align=places.align)
        if self.words.number:
            self.print(base, self.words.number, places.number, Setting(self.display, align=1.0))
        return base

    def print_small(
        self, base: Pixels, text: str, box: Box, colour: Colour | None = None, align: float = 0.0
    ) -> None:
        """Print a line of text type."""
        self.print(base, text, box, Setting(self.text, colour, align))

    def print(self, base: Pixels, text: str, box: Box, setting: Setting) -> None:
        """Print a line into a box, in a colour that stands out from what lies there."""
        ground = to_tone(base[box.window])
        light = float(ground.mean())
        face, colour = setting.face, setting.colour
        if colour is None or abs(sum(colour) / 765 - light) < 0.3:
            colour = self.style.palette.contrasting(light)
        if float(ground.std()) > 0.2:
            face = replace(face, shadow_px=max(face.shadow_px, 3))
        write(base, text, box, Setting(face, colour, setting.align), self.chance)
