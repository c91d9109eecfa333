"""Imitated photographs of faces."""

from dataclasses import dataclass

import cv2
import numpy as np

from cratewatch.demo.artwork.canvas import (
    PHOTO_SIDE_PX,
    Mask,
    Pixels,
    Tone,
    chance,
    lay,
    pick,
    plane,
    to_mask,
    toned,
)
from cratewatch.demo.artwork.noise import Cells, fractal, grained, stretched
from cratewatch.demo.artwork.palette import Palette

_WALLS: tuple[Cells, ...] = (2, 4, 9, (2, 14), (16, 2))
_CLOTHS: tuple[Cells, ...] = (3, 8, 30, (22, 2), (2, 22))
_STRANDS: tuple[Cells, ...] = (25, (40, 3), (6, 40))
SKINS = (
    ((38, 20, 14), (122, 72, 48), (214, 158, 120)),
    ((52, 26, 18), (176, 112, 82), (246, 208, 178)),
    ((22, 12, 10), (84, 48, 34), (176, 116, 84)),
    ((60, 36, 30), (196, 140, 112), (255, 228, 208)),
)


@dataclass(frozen=True)
class _Pose:
    """Where a head is and how it is lit, in px of the half-size picture."""

    x: float
    y: float
    radius: float
    light: tuple[float, float]
    contrast: float
    turn: float


def portrait(rng: np.random.Generator, palette: Palette) -> Pixels:
    picture = _backdrop(rng, palette)
    radius = rng.uniform(42, 92)
    pose = _Pose(
        x=rng.uniform(110, 190),
        y=float(rng.uniform(max(95, radius * 1.25), 165)),
        radius=radius,
        light=(rng.uniform(-0.9, 0.9), rng.uniform(-0.6, 0.3)),
        contrast=rng.uniform(0.9, 1.7),
        turn=rng.uniform(-0.45, 0.45),
    )
    picture = _body(picture, pose, rng, palette)
    picture = _head(picture, pose, rng, palette)
    tilt = cv2.getRotationMatrix2D((pose.x, pose.y), rng.uniform(-16, 16), 1.06)
    tilted = cv2.warpAffine(picture, tilt, picture.shape[:2], borderMode=cv2.BORDER_REFLECT)
    return grained(rng, np.asarray(tilted, np.uint8), rng.uniform(3, 13))


def faces_in_a_row(rng: np.random.Generator, palette: Palette) -> Pixels:
    """A group: the heads overlap as on a band's photograph."""
    picture = _backdrop(rng, palette)
    n = int(rng.integers(3, 6))
    light = (rng.uniform(-0.9, 0.9), rng.uniform(-0.5, 0.2))
    contrast = rng.uniform(0.9, 1.6)
    for i in rng.permutation(n):
        pose = _Pose(
            x=PHOTO_SIDE_PX * (i + 0.5) / n + rng.uniform(-8, 8),
            y=rng.uniform(95, 170),
            radius=130 / n * rng.uniform(0.75, 1.0),
            light=light,
            contrast=contrast,
            turn=rng.uniform(-0.5, 0.5),
        )
        picture = _head(_body(picture, pose, rng, palette), pose, rng, palette)
    return grained(rng, picture, 7)


def _backdrop(rng: np.random.Generator, palette: Palette) -> Pixels:
    x, y = plane(PHOTO_SIDE_PX)
    lit = 1 - ((x - rng.uniform(-1, 1)) ** 2 + (y - rng.uniform(-1, 1)) ** 2) / 3
    rough = fractal(rng, PHOTO_SIDE_PX, pick(rng, _WALLS), fall=0.6)
    mix = rng.uniform(0.15, 0.85)
    tone = stretched(lit * (1 - mix) + rough * mix)
    low, high = sorted(rng.choice(5, 2, replace=False))
    return toned(tone, (palette.colours[low], palette.colours[high]))


def _body(picture: Pixels, pose: _Pose, rng: np.random.Generator, palette: Palette) -> Pixels:
    r, x = pose.radius, pose.x
    shoulder_y = pose.y + r * rng.uniform(1.45, 1.7)
    wide = r * rng.uniform(1.7, 2.4)
    outline = np.array(
        [
            (x - r * 0.4, pose.y + r * 0.6), (x + r * 0.4, pose.y + r * 0.6),
            (x + r * 0.5, shoulder_y), (x + wide, shoulder_y + r * 0.5),
            (x + wide * 1.15, 420), (x - wide * 1.15, 420),
            (x - wide, shoulder_y + r * 0.5), (x - r * 0.5, shoulder_y),
        ]
    )  # fmt: skip
    cloth = fractal(rng, PHOTO_SIDE_PX, pick(rng, _CLOTHS), octaves=3)
    dressed = lay(picture, toned(cloth, _two_inks(rng, palette)), _polygon(outline, soft=3))
    if chance(rng, 0.5):
        collar = np.array(
            [(x - r * 0.55, shoulder_y), (x + r * 0.55, shoulder_y), (x, shoulder_y + r * 1.3)]
        )
        dressed = lay(dressed, pick(rng, palette.colours), _polygon(collar, soft=2))
    return dressed


def _two_inks(rng: np.random.Generator, palette: Palette) -> tuple[tuple[int, int, int], ...]:
    dark, light = sorted(rng.choice(5, 2, replace=False))
    return palette.colours[dark], palette.colours[light]


def _head(picture: Pixels, pose: _Pose, rng: np.random.Generator, palette: Palette) -> Pixels:
    x, y = plane(PHOTO_SIDE_PX)
    half = PHOTO_SIDE_PX / 2
    v = (y * half + half - pose.y) / (pose.radius * 1.3)
    jaw = 1 - rng.uniform(0.1, 0.3) * np.clip(v, 0, 1) ** 2
    u = (x * half + half - pose.x) / (pose.radius * jaw)
    inside = u * u + v * v
    depth = np.sqrt(np.clip(1 - inside, 0, 1))
    light_x, light_y = pose.light
    tone = 0.25 + pose.contrast * (light_x * u * 0.45 + light_y * v * 0.3 + 0.42 * depth)
    tone -= _features(u - pose.turn * depth, v, rng)
    skin = pick(rng, SKINS) if chance(rng, 0.6) else tuple(sorted(palette.colours[::2], key=sum))
    face = toned(np.clip(tone, 0, 1), skin)
    with_face = lay(picture, face, to_mask(np.clip((1 - inside) * 14, 0, 1)))
    return _with_hair(with_face, u, v, rng, palette)


def _features(u: Tone, v: Tone, rng: np.random.Generator) -> Tone:
    """Return the darkness of eyes, brows, nose, mouth and beard."""
    apart, level, open_ = rng.uniform(0.33, 0.42), rng.uniform(-0.16, -0.02), rng.uniform(0.05, 0.1)
    both = np.abs(u)
    dark = _spot(both, v, (apart, level), (0.17, open_)) * 0.75
    dark += _spot(both, v, (apart, level - 0.17), (0.22, rng.uniform(0.03, 0.07))) * 0.6
    dark += _spot(u, v, (0.12 if chance(rng, 0.5) else -0.12, 0.18), (0.07, 0.28)) * 0.3
    dark += _spot(both, v, (0.1, 0.33), (0.09, 0.05)) * 0.5
    smiling = v + rng.uniform(-0.25, 0.35) * u * u
    dark += _spot(u, smiling, (0, 0.56), (rng.uniform(0.2, 0.34), rng.uniform(0.03, 0.09))) * 0.7
    if chance(rng, 0.3):
        dark += _spot(u, v, (0, 0.8), (0.6, 0.32)) * rng.uniform(0.3, 0.8)
    if chance(rng, 0.25):
        lenses = _spot(both, v, (apart, level), (0.3, rng.uniform(0.16, 0.26))) > 0.45
        dark += np.float32(0.9) * lenses
    return dark


def _spot(u: Tone, v: Tone, at: tuple[float, float], size: tuple[float, float]) -> Tone:
    return np.exp(-(((u - at[0]) / size[0]) ** 2) - ((v - at[1]) / size[1]) ** 2)


@dataclass(frozen=True)
class _Hair:
    """A cut, in units of the head: how far it stands out and how low it falls on the forehead."""

    volume: float
    line: float
    length: float = 0.0
    round_the_head: bool = False
    brim: float = 0.0


_CUTS: tuple[_Hair | None, ...] = (
    _Hair(1.12, -0.5),
    _Hair(1.05, -0.6),
    _Hair(1.22, -0.42, length=1.0),
    _Hair(1.3, -0.35, length=1.7),
    _Hair(1.62, -0.45, round_the_head=True),
    _Hair(1.1, -0.45, brim=1.6),
    _Hair(1.2, -0.25),
    None,
)
_HAIR_COLOURS = ((60, 40, 28), (30, 26, 28), (190, 150, 90), (120, 60, 30), (170, 170, 170))


def _with_hair(
    picture: Pixels, u: Tone, v: Tone, rng: np.random.Generator, palette: Palette
) -> Pixels:
    cut = pick(rng, _CUTS)
    if cut is None:
        return picture
    around = (u / cut.volume) ** 2 + ((v + 0.12) / cut.volume) ** 2 < 1
    mask = around & (v < cut.line + 0.35 * (u - rng.uniform(-0.5, 0.5)) ** 2)
    if cut.length:
        mask |= (np.abs(u) > 0.82) & (np.abs(u) < 1.3) & (v > -0.6) & (v < cut.length)
    if cut.round_the_head:
        mask |= around & (u * u + v * v > 0.98) & (v < 0.5)
    if cut.brim:
        mask |= (np.abs(v + 0.52) < 0.09) & (np.abs(u) < cut.brim)
    strands = fractal(rng, PHOTO_SIDE_PX, pick(rng, _STRANDS), octaves=2)
    top = pick(rng, palette.colours if cut.brim else _HAIR_COLOURS)
    soft = np.asarray(cv2.GaussianBlur(mask * np.uint8(255), (0, 0), 1.2), np.uint8)
    return lay(picture, toned(strands, ((12, 9, 8), top)), soft)


def _polygon(outline: np.ndarray[tuple[int, int], np.dtype[np.float64]], soft: float) -> Mask:
    mask = np.zeros((PHOTO_SIDE_PX, PHOTO_SIDE_PX), np.uint8)
    cv2.fillPoly(mask, [np.asarray(outline, np.int32)], 255, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), soft), np.uint8)
