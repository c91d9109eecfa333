"""Type for sleeves: two libraries' built-in fonts, bent into many faces."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cratewatch.demo.artwork.canvas import Box, Colour, Mask, Pixels, lay
from cratewatch.demo.artwork.chance import Chance
from cratewatch.demo.artwork.effects import EFFECTS, Effect, plain, thickened

_SET_PX = 110
_LEADING = 0.16


@dataclass(frozen=True)
class Face:
    """One way to set type.

    Attributes:
        stretch: Width relative to the font's own.
        slant: Shift to the right per px of height.
        justified: Whether every line is stretched to the full measure.
    """

    font: Callable[[str], Mask]
    stretch: float
    capitals: bool
    effect: Effect = plain
    slant: float = 0.0
    justified: bool = False
    shadow_px: int = 0


def mix_face(chance: Chance) -> Face:
    """Choose a font and what is done to it."""
    return Face(
        font=chance.pick((_grotesque, _grotesque, _heavy, _heavy, _oblique, _strokes, _pixel_font)),
        effect=chance.pick(EFFECTS),
        stretch=chance.pick((0.55, 0.75, 1.0, 1.0, 1.3, 1.7)),
        slant=chance.pick((0, 0, 0, 0, 0.25, -0.15)),
        capitals=chance.likely(0.6),
        justified=chance.likely(0.35),
        shadow_px=chance.pick((0, 0, 0, 3, 6)),
    )


def mix_text_face(chance: Chance) -> Face:
    """Return a face that stays legible in small sizes."""
    return Face(
        font=chance.pick((_grotesque, _heavy, _oblique)),
        stretch=chance.pick((0.7, 1.0, 1.2)),
        capitals=chance.likely(0.5),
    )


@dataclass(frozen=True)
class Setting:
    """How a text is printed.

    Attributes:
        colour: None is white.
        align: 0 for the left and upper edge of its box, 0.5 for the centre, 1 for right and lower.
    """

    face: Face
    colour: Colour | None = None
    align: float = 0.0


def write(base: Pixels, text: str, box: Box, setting: Setting, chance: Chance) -> Pixels:
    """Set the text as large as the box allows, over as many lines as suit its shape."""
    face, colour = setting.face, setting.colour or (255, 255, 255)
    mask = _set(text.upper() if face.capitals else text, box, face, chance)
    height, width = mask.shape
    x = box.x + round((box.width - width) * setting.align)
    y = box.y + round((box.height - height) * setting.align)
    if face.shadow_px:
        shade = (0, 0, 0) if sum(colour) > 300 else (255, 255, 255)
        _stamp(base, mask, x + face.shadow_px, y + face.shadow_px, shade)
    _stamp(base, mask, x, y, colour)
    return base


def _stamp(base: Pixels, mask: Mask, x: int, y: int, colour: Colour) -> None:
    part = base[y : y + mask.shape[0], x : x + mask.shape[1]]
    part[:] = lay(part, colour, mask[: part.shape[0], : part.shape[1]])


def _set(text: str, box: Box, face: Face, chance: Chance) -> Mask:
    block = _block(max(_line_breaks(text), key=lambda lines: _size(lines, box, face)), face, chance)
    scale = min(box.width / block.shape[1], box.height / block.shape[0])
    size = max(1, int(block.shape[1] * scale)), max(1, int(block.shape[0] * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(block, size, interpolation=method), np.uint8)


def _size(lines: list[str], box: Box, face: Face) -> float:
    """Return about how large the lines can be set; a letter is some 0.6 of its height wide."""
    return min(box.width / (0.6 * face.stretch * max(map(len, lines))), box.height / len(lines))


def _line_breaks(text: str) -> list[list[str]]:
    """Return the text on one, two, ... lines of nearly even length, at most five."""
    words = text.split()
    return [_even_lines(words, n) for n in range(1, min(len(words), 5) + 1)]


def _even_lines(words: list[str], n: int) -> list[str]:
    measure = sum(map(len, words)) / n
    lines: list[list[str]] = [[]]
    for word in words:
        if lines[-1] and len(lines) < n and len("".join(lines[-1])) + len(word) / 2 > measure:
            lines.append([])
        lines[-1].append(word)
    return [" ".join(line) for line in lines]


def _block(lines: list[str], face: Face, chance: Chance) -> Mask:
    masks = [_line(line, face, chance) for line in lines]
    measure = max(mask.shape[1] for mask in masks)
    rows = [_to_measure(mask, measure, face.justified) for mask in masks]
    gap = np.zeros((round(_SET_PX * _LEADING), measure), np.uint8)
    return np.vstack([part for row in rows for part in (row, gap)][:-1])


def _line(text: str, face: Face, chance: Chance) -> Mask:
    mask = face.effect(face.font(text), chance)
    height, width = mask.shape
    lean = abs(face.slant) * height
    shape = np.array(
        [[face.stretch, -face.slant, lean if face.slant > 0 else 0], [0, 1, 0]], np.float32
    )
    size = (round(width * face.stretch + lean), height)
    return np.asarray(cv2.warpAffine(mask, shape, size, flags=cv2.INTER_LINEAR), np.uint8)


def _to_measure(mask: Mask, measure_px: int, justified: bool) -> Mask:
    height, width = mask.shape
    if justified:
        tall = round(height * min(measure_px / width, 2.5))
        return np.asarray(cv2.resize(mask, (measure_px, tall)), np.uint8)
    return np.pad(mask, ((0, 0), (0, measure_px - width)))


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_SET_PX)


def _grotesque(text: str) -> Mask:
    return _typeset(text, _font(), 0)


def _heavy(text: str) -> Mask:
    return _typeset(text, _font(), 5)


def _pixel_font(text: str) -> Mask:
    mask = _typeset(text, ImageFont.load_default_imagefont(), 0)
    return np.kron(mask, np.ones((_SET_PX // 11,) * 2, np.uint8))


def _typeset(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, stroke_px: int) -> Mask:
    left, top, right, bottom = font.getbbox(text, stroke_width=stroke_px)
    image = Image.new("L", (int(right - left) + 1, int(bottom - top) + 1))
    ImageDraw.Draw(image).text((-left, -top), text, 255, font, stroke_width=stroke_px)
    return np.asarray(image, np.uint8)


def _oblique(text: str) -> Mask:
    return _drawn(text, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)


def _strokes(text: str) -> Mask:
    return _drawn(text, cv2.FONT_HERSHEY_TRIPLEX)


def _drawn(text: str, font: int) -> Mask:
    (width, height), baseline = cv2.getTextSize(text, font, 3.4, 5)
    mask = np.zeros((height + baseline + 40, width + 40), np.uint8)
    cv2.putText(mask, text, (20, height + 20), font, 3.4, 255, 5, cv2.LINE_AA)
    x, y, w, h = cv2.boundingRect(mask)
    return mask[y : y + h, x : x + w]


BLOCK_LETTERS = Face(_heavy, stretch=1.3, capitals=True, effect=thickened)
