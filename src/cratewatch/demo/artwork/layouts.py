"""How picture and words share a sleeve."""

from collections.abc import Callable

import cv2
import numpy as np

from cratewatch.demo.artwork.canvas import (
    SIDE_PX,
    Box,
    Pixels,
    chance,
    filled,
    lay,
    paste,
    pick,
    resized,
)
from cratewatch.demo.artwork.lettering import BLOCK_LETTERS, Setting, write
from cratewatch.demo.artwork.sleeve import Sleeve


def full_bleed(sleeve: Sleeve) -> Pixels:
    """The picture everywhere, the words over it."""
    base = resized(sleeve.picture, SIDE_PX, SIDE_PX)
    tall = int(sleeve.style.integers(80, 230))
    top, align = chance(sleeve.style, 0.6), float(sleeve.style.choice((0.0, 0.5, 1.0)))
    colour = pick(sleeve.style, (None, None, sleeve.palette.accents[1]))
    loud = Box(26, 24 if top else SIDE_PX - 24 - tall, 548, tall)
    quiet = Box(26, SIDE_PX - 62 if top else 24, 548, 38)
    sleeve.print_loud(base, loud, colour, align)
    sleeve.print_quiet(base, quiet, None, align)
    return sleeve.print_number(base, Box(490, 480, 84, 60))


def small_caption(sleeve: Sleeve) -> Pixels:
    """The picture speaks; the words stand in a corner."""
    base = resized(sleeve.picture, SIDE_PX, SIDE_PX)
    x, y = pick(sleeve.style, ((24, 24), (24, 510), (330, 24), (330, 510)))
    sleeve.print_small(base, sleeve.words.loud, Box(x, y, 246, 40))
    sleeve.print_quiet(base, Box(x, y + 44, 246, 24))
    return sleeve.print_number(base, Box(250, 20, 100, 60))


def wordless(sleeve: Sleeve) -> Pixels:
    return resized(sleeve.picture, SIDE_PX, SIDE_PX)


def framed(sleeve: Sleeve) -> Pixels:
    """A picture in a border, the words in its broader side."""
    rim, foot = int(sleeve.style.integers(14, 60)), int(sleeve.style.integers(80, 190))
    base = filled(
        pick(sleeve.style, (sleeve.palette.paper, sleeve.palette.ink, sleeve.palette.accents[0]))
    )
    at_foot = chance(sleeve.style, 0.5)
    window = Box(rim, rim if at_foot else foot, SIDE_PX - 2 * rim, SIDE_PX - rim - foot)
    paste(base, sleeve.picture, window)
    if chance(sleeve.style, 0.3):
        x, y, width, height = window
        cv2.rectangle(
            base, (x - 7, y - 7), (x + width + 6, y + height + 6), sleeve.palette.accents[2], 3
        )
    top = SIDE_PX - foot + 14 if at_foot else 14
    align = float(sleeve.style.choice((0.0, 0.5)))
    tall = foot - 28
    sleeve.print_loud(base, Box(rim, top, SIDE_PX - 2 * rim, tall * 6 // 10), None, align)
    sleeve.print_quiet(
        base, Box(rim, top + tall * 7 // 10, SIDE_PX - 2 * rim, tall * 3 // 10), None, align
    )
    return sleeve.print_number(base, Box(SIDE_PX - rim - 70, top, 70, 44))


def band(sleeve: Sleeve) -> Pixels:
    """A coloured band across the picture carries the words."""
    base = resized(sleeve.picture, SIDE_PX, SIDE_PX)
    tall = int(sleeve.style.integers(90, 200))
    y = int(sleeve.style.choice((0, 40, 220, 380, SIDE_PX - tall)))
    y = min(y, SIDE_PX - tall)
    colour = pick(sleeve.style, (sleeve.palette.paper, sleeve.palette.ink, *sleeve.palette.accents))
    cv2.rectangle(base, (0, y), (SIDE_PX, y + tall), colour, -1)
    sleeve.print_loud(base, Box(24, y + 14, 470, tall * 6 // 10 - 14))
    sleeve.print_quiet(base, Box(24, y + tall * 7 // 10, 470, tall * 2 // 10))
    return sleeve.print_number(base, Box(510, y + 16, 70, tall - 32))


def side_strip(sleeve: Sleeve) -> Pixels:
    """The words run up the spine side."""
    wide = int(sleeve.style.integers(90, 190))
    ground = pick(sleeve.style, (sleeve.palette.paper, sleeve.palette.ink, *sleeve.palette.accents))
    strip = filled(ground, SIDE_PX, wide)
    sleeve.print_loud(strip, Box(20, 14, 560, wide * 6 // 10 - 14))
    sleeve.print_quiet(strip, Box(20, wide * 7 // 10, 470, wide * 2 // 10))
    sleeve.print_number(strip, Box(510, 14, 76, wide - 28))
    photo = resized(sleeve.picture, SIDE_PX - wide, SIDE_PX)
    if chance(sleeve.style, 0.6):
        return np.hstack([np.rot90(strip), photo])
    return np.hstack([photo, np.rot90(strip, 3)])


def poster(sleeve: Sleeve) -> Pixels:
    """Type alone, as large as the sleeve."""
    ground, ink = pick(sleeve.style, ((-1, 0), (0, -1), (1, -1), (2, 0), (3, 0)))
    base = filled(sleeve.palette.colours[ground])
    colour = sleeve.palette.colours[ink]
    share = int(sleeve.style.integers(250, 430))
    sleeve.print_loud(base, Box(24, 24, 552, share), colour)
    rest = Box(24, share + 50, 552, SIDE_PX - share - 74)
    accent = pick(sleeve.style, (colour, sleeve.palette.accents[2]))
    if chance(sleeve.style, 0.5):
        sleeve.print_quiet(base, rest, accent)
        return sleeve.print_number(base, Box(470, 500, 104, 76))
    paste(base, sleeve.picture, rest)
    sleeve.print_quiet(base, Box(40, share + 60, 400, 34))
    return sleeve.print_number(base, Box(490, 510, 84, 66))


def wall_of_type(sleeve: Sleeve) -> Pixels:
    """The loud words again and again, line under line."""
    base = filled(pick(sleeve.style, (sleeve.palette.paper, sleeve.palette.ink)))
    n = int(sleeve.style.integers(4, 11))
    tall = SIDE_PX // n
    strip = filled((0, 0, 0), SIDE_PX * 2, tall)
    box = Box(0, 3, SIDE_PX * 2, tall - 6)
    write(strip, f"{sleeve.words.loud} " * 2, box, Setting(sleeve.display), sleeve.rng)
    mask = strip[..., 0].copy()
    words = mask[:, : cv2.boundingRect(mask)[2]]
    for row in range(n):
        line = np.roll(np.tile(words, 4), int(sleeve.rng.integers(SIDE_PX)), axis=1)[:, :SIDE_PX]
        colour = pick(sleeve.rng, (sleeve.palette.accents[row % 3], *sleeve.palette.colours))
        part = base[row * tall : (row + 1) * tall]
        part[:] = lay(part, colour, np.ascontiguousarray(line))
    inset = int(sleeve.style.integers(150, 330))
    x, y = (int(v) for v in sleeve.rng.integers(20, SIDE_PX - 20 - inset, 2))
    return paste(base, sleeve.picture, Box(x, y, inset, inset))


def porthole(sleeve: Sleeve) -> Pixels:
    """The picture in a disc."""
    base = filled(
        pick(sleeve.style, (sleeve.palette.paper, sleeve.palette.ink, sleeve.palette.accents[1]))
    )
    radius = int(sleeve.style.integers(180, 222))
    at = int(sleeve.style.choice((230, 300, 370))), 320
    mask = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    cv2.circle(mask, at, radius, 255, -1, cv2.LINE_AA)
    base = lay(base, resized(sleeve.picture, SIDE_PX, SIDE_PX), mask)
    if chance(sleeve.style, 0.5):
        cv2.circle(base, at, radius + 10, sleeve.palette.accents[0], 5, cv2.LINE_AA)
    sleeve.print_loud(base, Box(24, 20, 552, 74), None, 0.5)
    sleeve.print_quiet(base, Box(24, 548, 552, 32), None, 0.5)
    return sleeve.print_number(base, Box(24, 470, 90, 60))


def tipped_in(sleeve: Sleeve) -> Pixels:
    """A small picture on plain or patterned ground, much air around it."""
    base = filled(pick(sleeve.style, (sleeve.palette.paper, *sleeve.palette.accents)))
    width, height = (int(v) for v in sleeve.style.integers(320, 440, 2))
    x = int(sleeve.style.choice((40, (SIDE_PX - width) // 2, SIDE_PX - width - 40)))
    y = int(sleeve.style.integers(120, SIDE_PX - height - 40))
    for line in range(0, SIDE_PX, 24) if chance(sleeve.style, 0.35) else ():
        cv2.line(base, (line, 0), (line - 200, SIDE_PX), sleeve.palette.accents[0], 2, cv2.LINE_AA)
    paste(base, sleeve.picture, Box(x, y, width, height))
    sleeve.print_loud(base, Box(40, 24, 520, 62))
    sleeve.print_quiet(base, Box(40, 90, 520, 24))
    return sleeve.print_number(base, Box(480, 490, 90, 80))


def diptych(sleeve: Sleeve) -> Pixels:
    """Half picture, half colour with large words."""
    cut = int(sleeve.style.integers(200, 400))
    ground = pick(sleeve.style, sleeve.palette.colours)
    base = filled(ground)
    paste(base, sleeve.picture, Box(0, 0, SIDE_PX, cut))
    room = SIDE_PX - cut
    sleeve.print_loud(base, Box(24, cut + 18, 552, room * 6 // 10))
    sleeve.print_quiet(base, Box(24, cut + room * 3 // 4, 440, room // 6))
    sleeve.print_number(base, Box(480, cut + room * 3 // 4, 96, room // 5))
    return base if chance(sleeve.style, 0.5) else np.vstack([base[cut:], base[:cut]])


def slanted(sleeve: Sleeve) -> Pixels:
    """Words on a diagonal across the picture."""
    base = resized(sleeve.picture, SIDE_PX, SIDE_PX)
    layer = filled((0, 0, 0), 800, 800)
    tall = int(sleeve.style.integers(110, 250))
    middle = Box(60, 400 - tall // 2, 680, tall)
    write(layer, sleeve.words.loud, middle, Setting(sleeve.display, align=0.5), sleeve.rng)
    angle = float(sleeve.style.choice((-1, 1)) * sleeve.style.uniform(12, 50))
    turn = cv2.getRotationMatrix2D((400, 400), angle, 0.85)
    turned = np.asarray(cv2.warpAffine(layer, turn, (800, 800)), np.uint8)
    mask = np.ascontiguousarray(turned[100:700, 100:700, 0])
    colour = sleeve.palette.contrasting(float(base.mean()) / 255)
    base = lay(base, colour, mask)
    sleeve.print_quiet(base, Box(24, 552, 440, 28))
    return sleeve.print_number(base, Box(480, 520, 96, 60))


def great_initial(sleeve: Sleeve) -> Pixels:
    """The first letter, or the volume, as a window onto the picture."""
    ground = pick(sleeve.style, (sleeve.palette.paper, sleeve.palette.ink))
    text = sleeve.words.number or sleeve.words.loud[0]
    layer = filled((0, 0, 0))
    setting = Setting(BLOCK_LETTERS, align=0.5)
    write(layer, text, Box(30, 40, 540, 450), setting, sleeve.rng)
    base = lay(filled(ground), resized(sleeve.picture, SIDE_PX, SIDE_PX), layer[..., 0].copy())
    sleeve.print_small(base, sleeve.words.loud, Box(30, 506, 540, 50))
    sleeve.print_quiet(base, Box(30, 560, 540, 24))
    return base


def label_frame(sleeve: Sleeve) -> Pixels:
    """The old classical houses: a cartouche over a painting in a broad coloured frame."""
    frame = pick(sleeve.style, sleeve.palette.accents)
    base = filled(frame)
    rim = int(sleeve.style.integers(20, 44))
    paste(base, sleeve.picture, Box(rim, rim, SIDE_PX - 2 * rim, SIDE_PX - 2 * rim))
    left, wide = int(sleeve.style.integers(rim, 140)), int(sleeve.style.integers(300, 430))
    tall = int(sleeve.style.integers(130, 190))
    top = int(sleeve.style.choice((rim, 340)))
    cv2.rectangle(base, (left, top), (left + wide, top + tall), sleeve.palette.paper, -1)
    cv2.rectangle(base, (left + 6, top + 6), (left + wide - 6, top + tall - 6), frame, 3)
    inner = Box(left + 20, top + 18, wide - 40, tall // 2 - 18)
    ink = sleeve.palette.ink
    sleeve.print_small(base, sleeve.words.loud, inner, ink, 0.5)
    sleeve.print_quiet(base, inner._replace(y=top + tall // 2 + 4, height=tall // 4), ink, 0.5)
    sleeve.print_small(
        base, sleeve.words.label, inner._replace(y=top + tall * 4 // 5, height=tall // 10), ink, 0.5
    )
    return base


Layout = Callable[[Sleeve], Pixels]

LAYOUTS: tuple[Layout, ...] = (
    full_bleed, full_bleed, full_bleed, full_bleed, small_caption, wordless, framed, framed, band,
    band, side_strip, side_strip, poster, wall_of_type, porthole, tipped_in, diptych, slanted,
    great_initial, label_frame,
)  # fmt: skip
SERIES_LAYOUTS: tuple[Layout, ...] = (
    band, framed, label_frame, full_bleed, tipped_in, diptych, side_strip, porthole, poster,
    great_initial,
)  # fmt: skip
