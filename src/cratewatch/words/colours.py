"""Names the colours of what a person wears, pixel by pixel in CIELAB; no model, no weights.

Each pixel belongs to the eleven basic colour terms by degrees; a part of the body has the colours
of its pixels, the middle of it counting most, so that what stands behind the person counts little.
Names are those of colour cards; clothes are darker than these, and how light they are is told by
how light the whole crop is. Its cast stays: what takes it away makes orange yellow by a red wall.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.finding.quads import Rgb
from cratewatch.words.attributes import COLOURS, Attributes, Colour, Part, colour_term

Plane = npt.NDArray[np.float32]
SIDE_PX = (96, 48)
"""Height and width to which crops are brought: a part then has some 500 pixels."""


@dataclass(frozen=True)
class Region:
    """Where a part of the body is, in shares of a crop of a whole standing person."""

    top: float
    bottom: float
    half_width: float


REGIONS: Mapping[Part, Region] = {
    "upper": Region(0.20, 0.48, 0.26),
    "lower": Region(0.54, 0.84, 0.20),
    "hair": Region(0.05, 0.13, 0.12),
    "feet": Region(0.87, 0.97, 0.22),
}
CLOTHES: tuple[Part, ...] = ("upper", "lower")
"""What is seen well enough to be said unasked."""
LITTLE_FROM, LITTLE_TO = 0.20, 0.48
"""How likely a colour of hair and shoes is, from none of its pixels to all."""


@dataclass(frozen=True)
class Hues:
    """Where a chromatic colour lies: degrees of hue in CIELAB, and lightness, 0 to 100."""

    colour: Colour
    from_deg: float
    to_deg: float
    from_l: float = -20.0
    to_l: float = 120.0


# Corners of sRGB lie at: red 40, orange 58 to 75, yellow 103, green 136, blue 306, magenta 328.
HUES = (
    Hues("red", 18, 44, to_l=62),
    Hues("red", 345, 378, to_l=48),
    Hues("pink", 18, 44, from_l=62),
    Hues("pink", 335, 378, from_l=48),
    Hues("orange", 44, 76, from_l=54),
    Hues("brown", 44, 92, to_l=54),
    Hues("yellow", 76, 112, from_l=54),
    Hues("green", 92, 112, to_l=54),
    Hues("green", 112, 195),
    Hues("blue", 195, 307),
    Hues("purple", 307, 335),
    Hues("purple", 335, 345, to_l=48),
)
HUE_SOFT_DEG = 4.0
LIGHT_SOFT = 4.0
GREY_CHROMA = 11.0
"""Up to which a pixel of middle lightness is grey; it is less in the dark, where chroma is."""
CHROMA_SOFT = 2.5
PALE_CHROMA = 34.0
"""Up to which orange and yellow of middle lightness, tan and khaki, are brown."""
BLACK_L, WHITE_L = 27.0, 76.0
CLOTH_GAIN = 1.35
"""Clothes are darker in footage than on a colour card, since their folds lie in shadow: white ones
of PETA have a lightness of 46 at the median, grey ones 31, black ones 19."""
MIDDLE_L = 50.0
EXPOSURE_SHARE = 0.5
"""How much of a crop's distance from MIDDLE_L is due to the camera, and not to the clothes."""
SEEN_SHARE = 0.26
"""Of a part, that one calls it by a colour: clothes have more than one."""
SHARE_SOFT = 0.07


def colour_shares(crops: Sequence[Rgb], part: Part) -> Plane:
    """Return how much of a part has each colour of COLOURS, (N, 11); rows add up to 1."""
    return part_shares(crops, (part,))[:, 0]


def part_shares(crops: Sequence[Rgb], parts: Sequence[Part]) -> Plane:
    """Return how much of each part has each colour of COLOURS, (N, parts, 11)."""
    places = [_place(REGIONS[part]) for part in parts]
    ends = np.cumsum([len(weights) for _, weights in places])[:-1]
    shares = np.empty((len(crops), len(parts), len(COLOURS)), np.float32)
    for row, crop in zip(shares, crops, strict=True):
        planes = _cloth(crop)
        pixels = [np.concatenate([plane[where].ravel() for where, _ in places]) for plane in planes]
        named = np.split(_named(*pixels), ends)
        row[:] = [weights @ one for (_, weights), one in zip(places, named, strict=True)]
    return shares


def memberships(rgb: npt.NDArray[np.uint8]) -> Plane:
    """Return how much pixels (..., 3) are of each colour, (..., 11), adding up to 1."""
    return _named(*_lch(rgb))


def _named(light: Plane, chroma: Plane, hue: Plane) -> Plane:
    grey_until = np.asarray(GREY_CHROMA * np.clip(0.55 + light / 110, 0.55, 1.2), np.float32)
    chromatic = _rises(chroma, grey_until, CHROMA_SOFT) * _rises(light, 9.0, 2.5)
    degrees = {colour: np.zeros_like(light) for colour in COLOURS}
    for one in HUES:
        degrees[one.colour] += _between_hues(hue, one) * _between(light, one)
    _brown_the_pale(degrees, light, chroma)
    total = np.maximum(sum(degrees.values()), 1e-6)
    named = {colour: chromatic * degree / total for colour, degree in degrees.items()}
    rest = 1 - chromatic
    black, white = 1 - _rises(light, BLACK_L, LIGHT_SOFT), _rises(light, WHITE_L, LIGHT_SOFT)
    named["black"] = named["black"] + rest * black
    named["white"] = named["white"] + rest * white
    named["grey"] = named["grey"] + rest * (1 - black - white)
    stacked = np.clip(np.stack([named[colour] for colour in COLOURS], axis=-1), 0, None)
    return np.asarray(stacked / np.maximum(stacked.sum(-1, keepdims=True), 1e-6), np.float32)


def _brown_the_pale(degrees: dict[Colour, Plane], light: Plane, chroma: Plane) -> None:
    """Call tan and khaki brown: orange and yellow that are neither vivid nor bright."""
    pale = (1 - _rises(chroma, PALE_CHROMA, 4.0)) * (1 - _rises(light, 84.0, LIGHT_SOFT))
    for colour in ("orange", "yellow"):
        moved = degrees[colour] * pale
        degrees[colour] = degrees[colour] - moved
        degrees["brown"] = degrees["brown"] + moved


def _cloth(crop: Rgb) -> tuple[Plane, Plane, Plane]:
    """Return lightness, chroma and hue of a crop's pixels as a card of that cloth would have them.

    Each is SIDE_PX; see CLOTH_GAIN and EXPOSURE_SHARE.
    """
    height, width = SIDE_PX
    small = np.asarray(cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    light, chroma, hue = _lch(small)
    exposure = np.clip(MIDDLE_L / max(float(light.mean()), 1.0), 0.25, 9.0) ** EXPOSURE_SHARE
    return np.minimum(light * np.float32(exposure * CLOTH_GAIN), 110), chroma, hue


def _place(region: Region) -> tuple[tuple[slice, slice], Plane]:
    """Return the rows and columns of a part, and how much each of its pixels counts, (P,)."""
    height, width = SIDE_PX
    rows = slice(round(region.top * height), round(region.bottom * height))
    half = region.half_width * width
    columns = np.abs(np.arange(width) + 0.5 - width / 2)
    inside = np.flatnonzero(columns <= half)
    across = np.exp(-0.5 * (columns[inside] / (0.6 * half)) ** 2)
    weights = np.broadcast_to(across, (rows.stop - rows.start, len(inside))).reshape(-1)
    kept = np.asarray(weights / weights.sum(), np.float32)
    return (rows, slice(int(inside[0]), int(inside[-1]) + 1)), kept


def _lch(rgb: npt.NDArray[np.uint8]) -> tuple[Plane, Plane, Plane]:
    """Return lightness 0 to 100, chroma, and hue in degrees, 0 to 360."""
    rows = np.ascontiguousarray(rgb.reshape(1, -1, 3), np.float32) / 255
    lab = np.asarray(cv2.cvtColor(rows, cv2.COLOR_RGB2LAB), np.float32).reshape(rgb.shape)
    light, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    return light, np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360


def _rises(values: Plane, middle: Plane | float, soft: float) -> Plane:
    """Return 0 far below the middle and 1 far above it."""
    return np.asarray(1 / (1 + np.exp(np.clip((middle - values) / soft, -30, 30))), np.float32)


def _between(light: Plane, hues: Hues) -> Plane:
    return _rises(light, hues.from_l, LIGHT_SOFT) * (1 - _rises(light, hues.to_l, LIGHT_SOFT))


def _between_hues(hue: Plane, hues: Hues) -> Plane:
    middle, half = (hues.from_deg + hues.to_deg) / 2, (hues.to_deg - hues.from_deg) / 2
    off = np.abs((hue - middle + 180) % 360 - 180)
    return 1 - _rises(off, half, HUE_SOFT_DEG / 2)


class ColourNamer:
    """Tells the colours of parts of the body; see attributes.AttributeModel."""

    name = "colours_2"
    terms = tuple(colour_term(part, colour) for part in REGIONS for colour in COLOURS)

    def look(self, crops: Sequence[Rgb]) -> list[Attributes]:
        """Return how likely somebody would name each colour, from its share of the part.

        Hair and shoes are so few pixels, and so rarely where they should be, that they say little:
        they move a ranking, and are never likely enough to be said unasked.
        """
        shares = part_shares(crops, tuple(REGIONS))
        named = 0.01 + 0.97 * _rises(shares, SEEN_SHARE, SHARE_SOFT)
        little = np.array([part not in CLOTHES for part in REGIONS])
        named[:, little] = LITTLE_FROM + (LITTLE_TO - LITTLE_FROM) * named[:, little]
        rows = named.reshape(len(crops), len(self.terms))
        return [Attributes(dict(zip(self.terms, map(float, row), strict=True))) for row in rows]


class ColoursBefore:
    """What told colours when indexes were made that may still answer; it looks no more."""

    name = "colours_1"
    terms = tuple(colour_term(part, colour) for part in CLOTHES for colour in COLOURS)

    def look(self, crops: Sequence[Rgb]) -> list[Attributes]:
        """Raise NotImplementedError."""
        raise NotImplementedError(f"{self.name} no longer looks at {len(crops)} crops")
