"""Shapes and patterns: Swiss posters, op art, tiles."""

from collections.abc import Callable

import cv2
import numpy as np

from cratewatch.demo.artwork import pen
from cratewatch.demo.artwork.canvas import SIDE_PX, Colour, Pixels, Tone, filled, plane, toned
from cratewatch.demo.artwork.chance import Desk


def tiles(desk: Desk) -> Pixels:
    """A grid of quarter circles, triangles and bars."""
    return _grid(desk, desk.count(2, 8), _tile)


def _grid(desk: Desk, n: int, tile: Callable[[Desk, int], Pixels]) -> Pixels:
    side = -(-SIDE_PX // n)
    rows = [np.hstack([tile(desk, side) for _ in range(n)]) for _ in range(n)]
    return np.vstack(rows)[:SIDE_PX, :SIDE_PX]


def _tile(desk: Desk, side: int) -> Pixels:
    back, front = desk.two_inks()
    tile, middle = filled(back, side, side), (side / 2, side / 2)
    corners = [(0, 0), (side, 0), (side, side), (0, side)]
    shape = desk.pick(("quarter", "half", "dot", "bars", "target", "plain"))
    if shape == "quarter":
        pen.circle(tile, desk.pick(corners), side, front)
    elif shape == "half":
        corners.pop(desk.count(0, 4))
        pen.polygon(tile, corners, front)
    elif shape == "dot":
        pen.circle(tile, middle, side * 0.4, front)
    elif shape == "bars":
        for top in range(0, side, max(8, side // 5)):
            pen.rectangle(tile, (0, top), (side, top + side / 11), front)
    elif shape == "target":
        for share, colour in ((0.48, front), (0.36, back), (0.24, front), (0.12, back)):
            pen.circle(tile, middle, side * share, colour)
    return tile


def arcs(desk: Desk) -> Pixels:
    """Truchet tiles: rings that find together by chance."""
    n, shares = desk.count(3, 9), np.linspace(0.8, 0.2, desk.count(2, 6))
    rings = [(float(share), desk.pick(desk.colours)) for share in shares]

    def tile(desk: Desk, side: int) -> Pixels:
        cell = filled(desk.paper, side, side)
        for corner in ((0, 0), (side, side)):
            for share, colour in rings:
                pen.circle(cell, corner, share * side, colour)
        return np.rot90(cell) if desk.likely(0.5) else cell

    return _grid(desk, n, tile)


def swiss(desk: Desk) -> Pixels:
    """A few large shapes on one ground, turned on a common axis."""
    picture, degrees = filled(desk.paper), desk.pick((0, 30, 45, -45, 60, -20))
    for _ in range(desk.count(4, 13)):
        colour, centre = desk.pick(desk.palette.inks), desk.point(40, SIDE_PX - 40)
        if desk.likely(0.4):
            thick = pen.FILL if desk.likely(0.6) else desk.within(6, 40)
            pen.circle(picture, centre, desk.within(20, 190), colour, thick)
        else:
            size = desk.within(80, 560), desk.within(8, 110)
            bar = cv2.boxPoints(((float(centre[0]), float(centre[1])), size, degrees))
            pen.polygon(picture, np.asarray(bar, np.float64), colour)
    return picture


def colour_blocks(desk: Desk) -> Pixels:
    """Rectangles split again and again, with or without black lines between."""
    picture, boxes = filled(desk.paper), [(0, 0, SIDE_PX, SIDE_PX)]
    for _ in range(desk.count(6, 40)):
        boxes.sort(key=lambda box: box[2] * box[3])
        x, y, width, height = boxes.pop()
        share = desk.within(0.25, 0.75)
        if width * desk.within(0.5, 2) > height:
            cut = int(width * share)
            boxes += [(x, y, cut, height), (x + cut, y, width - cut, height)]
        else:
            cut = int(height * share)
            boxes += [(x, y, width, cut), (x, y + cut, width, height - cut)]
    line = desk.pick((0, 0, 3, 8, 14))
    for x, y, width, height in boxes:
        pen.rectangle(picture, (x, y), (x + width, y + height), desk.pick(desk.colours))
    for x, y, width, height in boxes if line else ():
        pen.rectangle(picture, (x, y), (x + width, y + height), desk.ink, line)
    return picture


_WAVES: tuple[Callable[[Tone, Tone, float, float], Tone], ...] = (
    lambda x, y, pitch, aside: np.sin((x + y * aside) * pitch),  # stripes
    lambda x, y, pitch, _: np.sin((x + 0.4 * y) * pitch) * np.sin((y - 0.4 * x) * pitch),  # checks
    lambda x, y, pitch, aside: np.sin(np.hypot(x - aside, y) * pitch),  # rings
    lambda x, y, pitch, _: np.sin(np.arctan2(y, x) * round(pitch / 2) + np.hypot(x, y) * pitch / 2),
)


def op_art(desk: Desk) -> Pixels:
    """Stripes, checks, rings or spirals bent by a few lenses."""
    x, y = plane(SIDE_PX)
    for _ in range(desk.count(1, 5)):
        dx, dy = x - desk.within(-0.8, 0.8), y - desk.within(-0.8, 0.8)
        bump = desk.within(-0.8, 0.8) * np.exp(-(dx**2 + dy**2) / desk.within(0.2, 0.7) ** 2)
        x, y = x + bump * dx, y + bump * dy
    waves = desk.pick(_WAVES)(x, y, desk.within(12, 38), desk.within(-1, 1))
    light, dark = (desk.paper, desk.ink) if desk.likely(0.6) else desk.accents[:2]
    return toned(waves * 6 + 0.5, (dark, light))


def sunburst(desk: Desk) -> Pixels:
    """Draw rays about a point."""
    picture = filled(desk.paper)
    centre, n = desk.point(60, SIDE_PX - 60), desk.count(7, 30)
    edges = np.arange(2 * n) * np.pi / n
    if desk.likely(0.5):
        edges = np.sort(desk.rng.uniform(0, 2 * np.pi, 2 * n))
    far = centre + 900 * pen.around(edges)
    for i in range(0, 2 * n, 2):
        pen.polygon(picture, (centre, far[i], far[i + 1]), desk.accents[i // 2 % 3])
    for radius in sorted(desk.rng.uniform(10, 190, desk.count(0, 6)), reverse=True):
        pen.circle(picture, centre, radius, desk.pick(desk.colours))
    return picture


def stained_glass(desk: Desk) -> Pixels:
    """Cells around random points, each of one colour."""
    cells = cv2.Subdiv2D((0, 0, SIDE_PX, SIDE_PX))
    for x, y in desk.rng.uniform(1, SIDE_PX - 1, (desk.count(14, 140), 2)):
        cells.insert((float(x), float(y)))
    picture, lead = filled(desk.ink), desk.pick((0, 2, 5))
    for cell in cells.getVoronoiFacetList([])[0]:
        corners = np.asarray(cell, np.float64)
        share = desk.within(0.7, 1.15)
        pen.polygon(picture, corners, pen.darker(desk.pick(desk.colours[1:]), share))
        if lead:
            pen.line(picture, np.vstack((corners, corners[:1])), desk.ink, lead)
    return picture


def contour_map(desk: Desk) -> Pixels:
    """Draw heights in bands, a line between each."""
    height = desk.clouds(desk.count(2, 6), octaves=3, fall=0.45, side_px=SIDE_PX)
    bands = desk.count(5, 16)
    levels = height * bands
    colours = desk.colours if desk.likely(0.6) else (desk.paper, desk.paper)
    picture = toned(np.floor(levels) / bands, colours)
    picture[np.abs(levels - np.round(levels)) < 0.07] = desk.ink
    return picture


def ridge_plot(desk: Desk) -> Pixels:
    """Lines of a measurement, one before the other."""
    picture, n = filled(desk.ink), desk.count(14, 46)
    waves = desk.clouds((desk.count(5, 14), n), octaves=4, fall=0.7, side_px=SIDE_PX)
    x = np.arange(0, SIDE_PX, 4)
    envelope = np.exp(-(((x / SIDE_PX - desk.within(0.35, 0.65)) / desk.within(0.12, 0.35)) ** 2))
    colour = desk.pick((desk.paper, *desk.accents))
    for i in range(n):
        base = 70 + i * (SIDE_PX - 110) / n
        row = waves[round(i * (SIDE_PX - 1) / n), x]
        line = np.stack([x, base - row**2 * envelope * desk.within(60, 130)], axis=-1)
        below = np.array(((SIDE_PX, base + 40), (0, base + 40)))
        pen.polygon(picture, np.vstack([line, below]), desk.ink)
        pen.line(picture, line, colour, 2)
    return picture


def circles(desk: Desk) -> Pixels:
    """Overprinted discs and rings of many sizes."""
    picture = filled(max(desk.paper, desk.ink, key=sum))
    white: Colour = (255, 255, 255)
    for _ in range(desk.count(8, 40)):
        plate, radius = filled(white), desk.within(14, 170)
        thick = pen.FILL if desk.likely(0.6) else max(3, radius / 6)
        pen.circle(plate, desk.point(0, SIDE_PX), radius, desk.pick(desk.accents), thick)
        picture = np.asarray(cv2.multiply(picture, plate, scale=1 / 255), np.uint8)
    return picture
