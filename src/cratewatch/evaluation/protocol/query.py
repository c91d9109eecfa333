"""Draws an evaluation query of a given severity and size.

It shares no scene, no hand and no range with the synthesis that models are trained on, so that a
model which learnt its own training pictures by heart gains nothing here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.pixels import Corners, Plane, Rgb, blend, blur, value_noise

Rgba = npt.NDArray[np.uint8]
"""(H, W, 4) uint8: a hand cut out of a photograph."""

SLEEVE_PX = 240
CANVAS_PX = 400
"""The scene is drawn at this size, then reduced to that of the query."""
STICKER_COLOURS = ((0.95, 0.85, 0.15), (0.9, 0.2, 0.15), (0.95, 0.95, 0.92), (0.2, 0.7, 0.3))
GREY_WEIGHTS = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True)
class Conditions:
    """What a severity means; every value is the most that may occur.

    Attributes:
        hands: Lying over the sleeve's edges; at least one where there may be any.
        sticker_share: Of the queries that bear a price sticker.
        rotation_deg: Either way.
        corner_share: How far each corner moves along x and y, as a share of the sleeve's side.
        loose_share: What the box leaves around the sleeve or cuts off it, as a share of its side.
        glare: Strength of a reflection, of 1.
        motion_share: Length of the smear as a share of the sleeve's side.
        gamma: Least and most.
        noise: Sigma, of 255.
        jpeg_quality: Exactly this.
    """

    hands: int
    sticker_share: float
    rotation_deg: float
    corner_share: float
    loose_share: float
    glare: float
    motion_share: float
    gamma: tuple[float, float]
    noise: float
    jpeg_quality: int

    @classmethod
    def of(cls, severity: float) -> Conditions:
        """Interpolate between severity 0 (a clean scan), 1 (usual footage) and 2 (the worst).

        Raises:
            ValueError: if severity is not within 0..2.
        """
        if not 0 <= severity <= 2:
            raise ValueError(f"a severity of {severity} is not within 0..2")

        def between(clean: float, usual: float, worst: float) -> float:
            return float(np.interp(severity, (0, 1, 2), (clean, usual, worst)))

        return cls(
            hands=math.ceil(between(0, 2, 3)),
            sticker_share=between(0.0, 0.5, 0.5),
            rotation_deg=between(0.0, 12.0, 30.0),
            corner_share=between(0.0, 0.08, 0.16),
            loose_share=between(0.0, 0.1, 0.16),
            glare=between(0.0, 0.0, 0.8),
            motion_share=between(0.0, 0.0, 0.06),
            gamma=(between(1.0, 0.6, 0.6), between(1.0, 1.3, 1.3)),
            noise=between(0.0, 7.0, 14.0),
            jpeg_quality=round(between(92, 35, 22)),
        )


def draw_protocol_query(
    cover: Rgb, seed: int, severity: float, sleeve_px: int, hands: Sequence[Rgba]
) -> bytes:
    """Draw a query and return its JPEG, which is grey; the same arguments give the same bytes.

    Args:
        cover: (H, W, 3) uint8 RGB of any size.
        seed: Not negative.
        severity: 0..2, see Conditions.
        sleeve_px: Side of the sleeve in the query, before it is turned and tilted.
        hands: Cut-outs to choose from; may be empty at severity 0.

    Raises:
        ValueError: if a value is out of range, or hands are needed and there are none.
    """
    conditions = Conditions.of(severity)
    if conditions.hands and not hands:
        raise ValueError(f"severity {severity} needs hands")
    if sleeve_px < 8:
        raise ValueError(f"a sleeve of {sleeve_px} px is none")
    rng = np.random.default_rng([seed, 4711])
    corners = _corners(rng, conditions)
    canvas = _lay_on_background(rng, _with_sticker(rng, cover, conditions), corners)
    if conditions.hands:
        for _ in range(int(rng.integers(1, conditions.hands + 1))):
            _lay_hand(rng, canvas, corners, hands[int(rng.integers(len(hands)))])
    _shine(rng, canvas, corners, conditions.glare)
    view = _crop(rng, canvas, corners, conditions.loose_share)
    return _photograph(rng, view, sleeve_px, conditions)


def _corners(rng: np.random.Generator, conditions: Conditions) -> Corners:
    """Return the sleeve's corners on the canvas, from the top left clockwise."""
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], dtype=np.float64) * SLEEVE_PX / 2
    angle = math.radians(rng.uniform(-conditions.rotation_deg, conditions.rotation_deg))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    most = conditions.corner_share * SLEEVE_PX
    moved = square + rng.uniform(-most, most, square.shape)
    return np.asarray(moved @ turn + CANVAS_PX / 2, dtype=np.float64)


def _with_sticker(rng: np.random.Generator, cover: Rgb, conditions: Conditions) -> Plane:
    """Return the cover (SLEEVE_PX, SLEEVE_PX, 3), 0 to 1, with a sticker at times."""
    resized = cv2.resize(cover, (SLEEVE_PX, SLEEVE_PX), interpolation=cv2.INTER_AREA)
    sleeve = np.asarray(resized, dtype=np.float32) / np.float32(255.0)
    if rng.random() >= conditions.sticker_share:
        return sleeve
    side = int(rng.uniform(0.1, 0.22) * SLEEVE_PX)
    x, y = (int(value) for value in rng.integers(4, SLEEVE_PX - side - 4, 2))
    stencil = np.zeros((SLEEVE_PX, SLEEVE_PX), np.uint8)
    if rng.random() < 0.5:
        cv2.circle(stencil, (x + side // 2, y + side // 2), side // 2, 255, -1, cv2.LINE_AA)
    else:
        cv2.rectangle(stencil, (x, y), (x + side, y + int(0.6 * side)), 255, -1)
    coverage = stencil.astype(np.float32) / np.float32(255.0)
    blend(sleeve, STICKER_COLOURS[int(rng.integers(len(STICKER_COLOURS)))], coverage)
    price = f"{int(rng.integers(1, 60))}.{int(rng.choice([0, 5, 9]))}0"
    print_ = np.zeros((SLEEVE_PX, SLEEVE_PX), np.uint8)
    place = (x + side // 8, y + side // 2)
    cv2.putText(print_, price, place, cv2.FONT_HERSHEY_SIMPLEX, side / 90, 255, 1, cv2.LINE_AA)
    blend(sleeve, (0.1, 0.1, 0.1), print_.astype(np.float32) / np.float32(255.0))
    return sleeve


def _lay_on_background(rng: np.random.Generator, sleeve: Plane, corners: Corners) -> Plane:
    size = (CANVAS_PX, CANVAS_PX)
    cells = int(rng.integers(2, 24))
    colour = rng.uniform(0.1, 0.8, 3)
    texture = value_noise(rng, size, (cells, cells)) * np.float32(rng.uniform(0.02, 0.25))
    canvas = np.clip(texture[..., None] + colour, 0.0, 1.0).astype(np.float32)
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32) * SLEEVE_PX
    to_canvas = cv2.getPerspectiveTransform(square, corners.astype(np.float32))
    warped = cv2.warpPerspective(sleeve, to_canvas, size, flags=cv2.INTER_LINEAR)
    whole = np.ones(sleeve.shape[:2], np.float32)
    coverage = np.asarray(cv2.warpPerspective(whole, to_canvas, size), dtype=np.float32)
    shadow = blur(coverage, 8.0) * np.float32(rng.uniform(0.0, 0.5))
    canvas *= (1.0 - shadow)[..., None]
    blend(canvas, np.asarray(warped, dtype=np.float32), coverage)
    return canvas


def _lay_hand(rng: np.random.Generator, canvas: Plane, corners: Corners, hand: Rgba) -> None:
    """Lay a cut-out over an edge of the sleeve, turned at random, no larger than half a side."""
    edge = int(rng.integers(4))
    along = rng.uniform(0.1, 0.9)
    spot = (1 - along) * corners[edge] + along * corners[(edge + 1) % 4]
    spot += rng.uniform(-0.04, 0.12) * (corners.mean(axis=0) - spot)
    height, width = hand.shape[:2]
    scale = rng.uniform(0.3, 0.5) * SLEEVE_PX / max(height, width)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(0, 360), scale)
    if rng.random() < 0.5:
        hand = np.ascontiguousarray(hand[:, ::-1])
    turn[:, 2] += spot - np.array([width / 2, height / 2])
    laid = cv2.warpAffine(hand.astype(np.float32) / np.float32(255.0), turn, (CANVAS_PX, CANVAS_PX))
    light = np.float32(rng.uniform(0.6, 1.2))
    picture = np.clip(laid[..., :3] * light, 0.0, 1.0)
    blend(canvas, np.ascontiguousarray(picture), np.ascontiguousarray(laid[..., 3]))


def _shine(rng: np.random.Generator, canvas: Plane, corners: Corners, most: float) -> None:
    strength = rng.uniform(0.0, most) if most else 0.0
    if not strength:
        return
    centre = corners.mean(axis=0) + rng.uniform(-0.35, 0.35, 2) * SLEEVE_PX
    axes = (rng.uniform(0.15, 0.5) * SLEEVE_PX, rng.uniform(0.04, 0.15) * SLEEVE_PX)
    stencil = np.zeros(canvas.shape[:2], np.float32)
    cv2.ellipse(stencil, (tuple(centre), axes, float(rng.uniform(0, 180))), 1.0, -1)
    canvas += (blur(stencil, 10.0) * np.float32(strength))[..., None]
    np.clip(canvas, 0.0, 1.0, out=canvas)


def _crop(rng: np.random.Generator, canvas: Plane, corners: Corners, loose_share: float) -> Plane:
    """Return the canvas within a box about the sleeve, each side of it somewhat off."""
    off = rng.uniform(-0.4 * loose_share, loose_share, 4) * SLEEVE_PX
    low = np.maximum(corners.min(axis=0) - off[:2], 0).astype(int)
    high = np.minimum(corners.max(axis=0) + off[2:], CANVAS_PX).astype(int)
    return canvas[low[1] : high[1], low[0] : high[0]]


def _photograph(
    rng: np.random.Generator, view: Plane, sleeve_px: int, conditions: Conditions
) -> bytes:
    scale = sleeve_px / SLEEVE_PX
    size = (max(1, round(view.shape[1] * scale)), max(1, round(view.shape[0] * scale)))
    grey = cv2.resize(view @ GREY_WEIGHTS, size, interpolation=cv2.INTER_AREA)
    grey = _smear(rng, np.asarray(grey, dtype=np.float32), conditions.motion_share * sleeve_px)
    grey = np.clip(grey, 0.0, 1.0) ** rng.uniform(*conditions.gamma)
    noisy = grey * 255.0 + rng.normal(0.0, conditions.noise, grey.shape)
    quality = [cv2.IMWRITE_JPEG_QUALITY, conditions.jpeg_quality]
    done, jpeg = cv2.imencode(".jpg", np.clip(noisy, 0, 255).astype(np.uint8), quality)
    assert done
    return bytes(jpeg)


def _smear(rng: np.random.Generator, grey: Plane, most_px: float) -> Plane:
    length = rng.uniform(0.0, most_px) if most_px else 0.0
    if length < 1.0:
        return grey
    side = 2 * math.ceil(length / 2) + 1
    kernel = np.zeros((side, side), np.float32)
    kernel[side // 2] = 1.0
    turn = cv2.getRotationMatrix2D((side // 2, side // 2), rng.uniform(0, 180), 1.0)
    kernel = np.asarray(cv2.warpAffine(kernel, turn, (side, side)), dtype=np.float32)
    return np.asarray(cv2.filter2D(grey, -1, kernel / kernel.sum()), dtype=np.float32)
