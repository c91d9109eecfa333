"""Sketches: quick grey queries, drawn while the model trains, so that none is seen twice.

A shard's composite takes 30 ms of a CPU, a sketch 0.7 ms: hands and backdrops are painted once
by the composite engine (make_props) and reused in other places, lights and sizes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from cratewatch.synthesis.backgrounds import (
    Background,
    BackgroundKind,
    draw_background,
    sample_cloth_colour,
)
from cratewatch.synthesis.hand_sampling import HandConfig, sample_hands
from cratewatch.synthesis.hands import paint_hand
from cratewatch.synthesis.lighting import Light
from cratewatch.synthesis.pixels import Corners, Plane, blur, stream
from cratewatch.synthesis.sleeve import project_corners

Grey = npt.NDArray[np.uint8]
Rgb = npt.NDArray[np.uint8]

FLAT_PX = 176
SLEEVE_PX = 104
EDGE_PX = (FLAT_PX - SLEEVE_PX) // 2
VIEW_PX = 112
"""A sketch is drawn flat, sleeve and hands, then seen in perspective at VIEW_PX a side."""
MIRROR = np.array([(-1, 0, FLAT_PX), (0, 1, 0), (0, 0, 1)], dtype=np.float64)
SMALLEST_PX = 26
BACKDROP_PX = 160
GREY_WEIGHTS = np.array([0.299, 0.587, 0.114], dtype=np.float32)
SCANNED = 0.15
"""Share of sketches that are another scan of the sleeve: no hands, no camera, another crop."""


@dataclass(frozen=True)
class Props:
    """What sketches share.

    Attributes:
        hands: (H, 2, FLAT_PX, FLAT_PX) uint8, grey and coverage, at a sleeve of SLEEVE_PX.
        backdrops: (B, BACKDROP_PX, BACKDROP_PX) uint8.
    """

    hands: npt.NDArray[np.uint8]
    backdrops: npt.NDArray[np.uint8]


def make_props(seed: int, hands: int = 160, backdrops: int = 96) -> Props:
    """Paint hands at a sleeve seen from the front, and backdrops without any."""
    rng = stream(seed, "props")
    return Props(
        np.stack([_paint_hand(rng) for _ in range(hands)]),
        np.stack([_paint_backdrop(rng) for _ in range(backdrops)]),
    )


def lay_cover(image: Image.Image) -> Rgb:
    """Return a cover as sketch() takes it."""
    side = (SLEEVE_PX, SLEEVE_PX)
    return np.asarray(image.convert("RGB").resize(side, Image.Resampling.BILINEAR), dtype=np.uint8)


def sketch(cover: Rgb, props: Props, rng: np.random.Generator, side_px: int) -> Grey:
    """Draw a query of a cover; severity is sampled evenly from clean to the worst camera.

    Args:
        cover: (SLEEVE_PX, SLEEVE_PX, 3) uint8, see lay_cover().
        side_px: Side of the square picture that comes back.
    """
    severity = float(rng.uniform(0.0, 1.0))
    sleeve = _expose(cover, rng)
    if rng.random() < SCANNED:
        seen = _record(_scan(sleeve, rng), rng, severity=0.4 * severity)
    else:
        flat, coverage = _lay_flat(sleeve, props, rng, severity)
        seen = _record(_see(flat, coverage, props, rng, severity), rng, severity)
    interpolation = cv2.INTER_AREA if seen.shape[0] > side_px else cv2.INTER_LINEAR
    resized = cv2.resize(seen, (side_px, side_px), interpolation=interpolation)
    return np.asarray(resized, dtype=np.uint8)


def _expose(cover: Rgb, rng: np.random.Generator) -> Plane:
    """Return the cover in grey, every other time as inks that faded or a camera sees them."""
    weights = GREY_WEIGHTS
    if rng.random() < 0.5:
        weights = GREY_WEIGHTS * np.exp(rng.normal(0.0, 0.6, 3)).astype(np.float32)
        weights /= weights.sum()
    grey: Plane = cover.astype(np.float32) @ weights
    return grey


def _scan(sleeve: Plane, rng: np.random.Generator) -> Plane:
    """Return another scan, (VIEW_PX, VIEW_PX): cut or bordered elsewhere, a little askew."""
    low = rng.uniform(-0.07, 0.07, 2) + rng.uniform(-0.1, 0.1)
    high = 1.0 - rng.uniform(-0.07, 0.07, 2) - rng.uniform(-0.1, 0.1)
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], dtype=np.float64)
    corners = low + square * (high - low) + rng.uniform(-0.01, 0.01, (4, 2))
    if rng.random() < 0.25:
        _stick(sleeve, rng)
    project = cv2.getPerspectiveTransform(
        (square * SLEEVE_PX).astype(np.float32), (corners * VIEW_PX).astype(np.float32)
    )
    border = cv2.BORDER_REPLICATE if rng.random() < 0.4 else cv2.BORDER_CONSTANT
    paper = float(rng.choice([0.0, 255.0, sleeve.mean()]))
    scan = cv2.warpPerspective(
        sleeve, project, (VIEW_PX, VIEW_PX), borderMode=border, borderValue=paper
    )
    grey: Plane = np.float32(255.0) * np.clip(scan / np.float32(255.0), 0.0, 1.0) ** np.float32(
        math.exp(rng.uniform(-0.6, 0.6))
    )
    return grey


def _paint_hand(rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], dtype=np.float64)
    corners = EDGE_PX + square * SLEEVE_PX
    light = Light(
        azimuth_deg=float(rng.normal(-90.0, 40.0)),
        elevation_deg=float(rng.uniform(30.0, 65.0)),
        colour=(1.0, 1.0, 1.0),
        falloff=0.2,
    )
    painted = None
    while painted is None:
        hand = next(iter(sample_hands(rng, HandConfig())), None)
        painted = None if hand is None else paint_hand(hand, corners, FLAT_PX, light)
    prop = np.zeros((2, FLAT_PX, FLAT_PX), dtype=np.uint8)
    prop[0][painted.window] = _bytes(painted.colour @ GREY_WEIGHTS)
    prop[1][painted.window] = _bytes(painted.front)
    return prop


def _paint_backdrop(rng: np.random.Generator) -> Grey:
    kinds: tuple[BackgroundKind, ...] = ("clothing", "crate", "shop")
    kind = kinds[int(rng.integers(len(kinds)))]
    backdrop = Background(kind, sample_cloth_colour(rng), int(rng.integers(2**32)))
    return _bytes(draw_background(backdrop, BACKDROP_PX) @ GREY_WEIGHTS)


def _bytes(plane: Plane) -> Grey:
    return np.asarray(np.clip(plane, 0.0, 1.0) * 255.0, dtype=np.uint8)


def _lay_flat(
    sleeve: Plane, props: Props, rng: np.random.Generator, severity: float
) -> tuple[Plane, Plane]:
    """Return the sleeve with what lies on it, and where anything is, (FLAT_PX, FLAT_PX) each."""
    if rng.random() < 0.5 * min(1.0, 2 * severity):
        _stick(sleeve, rng)
    if rng.random() < 0.6 * severity:
        _shine(sleeve, rng)
    ramp = np.linspace(-0.5, 0.5, SLEEVE_PX, dtype=np.float32)
    tilt = rng.uniform(-0.5, 0.5, 2).astype(np.float32) * np.float32(severity)
    light: Plane = 1 + tilt[0] * ramp[:, None] + tilt[1] * ramp[None, :]
    sleeve *= light
    flat = np.zeros((FLAT_PX, FLAT_PX), dtype=np.float32)
    coverage = np.zeros((FLAT_PX, FLAT_PX), dtype=np.float32)
    inside = slice(EDGE_PX, EDGE_PX + SLEEVE_PX)
    flat[inside, inside] = sleeve
    coverage[inside, inside] = 1.0
    for _ in range(int(rng.integers(0, 2 + round(2.4 * severity)))):
        _hold(flat, coverage, props, rng)
    return flat, coverage


def _stick(sleeve: Plane, rng: np.random.Generator) -> None:
    """Put a price sticker with something like print onto the sleeve."""
    height, width = (rng.uniform(0.07, 0.26, 2) * SLEEVE_PX).astype(int)
    top = int(rng.integers(0, SLEEVE_PX - height))
    left = int(rng.integers(0, SLEEVE_PX - width))
    paper = float(rng.uniform(90, 255))
    print_ = float(rng.uniform(0, 80))
    cells = (max(2, height // 3), max(2, width // 3))
    lines = (rng.random(cells) < 0.3).astype(np.float32)
    label = paper + (print_ - paper) * cv2.resize(lines, (int(width), int(height)))
    window = sleeve[top : top + height, left : left + width]
    if rng.random() < 0.5:
        y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        label = np.where(x * x + y * y < 1.0, label, window)
    window[:] = label


def _shine(sleeve: Plane, rng: np.random.Generator) -> None:
    x0, y0, angle = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0, math.pi)
    long, short = rng.uniform(0.15, 0.6), rng.uniform(0.03, 0.18)
    at = np.linspace(0, 1, SLEEVE_PX, dtype=np.float32)
    x, y = at[None, :] - np.float32(x0), at[:, None] - np.float32(y0)
    along = (x * np.float32(math.cos(angle)) + y * np.float32(math.sin(angle))) / np.float32(long)
    across = (y * np.float32(math.cos(angle)) - x * np.float32(math.sin(angle))) / np.float32(short)
    spot: Plane = np.exp(-(along * along) - across * across) * np.float32(rng.uniform(30, 230))
    sleeve += spot


def _hold(flat: Plane, coverage: Plane, props: Props, rng: np.random.Generator) -> None:
    """Lay a hand over the sleeve: turned, mirrored, moved and lit in its own way."""
    prop = props.hands[int(rng.integers(len(props.hands)))]
    centre = (FLAT_PX / 2, FLAT_PX / 2)
    angle = 90.0 * float(rng.integers(4)) + rng.uniform(-20, 20)
    move = cv2.getRotationMatrix2D(centre, angle, rng.uniform(0.75, 1.35))
    if rng.random() < 0.5:
        move = move @ MIRROR
    move[:, 2] = move[:, 2] + rng.uniform(-0.15, 0.15, 2) * SLEEVE_PX
    # Plane by plane: OpenCV takes three times as long for pictures of two channels.
    grey, alpha = (cv2.warpAffine(plane, move, (FLAT_PX, FLAT_PX)) for plane in prop)
    alpha = alpha.astype(np.float32) / np.float32(255.0)
    grey = grey.astype(np.float32) * np.float32(rng.uniform(0.5, 1.4))
    flat += alpha * (grey - flat)
    np.maximum(coverage, alpha, out=coverage)


def _see(
    flat: Plane, coverage: Plane, props: Props, rng: np.random.Generator, severity: float
) -> Plane:
    """Return the view in a detector's box around the sleeve, (VIEW_PX, VIEW_PX)."""
    corners = _sample_corners(rng, severity)
    low, high = corners.min(axis=0), corners.max(axis=0)
    off = rng.uniform(-0.08, 0.20, 4) * (0.25 + severity)
    low, high = low - off[:2], high + off[2:]
    on_view = (corners - low) / (high - low) * VIEW_PX
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], dtype=np.float32) * SLEEVE_PX + EDGE_PX
    project = cv2.getPerspectiveTransform(square, on_view.astype(np.float32))
    side = (VIEW_PX, VIEW_PX)
    planes = (cv2.warpPerspective(plane, project, side) for plane in (flat, coverage))
    laid, covered = (np.asarray(plane, dtype=np.float32) for plane in planes)
    view = _backdrop(props, rng)
    view *= 1.0 - blur(covered, 5.0) * np.float32(rng.uniform(0.0, 0.6))  # the shadow
    view += laid - covered * view  # flat is already covered: black where nothing is
    return view


def _sample_corners(rng: np.random.Generator, severity: float) -> Corners:
    """Return corners of a sleeve of about side 1: tilted, rolled, and no exact square."""
    tilt = 5.0 + 40.0 * severity
    roll = float(np.clip(rng.normal(0.0, 2.0 + 16.0 * severity), -36.0, 36.0))
    yaw, pitch = rng.uniform(-tilt, tilt, 2)
    corners = project_corners(yaw, pitch, roll)
    moved = corners + rng.uniform(-1, 1, (4, 2)) * (0.01 + 0.11 * severity)
    return np.asarray(moved, dtype=np.float64)


def _backdrop(props: Props, rng: np.random.Generator) -> Plane:
    """Return a part of a backdrop, (VIEW_PX, VIEW_PX), lit at random."""
    backdrop = props.backdrops[int(rng.integers(len(props.backdrops)))]
    top, left = rng.integers(0, BACKDROP_PX - VIEW_PX, 2)
    part = backdrop[top : top + VIEW_PX, left : left + VIEW_PX]
    lit: Plane = (part[:, ::-1] if rng.random() < 0.5 else part).astype(np.float32)
    lit *= np.float32(rng.uniform(0.4, 1.4))
    lit += np.float32(rng.uniform(0, 60))
    return lit


def _record(view: Plane, rng: np.random.Generator, severity: float) -> Grey:
    """Do to the view what a camera of a severity does; its side is what the camera resolves."""
    least = math.log(SMALLEST_PX) + (1.0 - severity) * 0.7
    side = round(math.exp(rng.uniform(least, math.log(VIEW_PX))))
    seen = np.asarray(
        cv2.resize(view, (side, side), interpolation=cv2.INTER_AREA), dtype=np.float32
    )
    if rng.random() < 0.5 * severity:
        seen = _smear(seen, rng, rng.uniform(0.0, 0.08) * side)
    if rng.random() < 0.5:
        seen = blur(seen, float(rng.uniform(0.0, 0.9) * severity))
    gain = np.clip(seen / np.float32(255.0), 0.0, 1.0) ** np.float32(
        math.exp(rng.uniform(-0.7, 0.7) * severity)
    )
    noise = rng.standard_normal(seen.shape, dtype=np.float32)
    seen = gain * np.float32(255.0) + noise * np.float32(rng.uniform(0.0, 18.0) * severity)
    grey = np.clip(seen, 0.0, 255.0).astype(np.uint8)
    quality = round(95 - rng.uniform(0.4, 1.0) * 80 * severity)
    jpeg = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def _smear(seen: Plane, rng: np.random.Generator, length_px: float) -> Plane:
    size = 2 * math.ceil(length_px / 2) + 1
    if size < 3:
        return seen
    kernel = np.zeros((size, size), dtype=np.float32)
    angle = rng.uniform(0, math.pi)
    half = np.array([math.cos(angle), math.sin(angle)]) * length_px / 2
    centre = size // 2
    ends = [tuple(int(v) for v in np.rint(centre + sign * half)) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return np.asarray(cv2.filter2D(seen, -1, kernel / kernel.sum()), dtype=np.float32)
