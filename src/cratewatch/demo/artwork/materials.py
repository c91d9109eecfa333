"""Imitated photographs of surfaces and things on a table."""

import cv2
import numpy as np

from cratewatch.demo.artwork import pen
from cratewatch.demo.artwork.canvas import (
    PHOTO_SIDE_PX,
    Pixels,
    Tone,
    chance,
    filled,
    lay,
    pick,
    plane,
    to_mask,
    toned,
)
from cratewatch.demo.artwork.noise import fractal, grained, ridged, stretched
from cratewatch.demo.artwork.palette import Palette


def marble(rng: np.random.Generator, palette: Palette) -> Pixels:
    veins = ridged(rng, PHOTO_SIDE_PX, int(rng.integers(2, 6))) ** rng.uniform(2, 8)
    ground = fractal(rng, PHOTO_SIDE_PX, 3) * 0.4
    return toned(stretched(ground + veins), (palette.paper, palette.accents[1], palette.ink))


def wood(rng: np.random.Generator, palette: Palette) -> Pixels:
    x, y = plane(PHOTO_SIDE_PX)
    x = x - rng.uniform(-1.5, 1.5)
    y = (y - rng.uniform(-1, 1)) * rng.uniform(0.1, 1)
    bent = np.sqrt(x * x + y * y) + 0.25 * fractal(rng, PHOTO_SIDE_PX, 3)
    rings = 0.5 + 0.5 * np.sin(bent * rng.uniform(20, 70))
    fibre = fractal(rng, PHOTO_SIDE_PX, (60, 4), octaves=2)
    browns = ((52, 28, 14), (140, 86, 44), (206, 156, 98))
    return toned(
        stretched(0.7 * rings + 0.5 * fibre), browns if chance(rng, 0.5) else palette.colours[:3]
    )


def cloth(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Folds of a fabric with a woven check or stripe."""
    folds = fractal(rng, PHOTO_SIDE_PX, (int(rng.integers(2, 7)), 2), octaves=3, fall=0.4)
    x, y = plane(PHOTO_SIDE_PX)
    bend = 3 * folds
    pitch = rng.uniform(6, 26)
    warp_threads = np.sin((x + 0.2 * bend) * pitch)
    weft_threads = np.sin((y + 0.1 * bend) * pitch) if chance(rng, 0.6) else np.float32(0)
    weave = 0.5 + 0.25 * np.sign(warp_threads) + 0.25 * np.sign(weft_threads)
    shade = np.clip(0.25 + folds, 0, 1)[..., None]
    fabric = toned(
        np.clip(weave, 0, 1).astype(np.float32),
        pick(rng, (palette.colours[1:3], palette.colours[::2], palette.colours[2:])),
    )
    return grained(rng, (fabric * shade).astype(np.uint8), 5)


def lights(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Lamps out of focus at night."""
    glow = np.zeros((PHOTO_SIDE_PX, PHOTO_SIDE_PX, 3), np.float32)
    for _ in range(int(rng.integers(12, 60))):
        spot = np.zeros((PHOTO_SIDE_PX, PHOTO_SIDE_PX, 3), np.uint8)
        at = int(rng.integers(0, PHOTO_SIDE_PX)), int(rng.integers(0, PHOTO_SIDE_PX))
        colour = pick(rng, (*palette.accents, palette.paper))
        cv2.circle(spot, at, int(rng.integers(5, 38)), colour, -1, cv2.LINE_AA)
        glow += spot * rng.uniform(0.2, 0.7)
    picture = toned(fractal(rng, PHOTO_SIDE_PX, 2) * 0.4, ((8, 8, 14), palette.accents[0]))
    return np.asarray(np.clip(picture + glow, 0, 255), np.uint8)


def peeling(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Layers of old paint or torn posters."""
    picture = toned(fractal(rng, PHOTO_SIDE_PX, 8, fall=0.8), palette.colours[:2])
    for colour in palette.colours[1:]:
        layer = fractal(rng, PHOTO_SIDE_PX, int(rng.integers(2, 7)), fall=0.65)
        edge = np.clip((layer - rng.uniform(0.4, 0.62)) * 40, 0, 1)
        shadow = np.roll(edge, (3, 2), (0, 1))
        picture = lay(picture, (20, 16, 14), (shadow * 120).astype(np.uint8))
        paint = toned(fractal(rng, PHOTO_SIDE_PX, 14, octaves=3), (colour, palette.paper))
        picture = lay(picture, paint, (edge * 255).astype(np.uint8))
    return grained(rng, picture, 6)


def fluid(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Oil in water: clouds bent by clouds."""
    first, second = (fractal(rng, PHOTO_SIDE_PX, 3, octaves=3) * 110 for _ in range(2))
    rows, columns = np.indices((PHOTO_SIDE_PX, PHOTO_SIDE_PX), dtype=np.float32)
    ground = fractal(rng, PHOTO_SIDE_PX, 5, octaves=3)
    bent = cv2.remap(
        ground,
        columns + first - 55,
        rows + second - 55,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    bands = 0.5 + 0.5 * np.sin(np.asarray(bent, np.float32) * rng.uniform(9, 30))
    return toned(bands.astype(np.float32), palette.colours)


def flower(rng: np.random.Generator, palette: Palette) -> Pixels:
    ground = (10, 20, 14), *palette.colours[:2]
    picture = toned(fractal(rng, PHOTO_SIDE_PX, 3, octaves=3), ground)
    for _ in range(int(rng.choice((1, 1, 2, 3, 6)))):
        _blossom(picture, rng, palette)
    return grained(rng, picture, 6)


def _blossom(picture: Pixels, rng: np.random.Generator, palette: Palette) -> None:
    """Draw three rings of petals from outside in, each petal of another shade."""
    centre, size, n = rng.uniform(60, 240, 2), rng.uniform(45, 150), int(rng.integers(5, 22))
    shades = toned(
        np.linspace(0.1, 0.9, 16, dtype=np.float32)[None],
        (pick(rng, palette.accents), pick(rng, (palette.paper, *palette.accents))),
    )[0]
    slim = rng.uniform(0.22, 0.64)
    for reach in (size / 2, size * 0.35, size * 0.21):
        for k in range(n):
            turn = 360 * (k + reach / size) / n + rng.uniform(-7, 7)
            out = np.array((np.cos(np.radians(turn)), np.sin(np.radians(turn))))
            red, green, blue = (int(value) for value in pick(rng, shades))
            oval = reach, max(2, reach * slim), turn
            pen.ellipse(picture, centre + out * reach, oval, (red, green, blue))
            pen.ellipse(picture, centre + out * reach, oval, (25, 15, 20), 1)
    pen.circle(picture, centre, size * 0.13, palette.ink)


def still_life(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Shaded balls, boxes and bottles on a table."""
    table, light = rng.uniform(-0.1, 0.4), 0.6 if chance(rng, 0.5) else -0.6
    back = toned(fractal(rng, PHOTO_SIDE_PX, 4, fall=0.6), _dark_to_light(rng, palette))
    top = toned(fractal(rng, PHOTO_SIDE_PX, (2, 20), octaves=3), _dark_to_light(rng, palette))
    picture = lay(back, top, to_mask(plane(PHOTO_SIDE_PX)[1] > table))
    for _ in range(int(rng.integers(2, 8))):
        size = rng.uniform(0.1, 0.38)
        middle = rng.uniform(-0.8, 0.8), table + rng.uniform(-0.1, 0.45) - size * 0.6
        u, v = ((axis - at) / size for axis, at in zip(plane(PHOTO_SIDE_PX), middle, strict=True))
        shadow = np.clip(1 - ((u + light) ** 2 / 2 + ((v - 1) * 5) ** 2), 0, 1)
        picture = lay(picture, (10, 8, 8), to_mask(shadow * 0.67))
        skin = 0.15 * fractal(rng, PHOTO_SIDE_PX, 8)
        tone = np.clip(0.55 - light * u * 0.6 - 0.25 * v + skin, 0, 1)
        thing = toned(tone, ((12, 10, 12), pick(rng, palette.accents), palette.paper))
        inside = pick(rng, (_ball, _box, _bottle))(u, v)
        picture = lay(picture, thing, to_mask(np.clip((1 - inside) * 12, 0, 1)))
    return grained(rng, picture, 5)


def _ball(u: Tone, v: Tone) -> Tone:
    return u * u + v * v


def _box(u: Tone, v: Tone) -> Tone:
    return np.asarray(np.maximum(np.abs(u), np.abs(v)) ** 4, np.float32)


def _bottle(u: Tone, v: Tone) -> Tone:
    narrow = np.where(v < -0.2, np.float32(3), np.float32(1.3))
    return np.asarray((u * narrow) ** 2 + (v / 2) ** 8, np.float32)


def piano(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Keys seen from above, at an angle."""
    side = 420
    picture = filled((244, 240, 230), side, side)
    pitch = int(rng.integers(22, 50))
    black = pattern = (1, 1, 0, 1, 1, 1, 0)
    start = int(rng.integers(7))
    for i, x in enumerate(range(0, side, pitch)):
        cv2.line(picture, (x, 0), (x, side), (90, 86, 80), 2)
        if pattern[(i + start) % len(black)]:
            left = x + pitch * 2 // 3
            cv2.rectangle(
                picture, (left, 0), (left + pitch * 2 // 3, side * 3 // 5), (18, 16, 18), -1
            )
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), rng.uniform(-50, 50), 1.15)
    keys = np.asarray(
        cv2.warpAffine(picture, turn, (side, side), borderValue=palette.ink), np.uint8
    )
    shade = 0.35 + 0.65 * fractal(rng, side, 2, octaves=2)
    return grained(rng, (keys * shade[..., None]).astype(np.uint8)[60:360, 60:360], 5)


def record(rng: np.random.Generator, palette: Palette) -> Pixels:
    """A disc with grooves, light on them, and a label."""
    x, y = plane(PHOTO_SIDE_PX)
    zoom, at_x, at_y = rng.uniform(0.55, 1.2), rng.uniform(-0.6, 0.6), rng.uniform(-0.6, 0.6)
    u, v = (x - at_x) / zoom, (y - at_y) / zoom
    radius, angle = np.sqrt(u * u + v * v), np.arctan2(v, u)
    shine = np.abs(np.cos(angle + rng.uniform(0, 3))) ** 12
    tone = 0.12 + 0.07 * np.sin(radius * rng.uniform(90, 160)) + shine * 0.5
    table = toned(fractal(rng, PHOTO_SIDE_PX, (4, 30), octaves=3), _dark_to_light(rng, palette))
    disc = lay(table, toned(tone, ((0, 0, 0), (240, 240, 240))), to_mask(radius < 1))
    paper = toned(0.5 + 0.5 * np.sign(v + rng.uniform(-0.2, 0.2)), _dark_to_light(rng, palette))
    disc = lay(disc, paper, to_mask(radius < 0.34))
    return lay(disc, (12, 12, 12), to_mask(radius < 0.03))


def eye(rng: np.random.Generator, palette: Palette) -> Pixels:
    """One eye so near that lashes and iris fill the sleeve."""
    x, y = plane(PHOTO_SIDE_PX)
    at_x, at_y, open_ = rng.uniform(-0.3, 0.3), rng.uniform(-0.2, 0.2), rng.uniform(0.25, 0.6)
    u, v = x - at_x, y - at_y
    skin = (
        fractal(rng, PHOTO_SIDE_PX, 6, fall=0.7) * 0.35
        + 0.55
        - 0.35 * np.abs(np.abs(v) - open_ - 0.2)
    )
    picture = toned(np.clip(skin, 0, 1), ((40, 22, 18), pick(rng, palette.accents), palette.paper))
    lid = open_ * (1 - (u / 0.85) ** 2)
    white = to_mask(np.clip((lid - np.abs(v)) * 30, 0, 1))
    radius, angle = np.sqrt(u * u + v * v), np.arctan2(v, u)
    spokes = fractal(rng, PHOTO_SIDE_PX, (50, 2), octaves=2)[0][((angle + 3.15) * 47).astype(int)]
    ball = toned(np.clip(0.95 - radius * 0.4, 0, 1), ((60, 40, 40), (245, 240, 235)))
    iris = toned(np.clip(spokes * 1.3 - radius, 0, 1), (palette.ink, *palette.accents[1:]))
    ball = lay(ball, iris, to_mask(np.clip((0.36 - radius) * 30, 0, 1)))
    ball = lay(ball, (6, 5, 6), to_mask(np.clip((rng.uniform(0.1, 0.2) - radius) * 30, 0, 1)))
    picture = lay(picture, ball, white)
    rim = to_mask(np.clip(1 - np.abs(np.abs(v) - lid) * 22, 0, 1) * (np.abs(u) < 0.85))
    return grained(rng, lay(picture, (14, 8, 8), rim), 6)


def _dark_to_light(rng: np.random.Generator, palette: Palette) -> tuple[tuple[int, int, int], ...]:
    first, second = rng.choice(5, 2, replace=False)
    return palette.colours[first], palette.colours[second]
