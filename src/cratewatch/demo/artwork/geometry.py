"""Shapes and patterns: Swiss posters, op art, tiles."""

import cv2
import numpy as np

from cratewatch.demo.artwork.canvas import (
    SIDE_PX,
    Colour,
    Pixels,
    chance,
    filled,
    pick,
    plane,
    toned,
)
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
    cv2.rectangle(picture, (x, y), (x + side, y + side), back, -1)
    corner = (x + side * int(rng.integers(2)), y + side * int(rng.integers(2)))
    shape = int(rng.integers(6))
    if shape == 0:
        part = picture[y : y + side, x : x + side]
        local = (corner[0] - x, corner[1] - y)
        part[:] = cv2.circle(part.copy(), local, side, front, -1, cv2.LINE_AA)
    elif shape == 1:
        points = [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
        points.pop(int(rng.integers(4)))
        cv2.fillPoly(picture, [np.array(points, np.int32)], front, cv2.LINE_AA)
    elif shape == 2:
        cv2.circle(picture, (x + side // 2, y + side // 2), side * 2 // 5, front, -1, cv2.LINE_AA)
    elif shape == 3:
        for offset in range(0, side, max(8, side // 5)):
            cv2.rectangle(picture, (x, y + offset), (x + side, y + offset + side // 11), front, -1)
    elif shape == 4:
        for share in (0.48, 0.36, 0.24, 0.12):
            colour = front if round(share * 100) % 24 == 0 else back
            cv2.circle(
                picture,
                (x + side // 2, y + side // 2),
                round(side * share),
                colour,
                -1,
                cv2.LINE_AA,
            )


def swiss(rng: np.random.Generator, palette: Palette) -> Pixels:
    """A few large shapes on one ground, turned on a common axis."""
    picture = filled(palette.paper)
    angle = float(rng.choice((0, 30, 45, -45, 60, -20)))
    for _ in range(int(rng.integers(4, 13))):
        colour = pick(rng, (palette.ink, *palette.accents))
        centre = rng.uniform(40, SIDE_PX - 40, 2)
        if chance(rng, 0.4):
            thick = -1 if chance(rng, 0.6) else int(rng.integers(6, 40))
            at = int(centre[0]), int(centre[1])
            cv2.circle(picture, at, int(rng.integers(20, 190)), colour, thick, cv2.LINE_AA)
        else:
            size = rng.uniform(80, 560), rng.uniform(8, 110)
            bar = cv2.boxPoints(((float(centre[0]), float(centre[1])), size, angle))
            cv2.fillPoly(picture, [bar.astype(np.int32)], colour, cv2.LINE_AA)
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
    """Stripes or rings bent by a few lenses."""
    x, y = (axis.copy() for axis in plane(SIDE_PX))
    for _ in range(int(rng.integers(1, 5))):
        cx, cy, size = rng.uniform(-0.8, 0.8), rng.uniform(-0.8, 0.8), rng.uniform(0.2, 0.7)
        bump = np.exp(
            -((x - np.float32(cx)) ** 2 + (y - np.float32(cy)) ** 2) / np.float32(size**2)
        )
        bump *= rng.uniform(-0.8, 0.8)
        x, y = x + bump * (x - np.float32(cx)), y + bump * (y - np.float32(cy))
    pitch = rng.uniform(12, 38)
    angle = rng.uniform(0, np.pi)
    along = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
    across = y * np.float32(np.cos(angle)) - x * np.float32(np.sin(angle))
    kind = int(rng.integers(4))
    if kind == 0:
        waves = np.sin(along * pitch)
    elif kind == 1:
        waves = np.sin(along * pitch) * np.sin(across * pitch)
    elif kind == 2:
        waves = np.sin(np.sqrt((x - rng.uniform(-0.7, 0.7)) ** 2 + y * y) * pitch)
    else:
        waves = np.sin(np.arctan2(y, x) * np.round(pitch / 2) + np.sqrt(x * x + y * y) * pitch / 2)
    sharp = np.clip(waves * 6 + 0.5, 0, 1).astype(np.float32)
    light, dark = (palette.paper, palette.ink) if chance(rng, 0.6) else palette.accents[:2]
    return toned(sharp, (dark, light))


def sunburst(rng: np.random.Generator, palette: Palette) -> Pixels:
    picture = filled(palette.paper)
    centre = tuple(int(c) for c in rng.uniform(60, SIDE_PX - 60, 2))
    n = int(rng.integers(7, 30))
    edges = (
        np.sort(rng.uniform(0, 2 * np.pi, 2 * n))
        if chance(rng, 0.5)
        else np.linspace(0, 2 * np.pi, 2 * n + 1)[:-1]
    )
    for i in range(0, 2 * n, 2):
        rays = [
            (centre[0] + 900 * np.cos(a), centre[1] + 900 * np.sin(a)) for a in edges[i : i + 2]
        ]
        cv2.fillPoly(
            picture, [np.array([centre, *rays], np.int32)], palette.accents[i // 2 % 3], cv2.LINE_AA
        )
    for radius in sorted(rng.integers(10, 190, int(rng.integers(0, 6))), reverse=True):
        cv2.circle(picture, centre, int(radius), pick(rng, palette.colours), -1, cv2.LINE_AA)
    return picture


def stained_glass(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Cells around random points, each of one colour."""
    n = int(rng.integers(14, 140))
    corner = cv2.Subdiv2D((0, 0, SIDE_PX, SIDE_PX))
    for point in rng.uniform(1, SIDE_PX - 1, (n, 2)):
        corner.insert((float(point[0]), float(point[1])))
    picture = filled(palette.ink)
    cells, _ = corner.getVoronoiFacetList([])
    lead = int(rng.choice((0, 2, 5)))
    for cell in cells:
        outline = [np.asarray(cell).astype(np.int32)]
        share = rng.uniform(0.7, 1.15)
        colour = tuple(min(255, round(c * share)) for c in pick(rng, palette.colours[1:]))
        cv2.fillPoly(picture, outline, colour, cv2.LINE_AA)
        if lead:
            cv2.polylines(picture, outline, True, palette.ink, lead, cv2.LINE_AA)
    return picture


def arcs(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Truchet tiles: rings that find together by chance."""
    n = int(rng.integers(3, 9))
    cell = SIDE_PX // n + 1
    picture = filled(palette.paper, cell * n, cell * n)
    rings = [
        (r, pick(rng, palette.colours)) for r in np.linspace(0.8, 0.2, int(rng.integers(2, 6)))
    ]
    for row in range(n):
        for column in range(n):
            x, y = column * cell, row * cell
            part = filled(palette.paper, cell, cell)
            diagonal = ((0, 0), (cell, cell)) if chance(rng, 0.5) else ((cell, 0), (0, cell))
            for corner in diagonal:
                for share, colour in rings:
                    cv2.circle(part, corner, round(share * cell), colour, -1, cv2.LINE_AA)
            picture[y : y + cell, x : x + cell] = part
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
    picture = filled(palette.paper)
    pitch = int(rng.integers(16, 46))
    turn = rng.uniform(0, np.pi / 2)
    span = np.arange(-SIDE_PX, SIDE_PX, pitch)
    colour = pick(rng, (palette.ink, *palette.accents))
    for a in span:
        for b in span:
            x = SIDE_PX / 2 + a * np.cos(turn) - b * np.sin(turn)
            y = SIDE_PX / 2 + a * np.sin(turn) + b * np.cos(turn)
            if 0 <= x < SIDE_PX and 0 <= y < SIDE_PX:
                size = field[int(y * 64 / SIDE_PX), int(x * 64 / SIDE_PX)] * pitch * 0.75
                cv2.circle(picture, (round(x), round(y)), round(size), colour, -1, cv2.LINE_AA)
    return picture


def circles(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Overprinted rings of many sizes."""
    picture = filled(max(palette.paper, palette.ink, key=sum))
    for _ in range(int(rng.integers(8, 40))):
        at = int(rng.integers(0, SIDE_PX)), int(rng.integers(0, SIDE_PX))
        radius = int(rng.integers(14, 170))
        layer = filled((255, 255, 255))
        colour: Colour = pick(rng, palette.accents)
        cv2.circle(
            layer, at, radius, colour, -1 if chance(rng, 0.6) else max(3, radius // 6), cv2.LINE_AA
        )
        picture = ((picture.astype(np.uint16) * layer) >> 8).astype(np.uint8)
    return picture
