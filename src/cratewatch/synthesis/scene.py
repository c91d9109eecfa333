"""The scene: everything that is decided before a pixel is drawn, whichever engine draws it."""

from dataclasses import dataclass, field

import numpy as np

from cratewatch.synthesis.backgrounds import Background, BackgroundKind, sample_cloth_colour
from cratewatch.synthesis.hand import Hand, hand_phrase
from cratewatch.synthesis.hand_pose import hand_box
from cratewatch.synthesis.hand_sampling import HandConfig, sample_hands
from cratewatch.synthesis.lighting import Glare, Light, Wrap
from cratewatch.synthesis.pixels import Corners, stream
from cratewatch.synthesis.sleeve import homography, project_corners
from cratewatch.synthesis.stickers import PHRASES, Sticker, sample_stickers, sticker_outline

SLEEVE_SHARE = 0.74
"""Longest side of the sleeve's bounding box as a share of the canvas: room for arms around it."""


@dataclass(frozen=True)
class SceneConfig:
    """What scenes look like on average: shares are probabilities, ranges are sampled evenly.

    Attributes:
        bare_share: Scenes without hands and stickers.
        sticker_share: Of the others; a scene that would have nothing else always gets one.
        severity_range: Of tilt here and of the degradation.
    """

    bare_share: float = 0.1
    hands: HandConfig = field(default_factory=HandConfig)
    sticker_share: float = 0.5
    glare_share: float = 0.35
    wrap_share: float = 0.2
    severity_range: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True)
class PhraseBox:
    """A phrase and its box x0, y0, x1, y1, 0..1 of the canvas."""

    phrase: str
    xyxy: tuple[float, float, float, float]


@dataclass(frozen=True)
class Scene:
    """One scene on a square canvas.

    Attributes:
        corners: Sleeve corners from the top left clockwise, 0..1 of the canvas.
        hands: The last lies on top.
        stickers: In sleeve coordinates 0..1, as glares are.
        boxes: One for each hand and sticker, in that order; then those of other things, which
            only engines that paint can draw.
        severity: 0 near and sharp, 1 the worst camera.
        seed: The seed that the scene was sampled from.
    """

    corners: tuple[tuple[float, float], ...]
    hands: tuple[Hand, ...]
    stickers: tuple[Sticker, ...]
    glares: tuple[Glare, ...]
    wrap: Wrap | None
    background: Background
    light: Light
    boxes: tuple[PhraseBox, ...]
    severity: float
    seed: int

    def corners_on(self, side_px: int) -> Corners:
        """Return the sleeve's corners in pixels of a canvas of that side."""
        return np.asarray(self.corners, dtype=np.float64) * side_px


def sample_scene(seed: int, config: SceneConfig) -> Scene:
    """Sample a scene; the same seed and config give the same scene."""
    rng = stream(seed, "scene")
    severity = float(rng.uniform(*config.severity_range))
    corners = _sample_corners(rng, severity)
    bare = rng.random() < config.bare_share
    hands = () if bare else sample_hands(rng, config.hands)
    sticky = not bare and (not hands or rng.random() < config.sticker_share)
    stickers = sample_stickers(rng) if sticky else ()
    return Scene(
        corners=tuple((float(x), float(y)) for x, y in corners),
        hands=hands,
        stickers=stickers,
        glares=_sample_glares(rng, config),
        wrap=_sample_wrap(rng, config),
        background=_sample_background(rng),
        light=_sample_light(rng),
        boxes=boxes_of(hands, stickers, corners),
        severity=severity,
        seed=seed,
    )


def boxes_of(
    hands: tuple[Hand, ...], stickers: tuple[Sticker, ...], corners: Corners
) -> tuple[PhraseBox, ...]:
    """Return the boxes of hands, then stickers, cut off at the canvas 0..1."""
    boxes = [PhraseBox(hand_phrase(hand), hand_box(hand, corners, 1.0)) for hand in hands]
    to_canvas = homography(corners)
    for sticker in stickers:
        outline = np.column_stack([sticker_outline(sticker), np.ones(4)]) @ to_canvas.T
        flat = outline[:, :2] / outline[:, 2:]
        box = (*flat.min(axis=0), *flat.max(axis=0))
        boxes.append(PhraseBox(PHRASES[sticker.shape], _cut(box)))
    return tuple(boxes)


def _cut(box: tuple[float, ...]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (min(max(float(value), 0.0), 1.0) for value in box)
    return x0, y0, x1, y1


def _sample_corners(rng: np.random.Generator, severity: float) -> Corners:
    tilt = 6.0 + 32.0 * severity
    yaw, pitch = rng.uniform(-tilt, tilt, 2)
    roll = rng.normal(0.0, 4.0 + 8.0 * severity)
    shape = project_corners(yaw, pitch, float(np.clip(roll, -32.0, 32.0)))
    return np.asarray(shape * SLEEVE_SHARE + 0.5 + rng.uniform(-0.02, 0.02, 2), dtype=np.float64)


def _sample_glares(rng: np.random.Generator, config: SceneConfig) -> tuple[Glare, ...]:
    if rng.random() >= config.glare_share:
        return ()
    angle = float(rng.uniform(-90.0, 90.0))
    return tuple(
        Glare(
            centre=(float(rng.uniform(0.0, 1.0)), float(rng.uniform(0.0, 1.0))),
            length=float(rng.uniform(0.15, 0.7)),
            width=float(rng.uniform(0.04, 0.2)),
            angle_deg=angle + float(rng.normal(0.0, 3.0)),
            strength=float(rng.uniform(0.2, 0.75)),
        )
        for _ in range(1 + int(rng.random() < 0.4))
    )


def _sample_wrap(rng: np.random.Generator, config: SceneConfig) -> Wrap | None:
    if rng.random() >= config.wrap_share:
        return None
    return Wrap(wrinkles=float(rng.uniform(0.3, 0.9)), haze=float(rng.uniform(0.0, 0.8)))


def _sample_background(rng: np.random.Generator) -> Background:
    kinds: tuple[BackgroundKind, ...] = ("clothing", "crate", "shop")
    kind = kinds[int(rng.choice(3, p=[0.5, 0.2, 0.3]))]
    return Background(kind, sample_cloth_colour(rng), int(rng.integers(2**32)))


def _sample_light(rng: np.random.Generator) -> Light:
    warmth = float(np.clip(rng.normal(0.0, 0.05), -0.08, 0.08))
    return Light(
        azimuth_deg=float(rng.normal(-90.0, 40.0)),
        elevation_deg=float(rng.uniform(30.0, 65.0)),
        colour=(1.0 + warmth, 1.0, 1.0 - warmth),
        falloff=float(rng.uniform(0.05, 0.45)),
    )
