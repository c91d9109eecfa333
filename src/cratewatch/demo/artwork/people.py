"""Imitated photographs of faces."""

from dataclasses import dataclass

import cv2
import numpy as np

from cratewatch.demo.artwork import pen
from cratewatch.demo.artwork.canvas import (
    PHOTO_SIDE_PX,
    Mask,
    Pixels,
    Tone,
    lay,
    plane,
    stretched,
    to_mask,
    toned,
)
from cratewatch.demo.artwork.chance import Cells, Desk

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


def portrait(desk: Desk) -> Pixels:
    """Draw a face, lit from one side."""
    radius = desk.within(42, 92)
    pose = _Pose(
        x=desk.within(110, 190),
        y=desk.within(max(95, radius * 1.25), 165),
        radius=radius,
        light=(desk.within(-0.9, 0.9), desk.within(-0.6, 0.3)),
        contrast=desk.within(0.9, 1.7),
        turn=desk.within(-0.45, 0.45),
    )
    picture = _person(_backdrop(desk), pose, desk)
    tilt = cv2.getRotationMatrix2D((pose.x, pose.y), desk.within(-16, 16), 1.06)
    tilted = cv2.warpAffine(picture, tilt, picture.shape[:2], borderMode=cv2.BORDER_REFLECT)
    return desk.grained(np.asarray(tilted, np.uint8), desk.within(3, 13))


def faces_in_a_row(desk: Desk) -> Pixels:
    """A group: the heads overlap as on a band's photograph."""
    picture, n = _backdrop(desk), desk.count(3, 6)
    light = (desk.within(-0.9, 0.9), desk.within(-0.5, 0.2))
    contrast = desk.within(0.9, 1.6)
    for i in desk.rng.permutation(n):
        pose = _Pose(
            x=PHOTO_SIDE_PX * (i + 0.5) / n + desk.within(-8, 8),
            y=desk.within(95, 170),
            radius=130 / n * desk.within(0.75, 1.0),
            light=light,
            contrast=contrast,
            turn=desk.within(-0.5, 0.5),
        )
        picture = _person(picture, pose, desk)
    return desk.grained(picture, 7)


def _backdrop(desk: Desk) -> Pixels:
    x, y = plane()
    lit = 1 - ((x - desk.within(-1, 1)) ** 2 + (y - desk.within(-1, 1)) ** 2) / 3
    rough, mix = desk.clouds(desk.pick(_WALLS), fall=0.6), desk.within(0.15, 0.85)
    return toned(stretched(lit * (1 - mix) + rough * mix), _dark_and_light(desk))


def _dark_and_light(desk: Desk) -> list[tuple[int, int, int]]:
    return [desk.colours[i] for i in sorted(desk.rng.choice(5, 2, replace=False))]


def _person(picture: Pixels, pose: _Pose, desk: Desk) -> Pixels:
    r, x = pose.radius, pose.x
    shoulder_y, wide = pose.y + r * desk.within(1.45, 1.7), r * desk.within(1.7, 2.4)
    right = (
        (x + r * 0.4, pose.y + r * 0.6), (x + r * 0.5, shoulder_y),
        (x + wide, shoulder_y + r * 0.5), (x + wide * 1.15, 420),
    )  # fmt: skip
    left = [(2 * x - at, y) for at, y in reversed(right)]
    cloth = toned(desk.clouds(desk.pick(_CLOTHS), octaves=3), _dark_and_light(desk))
    picture = lay(picture, cloth, _soft((*right, *left), 3))
    if desk.likely(0.5):
        collar = (
            (x - r * 0.55, shoulder_y), (x + r * 0.55, shoulder_y), (x, shoulder_y + r * 1.3),
        )  # fmt: skip
        picture = lay(picture, desk.pick(desk.colours), _soft(collar, 2))
    return _head(picture, pose, desk)


def _soft(outline: pen.Points, blur_px: float) -> Mask:
    mask = np.zeros((PHOTO_SIDE_PX, PHOTO_SIDE_PX), np.uint8)
    pen.polygon(mask, outline, pen.OPAQUE)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), blur_px), np.uint8)


def _head(picture: Pixels, pose: _Pose, desk: Desk) -> Pixels:
    x, y = ((axis + 1) * np.float32(PHOTO_SIDE_PX / 2) for axis in plane())
    v = (y - pose.y) / (pose.radius * 1.3)
    u = (x - pose.x) / (pose.radius * (1 - desk.within(0.1, 0.3) * np.clip(v, 0, 1) ** 2))
    inside = u * u + v * v
    depth = np.sqrt(np.clip(1 - inside, 0, 1))
    light_x, light_y = pose.light
    tone = 0.25 + pose.contrast * (light_x * u * 0.45 + light_y * v * 0.3 + 0.42 * depth)
    tone -= _features(u - pose.turn * depth, v, desk)
    skin = desk.pick(SKINS) if desk.likely(0.6) else sorted(desk.colours[::2], key=sum)
    return _with_hair(lay(picture, toned(tone, skin), to_mask((1 - inside) * 14)), u, v, desk)


def _features(u: Tone, v: Tone, desk: Desk) -> Tone:
    """Return the darkness of eyes, brows, nose, mouth and beard."""
    apart, level, open_ = desk.within(0.33, 0.42), desk.within(-0.16, -0.02), desk.within(0.05, 0.1)
    both = np.abs(u)
    smiling = v + desk.within(-0.25, 0.35) * u * u
    mouth = desk.within(0.2, 0.34), desk.within(0.03, 0.09)
    dark = _spot(both, v, (apart, level), (0.17, open_)) * 0.75
    dark += _spot(both, v, (apart, level - 0.17), (0.22, desk.within(0.03, 0.07))) * 0.6
    dark += _spot(u, v, (desk.pick((0.12, -0.12)), 0.18), (0.07, 0.28)) * 0.3
    dark += _spot(both, v, (0.1, 0.33), (0.09, 0.05)) * 0.5
    dark += _spot(u, smiling, (0, 0.56), mouth) * 0.7
    if desk.likely(0.3):
        dark += _spot(u, v, (0, 0.8), (0.6, 0.32)) * desk.within(0.3, 0.8)
    if desk.likely(0.25):
        lenses = _spot(both, v, (apart, level), (0.3, desk.within(0.16, 0.26))) > 0.45
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


def _with_hair(picture: Pixels, u: Tone, v: Tone, desk: Desk) -> Pixels:
    cut = desk.pick(_CUTS)
    if cut is None:
        return picture
    around = (u / cut.volume) ** 2 + ((v + 0.12) / cut.volume) ** 2 < 1
    mask = around & (v < cut.line + 0.35 * (u - desk.within(-0.5, 0.5)) ** 2)
    if cut.length:
        mask |= (np.abs(u) > 0.82) & (np.abs(u) < 1.3) & (v > -0.6) & (v < cut.length)
    if cut.round_the_head:
        mask |= around & (u * u + v * v > 0.98) & (v < 0.5)
    if cut.brim:
        mask |= (np.abs(v + 0.52) < 0.09) & (np.abs(u) < cut.brim)
    strands = desk.clouds(desk.pick(_STRANDS), octaves=2)
    top = desk.pick(desk.colours if cut.brim else _HAIR_COLOURS)
    soft = np.asarray(cv2.GaussianBlur(to_mask(mask), (0, 0), 1.2), np.uint8)
    return lay(picture, toned(strands, ((12, 9, 8), top)), soft)
