"""Shapes and patterns: Swiss posters, op art, tiles."""

import math

import cv2
import numpy as np

from cratewatch.demo.artwork import pen
from cratewatch.demo.artwork.canvas import SIDE_PX, Pixels, Tone, chance, filled, pick, plane, toned
from cratewatch.demo.artwork.noise import fractal
from cratewatch.demo.artwork.palette import Palette


def tiles(rng: np.random.Generator, palette: Palette) -> Pixels:
    """A grid of quarter circles, triangles and bars."""
    n = int(rng.integers(2, 8))
    cell = SIDE_PX // n
    picture = filled(palette.paper, cell * n, cell * n)
    for row in range(n):
        for column in range(n):
            _tile(picture, rng, (column * cell, row * cell, cell), palette)
    return picture


def _tile(
    picture: Pixels, rng: np.random.Generator, box: tuple[int, int, int], palette: Palette
) -> None:
    x, y, side = box
    back, front = (palette.colours[i] for i in rng.choice(5, 2, replace=False))
    tile = filled(back, side, side)
    corners = [(0, 0), (side, 0), (side, side), (0, side)]
    middle = (side / 2, side / 2)
    shape = pick(rng, ("quarter", "half", "dot", "bars", "target", "plain"))
    if shape == "quarter":
        pen.circle(tile, pick(rng, corners), side, front)
    elif shape == "half":
        corners.pop(int(rng.integers(4)))
        pen.polygon(tile, corners, front)
    elif shape == "dot":
        pen.circle(tile, middle, side * 0.4, front)
    elif shape == "bars":
        for top in range(0, side, max(8, side // 5)):
            pen.rectangle(tile, (0, top), (side, top + side / 11), front)
    elif shape == "target":
        for share, colour in ((0.48, front), (0.36, back), (0.24, front), (0.12, back)):
            pen.circle(tile, middle, side * share, colour)
    picture[y : y + side, x : x + side] = tile


def swiss(rng: np.random.Generator, palette: Palette) -> Pixels:
    """A few large shapes on one ground, turned on a common axis."""
    picture = filled(palette.paper)
    turn = float(rng.choice((0, 30, 45, -45, 60, -20)))
    for _ in range(int(rng.integers(4, 13))):
        colour, centre = pick(rng, palette.inks), rng.uniform(40, SIDE_PX - 40, 2)
        if chance(rng, 0.4):
            thick = pen.FILL if chance(rng, 0.6) else rng.uniform(6, 40)
            pen.circle(picture, centre, rng.uniform(20, 190), colour, thick)
        else:
            size = rng.uniform(80, 560), rng.uniform(8, 110)
            bar = cv2.boxPoints(((float(centre[0]), float(centre[1])), size, turn))
            pen.polygon(picture, np.asarray(bar, np.float64), colour)
    return picture


def colour_blocks(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Rectangles split again and again, with or without black lines between."""
    picture = filled(palette.paper)
    boxes = [(0, 0, SIDE_PX, SIDE_PX)]
    for _ in range(int(rng.integers(6, 40))):
        boxes.sort(key=lambda box: box[2] * box[3])
        x, y, width, height = boxes.pop()
        share = rng.uniform(0.25, 0.75)
        if width * rng.uniform(0.5, 2) > height:
            cut = int(width * share)
            boxes += [(x, y, cut, height), (x + cut, y, width - cut, height)]
        else:
            cut = int(height * share)
            boxes += [(x, y, width, cut), (x, y + cut, width, height - cut)]
    line = int(rng.choice((0, 0, 3, 8, 14)))
    for x, y, width, height in boxes:
        cv2.rectangle(picture, (x, y), (x + width, y + height), pick(rng, palette.colours), -1)
    for x, y, width, height in boxes if line else ():
        cv2.rectangle(picture, (x, y), (x + width, y + height), palette.ink, line)
    return picture


def op_art(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Stripes, checks, rings or spirals bent by a few lenses."""
    x, y = plane(SIDE_PX)
    for _ in range(int(rng.integers(1, 5))):
        dx, dy = x - rng.uniform(-0.8, 0.8), y - rng.uniform(-0.8, 0.8)
        bump = rng.uniform(-0.8, 0.8) * np.exp(-(dx**2 + dy**2) / rng.uniform(0.2, 0.7) ** 2)
        x, y = x + bump * dx, y + bump * dy
    waves = pick(rng, (_stripes, _checks, _rings, _spiral))(x, y, rng)
    light, dark = (palette.paper, palette.ink) if chance(rng, 0.6) else palette.accents[:2]
    return toned(np.clip(waves * 6 + 0.5, 0, 1), (dark, light))


def _stripes(x: Tone, y: Tone, rng: np.random.Generator) -> Tone:
    angle = rng.uniform(0, np.pi)
    return np.sin((x * math.cos(angle) + y * math.sin(angle)) * rng.uniform(12, 38))


def _checks(x: Tone, y: Tone, rng: np.random.Generator) -> Tone:
    pitch = rng.uniform(12, 38)
    return np.sin((x + 0.4 * y) * pitch) * np.sin((y - 0.4 * x) * pitch)


def _rings(x: Tone, y: Tone, rng: np.random.Generator) -> Tone:
    radius = np.hypot(x - rng.uniform(-0.7, 0.7), y)
    return np.asarray(np.sin(radius * rng.uniform(12, 38)), np.float32)


def _spiral(x: Tone, y: Tone, rng: np.random.Generator) -> Tone:
    arms = np.float32(rng.integers(6, 20))
    return np.sin(np.arctan2(y, x) * arms + np.hypot(x, y) * rng.uniform(6, 19))


def sunburst(rng: np.random.Generator, palette: Palette) -> Pixels:
    picture = filled(palette.paper)
    centre, n = rng.uniform(60, SIDE_PX - 60, 2), int(rng.integers(7, 30))
    even = np.arange(2 * n) * np.pi / n
    edges = np.sort(rng.uniform(0, 2 * np.pi, 2 * n)) if chance(rng, 0.5) else even
    far = centre + 900 * np.stack([np.cos(edges), np.sin(edges)], axis=-1)
    for i in range(0, 2 * n, 2):
        pen.polygon(picture, (centre, far[i], far[i + 1]), palette.accents[i // 2 % 3])
    for radius in sorted(rng.uniform(10, 190, int(rng.integers(0, 6))), reverse=True):
        pen.circle(picture, centre, radius, pick(rng, palette.colours))
    return picture


def stained_glass(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Cells around random points, each of one colour."""
    cells = cv2.Subdiv2D((0, 0, SIDE_PX, SIDE_PX))
    for x, y in rng.uniform(1, SIDE_PX - 1, (int(rng.integers(14, 140)), 2)):
        cells.insert((float(x), float(y)))
    picture, lead = filled(palette.ink), int(rng.choice((0, 2, 5)))
    for cell in cells.getVoronoiFacetList([])[0]:
        corners = np.asarray(cell, np.float64)
        share = rng.uniform(0.7, 1.15)
        red, green, blue = (min(255, round(c * share)) for c in pick(rng, palette.colours[1:]))
        pen.polygon(picture, corners, (red, green, blue))
        if lead:
            pen.line(picture, np.vstack((corners, corners[:1])), palette.ink, lead)
    return picture


def arcs(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Truchet tiles: rings that find together by chance."""
    n = int(rng.integers(3, 9))
    cell = SIDE_PX // n + 1
    picture = filled(palette.paper, cell * n, cell * n)
    shares = np.linspace(0.8, 0.2, int(rng.integers(2, 6)))
    rings = [(float(share) * cell, pick(rng, palette.colours)) for share in shares]
    for row in range(n):
        for column in range(n):
            tile = filled(palette.paper, cell, cell)
            for corner in ((0, 0), (cell, cell)):
                for radius, colour in rings:
                    pen.circle(tile, corner, radius, colour)
            turned = np.rot90(tile) if chance(rng, 0.5) else tile
            picture[row * cell : (row + 1) * cell, column * cell : (column + 1) * cell] = turned
    return picture


def contour_map(rng: np.random.Generator, palette: Palette) -> Pixels:
    height = fractal(rng, SIDE_PX, int(rng.integers(2, 6)), octaves=3, fall=0.45)
    bands = int(rng.integers(5, 16))
    levels = height * bands
    steps = (np.floor(levels) / bands).astype(np.float32)
    picture = toned(steps, palette.colours if chance(rng, 0.6) else (palette.paper, palette.paper))
    lines = np.abs(levels - np.round(levels)) < 0.07
    picture[lines] = palette.ink
    return picture


def ridge_plot(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Lines of a measurement, one before the other."""
    picture = filled(palette.ink)
    n = int(rng.integers(14, 46))
    waves = fractal(rng, SIDE_PX, (int(rng.integers(5, 14)), n), octaves=4, fall=0.7)
    x = np.arange(0, SIDE_PX, 4)
    envelope = np.exp(-(((x / SIDE_PX - rng.uniform(0.35, 0.65)) / rng.uniform(0.12, 0.35)) ** 2))
    colour = pick(rng, (palette.paper, *palette.accents))
    for i in range(n):
        base = 70 + i * (SIDE_PX - 110) / n
        y = base - waves[round(i * (SIDE_PX - 1) / n), x] ** 2 * envelope * rng.uniform(60, 130)
        line = np.stack([x, y], axis=-1).astype(np.int32)
        below = np.vstack([line, [[SIDE_PX, base + 40], [0, base + 40]]]).astype(np.int32)
        cv2.fillPoly(picture, [below], palette.ink)
        cv2.polylines(picture, [line], False, colour, 2, cv2.LINE_AA)
    return picture


def halftone_dots(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Dots that swell with clouds, on a turned grid."""
    field = fractal(rng, 64, int(rng.integers(2, 5)), octaves=2)
    picture, colour = filled(palette.paper), pick(rng, palette.inks)
    pitch, turn = int(rng.integers(16, 46)), rng.uniform(0, np.pi / 2)
    span = np.arange(-SIDE_PX, SIDE_PX, pitch)
    a, b = (axis.ravel() for axis in np.meshgrid(span, span))
    x = SIDE_PX / 2 + a * np.cos(turn) - b * np.sin(turn)
    y = SIDE_PX / 2 + a * np.sin(turn) + b * np.cos(turn)
    inside = (x >= 0) & (x < SIDE_PX) & (y >= 0) & (y < SIDE_PX)
    for at in np.stack([x, y], axis=-1)[inside]:
        column, row = (at * 64 / SIDE_PX).astype(int)
        pen.circle(picture, at, float(field[row, column]) * pitch * 0.75, colour)
    return picture


def circles(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Overprinted discs and rings of many sizes."""
    picture = filled(max(palette.paper, palette.ink, key=sum))
    for _ in range(int(rng.integers(8, 40))):
        plate, radius = filled((255, 255, 255)), rng.uniform(14, 170)
        thick = pen.FILL if chance(rng, 0.6) else max(3, radius / 6)
        pen.circle(plate, rng.uniform(0, SIDE_PX, 2), radius, pick(rng, palette.accents), thick)
        picture = np.asarray(cv2.multiply(picture, plate, scale=1 / 255), np.uint8)
    return picture
