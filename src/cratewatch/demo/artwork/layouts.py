"""How picture and words share a sleeve."""

from collections.abc import Callable

import numpy as np

from cratewatch.demo.artwork import pen
from cratewatch.demo.artwork.canvas import SIDE_PX, Box, Pixels, filled, lay
from cratewatch.demo.artwork.lettering import BLOCK_LETTERS, Setting, write
from cratewatch.demo.artwork.sleeve import Places, Sleeve


def full_bleed(sleeve: Sleeve) -> Pixels:
    """The picture everywhere, the words over it."""
    style, tall = sleeve.style, sleeve.style.count(80, 230)
    top, align = style.likely(0.6), style.pick((0.0, 0.5, 1.0))
    loud = Box(26, 24 if top else SIDE_PX - 24 - tall, 548, tall)
    quiet = Box(26, SIDE_PX - 62 if top else 24, 548, 38)
    colour = style.pick((None, None, style.accents[1]))
    return sleeve.lettered(sleeve.bled(), Places(loud, quiet, Box(490, 480, 84, 60), align, colour))


def small_caption(sleeve: Sleeve) -> Pixels:
    """The picture speaks; the words stand in a corner."""
    base = sleeve.bled()
    x, y = sleeve.style.pick(((24, 24), (24, 510), (330, 24), (330, 510)))
    sleeve.print_small(base, sleeve.words.loud, Box(x, y, 246, 40))
    sleeve.print_small(base, sleeve.words.quiet, Box(x, y + 44, 246, 24))
    return base


def wordless(sleeve: Sleeve) -> Pixels:
    """Let the picture fill the sleeve."""
    return sleeve.bled()


def framed(sleeve: Sleeve) -> Pixels:
    """A picture in a border, the words in its broader side."""
    style = sleeve.style
    rim, foot = style.count(14, 60), style.count(80, 190)
    base, at_foot = sleeve.grounded(style.paper, style.ink, style.accents[0]), style.likely(0.5)
    x, y, width, height = window = Box(
        rim, rim if at_foot else foot, SIDE_PX - 2 * rim, SIDE_PX - rim - foot
    )
    sleeve.paste(base, window)
    if style.likely(0.3):
        opposite = x + width + 6, y + height + 6
        pen.rectangle(base, (x - 7, y - 7), opposite, style.accents[2], 3)
    top, tall = SIDE_PX - foot + 14 if at_foot else 14, foot - 28
    loud = Box(rim, top, width, tall * 6 // 10)
    quiet = Box(rim, top + tall * 7 // 10, width, tall * 3 // 10)
    number = Box(SIDE_PX - rim - 70, top, 70, 44)
    return sleeve.lettered(base, Places(loud, quiet, number, style.pick((0.0, 0.5))))


def band(sleeve: Sleeve) -> Pixels:
    """A coloured band across the picture carries the words."""
    style, base = sleeve.style, sleeve.bled()
    tall = style.count(90, 200)
    y = min(style.pick((0, 40, 220, 380, SIDE_PX)), SIDE_PX - tall)
    base[y : y + tall] = style.pick((style.paper, style.ink, *style.accents))
    loud = Box(24, y + 14, 470, tall * 6 // 10 - 14)
    quiet = Box(24, y + tall * 7 // 10, 470, tall * 2 // 10)
    return sleeve.lettered(base, Places(loud, quiet, Box(510, y + 16, 70, tall - 32)))


def side_strip(sleeve: Sleeve) -> Pixels:
    """The words run up the spine side."""
    style, wide = sleeve.style, sleeve.style.count(90, 190)
    strip = sleeve.grounded(style.paper, style.ink, *style.accents)[:wide]
    loud = Box(20, 14, 560, wide * 6 // 10 - 14)
    quiet = Box(20, wide * 7 // 10, 470, wide * 2 // 10)
    sleeve.lettered(strip, Places(loud, quiet, Box(510, 14, 76, wide - 28)))
    base, at_left = sleeve.bled(), style.likely(0.6)
    base[:, :wide] = np.rot90(strip, 1 if at_left else 3)
    return base if at_left else np.roll(base, -wide, axis=1)


def poster(sleeve: Sleeve) -> Pixels:
    """Type alone, as large as the sleeve, or over a strip of the picture."""
    style = sleeve.style
    ground, ink = style.pick(((-1, 0), (0, -1), (1, -1), (2, 0), (3, 0)))
    base, share = filled(style.colours[ground]), style.count(250, 430)
    rest = Box(24, share + 50, 552, SIDE_PX - share - 74)
    quiet, number = rest, Box(470, 500, 104, 76)
    if style.likely(0.5):
        sleeve.paste(base, rest)
        quiet, number = Box(40, share + 60, 400, 34), Box(490, 510, 84, 66)
    loud = Box(24, 24, 552, share)
    return sleeve.lettered(base, Places(loud, quiet, number, colour=style.colours[ink]))


def wall_of_type(sleeve: Sleeve) -> Pixels:
    """The loud words again and again, line under line."""
    style, chance = sleeve.style, sleeve.chance
    base, n = sleeve.grounded(style.paper, style.ink), style.count(4, 11)
    tall = SIDE_PX // n
    strip, box = filled((0, 0, 0), SIDE_PX * 2, tall), Box(0, 3, SIDE_PX * 2, tall - 6)
    write(strip, f"{sleeve.words.loud} " * 2, box, Setting(sleeve.display), chance)
    words = strip[:, : int(np.flatnonzero(strip.any(axis=(0, 2)))[-1]) + 1, 0]
    for row in range(n):
        line = np.roll(np.tile(words, 4), chance.count(0, SIDE_PX), axis=1)[:, :SIDE_PX]
        colour = chance.pick((style.accents[row % 3], *style.colours))
        part = base[row * tall : (row + 1) * tall]
        part[:] = lay(part, colour, np.ascontiguousarray(line))
    inset = style.count(150, 330)
    x, y = (chance.count(20, SIDE_PX - 20 - inset) for _ in range(2))
    sleeve.paste(base, Box(x, y, inset, inset))
    return base


def porthole(sleeve: Sleeve) -> Pixels:
    """The picture in a disc."""
    style = sleeve.style
    base = sleeve.grounded(style.paper, style.ink, style.accents[1])
    radius, at = style.count(180, 222), (style.pick((230, 300, 370)), 320)
    mask = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    pen.circle(mask, at, radius, pen.OPAQUE)
    base = lay(base, sleeve.bled(), mask)
    if style.likely(0.5):
        pen.circle(base, at, radius + 10, style.accents[0], 5)
    loud, quiet = Box(24, 20, 552, 74), Box(24, 548, 552, 32)
    return sleeve.lettered(base, Places(loud, quiet, Box(24, 470, 90, 60), 0.5))


def tipped_in(sleeve: Sleeve) -> Pixels:
    """A small picture on plain or patterned ground, much air around it."""
    style = sleeve.style
    base = sleeve.grounded(style.paper, *style.accents)
    width, height = style.count(320, 440), style.count(320, 440)
    x = style.pick((40, (SIDE_PX - width) // 2, SIDE_PX - width - 40))
    y = style.count(120, SIDE_PX - height - 40)
    for left in range(0, SIDE_PX, 24) if style.likely(0.35) else ():
        pen.line(base, ((left, 0), (left - 200, SIDE_PX)), style.accents[0], 2)
    sleeve.paste(base, Box(x, y, width, height))
    loud, quiet = Box(40, 24, 520, 62), Box(40, 90, 520, 24)
    return sleeve.lettered(base, Places(loud, quiet, Box(480, 490, 90, 80)))


def diptych(sleeve: Sleeve) -> Pixels:
    """Half picture, half colour with large words."""
    style, cut = sleeve.style, sleeve.style.count(200, 400)
    base, room = sleeve.grounded(*style.colours), SIDE_PX - cut
    sleeve.paste(base, Box(0, 0, SIDE_PX, cut))
    low = cut + room * 3 // 4
    loud, quiet = Box(24, cut + 18, 552, room * 6 // 10), Box(24, low, 440, room // 6)
    sleeve.lettered(base, Places(loud, quiet, Box(480, low, 96, room // 5)))
    return base if style.likely(0.5) else np.roll(base, -cut, axis=0)


def slanted(sleeve: Sleeve) -> Pixels:
    """Words on a diagonal across the picture."""
    style, base, layer = sleeve.style, sleeve.bled(), filled((0, 0, 0), 800, 800)
    tall = style.count(110, 250)
    middle = Box(60, 400 - tall // 2, 680, tall)
    write(layer, sleeve.words.loud, middle, Setting(sleeve.display, align=0.5), sleeve.chance)
    words = pen.turned(layer, style.pick((-1, 1)) * style.within(12, 50), 0.85)
    mask = np.ascontiguousarray(words[100:700, 100:700, 0])
    base = lay(base, style.palette.contrasting(float(base.mean()) / 255), mask)
    sleeve.print_small(base, sleeve.words.quiet, Box(24, 552, 440, 28))
    return base


def great_initial(sleeve: Sleeve) -> Pixels:
    """The first letter, or the volume, as a window onto the picture."""
    base, layer = sleeve.grounded(sleeve.style.paper, sleeve.style.ink), filled((0, 0, 0))
    text, setting = sleeve.words.number or sleeve.words.loud[0], Setting(BLOCK_LETTERS, align=0.5)
    write(layer, text, Box(30, 40, 540, 450), setting, sleeve.chance)
    base = lay(base, sleeve.bled(), layer[..., 0].copy())
    sleeve.print_small(base, sleeve.words.loud, Box(30, 506, 540, 50))
    sleeve.print_small(base, sleeve.words.quiet, Box(30, 560, 540, 24))
    return base


def label_frame(sleeve: Sleeve) -> Pixels:
    """The old classical houses: a cartouche over a painting in a broad coloured frame."""
    style, words = sleeve.style, sleeve.words
    frame, rim = style.pick(style.accents), style.count(20, 44)
    base = filled(frame)
    sleeve.paste(base, Box(rim, rim, SIDE_PX - 2 * rim, SIDE_PX - 2 * rim))
    left, wide, tall = style.count(rim, 140), style.count(300, 430), style.count(130, 190)
    top = style.pick((rim, 340))
    pen.rectangle(base, (left, top), (left + wide, top + tall), style.paper)
    pen.rectangle(base, (left + 6, top + 6), (left + wide - 6, top + tall - 6), frame, 3)
    for text, down, height in (
        (words.loud, 18, tall // 2 - 18),
        (words.quiet, tall // 2 + 4, tall // 4),
        (words.label, tall * 4 // 5, tall // 10),
    ):
        box = Box(left + 20, top + down, wide - 40, height)
        sleeve.print_small(base, text, box, style.ink, 0.5)
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
