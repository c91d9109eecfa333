"""The inks of a sleeve."""

import colorsys
from collections.abc import Iterable
from dataclasses import dataclass

from cratewatch.demo.artwork.canvas import Colour

# From dark to light: ink, three accents, paper.
HOUSE_INKS = [
    row.split()
    for row in """
        14110f d1495b edae49 66a182 f4f1de
        0b132b 1c7293 f25f5c ffe066 fdfcf7
        1a1423 684756 d56062 f37748 f5ebe0
        10002b 5a189a c77dff ff9e00 fff3d6
        081c15 2d6a4f 74c69d d8973c f1faee
        000000 c1121f fdf0d5 669bbc ffffff
        23190f 8a5a24 c98f3e e3c58b f7efdc
        03071e 9d0208 e85d04 faa307 fff8e7
        101820 00798c 30bced fc5130 fffaff
        22223b 4a4e69 9a8c98 c9ada7 f2e9e4
        0d1b2a 415a77 778da9 e0a458 e0e1dd
        17120f 3f3a36 8c857b c9c2b6 f4f0e8
        000000 2b2b2b 7a7a7a c8c8c8 ffffff
        160f29 246a73 368f8b f3dfc1 fffbf2
        2b0a3d e0218a ff8fab 00bbf9 fef9ef
        1d1a05 8b8000 e8d33f d9480f fbf8e3
        201e1f ff4000 faaa8d 50b2c0 feefdd
        0a2342 2ca58d 84bc9c f46197 fffdf7
        2d132c 801336 c72c41 ee4540 f7dfd3
        121212 1db954 f7b801 f35b04 f5f5f0
    """.strip().splitlines()
]


@dataclass(frozen=True)
class Palette:
    """Attributes: colours: Five inks from dark to light, the first and last far apart."""

    colours: tuple[Colour, ...]

    @classmethod
    def turned(cls, inks: Iterable[str], turn: float) -> "Palette":
        """Return the inks, in hexadecimal digits, turned around the colour wheel, 1 for once."""
        return cls(tuple(_turned(bytes.fromhex(ink), turn) for ink in inks))

    @property
    def ink(self) -> Colour:
        """The darkest ink, or the lightest of a reversed palette."""
        return self.colours[0]

    @property
    def accents(self) -> tuple[Colour, ...]:
        """The inks between."""
        return self.colours[1:4]

    @property
    def inks(self) -> tuple[Colour, ...]:
        """What is printed on the paper."""
        return self.colours[:-1]

    @property
    def paper(self) -> Colour:
        """What is printed on."""
        return self.colours[-1]

    def reversed(self) -> "Palette":
        """Return the palette of a negative."""
        return Palette(self.colours[::-1])

    def contrasting(self, background: float) -> Colour:
        """Return the ink or paper that reads on a background of this luminance, 0 to 1."""
        light_is_paper = sum(self.paper) >= sum(self.ink)
        return self.paper if (background < 0.5) == light_is_paper else self.ink


def _turned(rgb: bytes, turn: float) -> Colour:
    hue, light, saturation = colorsys.rgb_to_hls(*(value / 255 for value in rgb))
    red, green, blue = colorsys.hls_to_rgb((hue + turn) % 1, light, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)
