"""The scene: everything that is decided before a pixel is drawn, whichever engine draws it."""

from dataclasses import dataclass, replace

import numpy as np

from cratewatch.synthesis.backgrounds import Background, BackgroundKind
from cratewatch.synthesis.hand import PALMAR_GRIPS, Cuff, Grip, Hand, Side
from cratewatch.synthesis.hand_pose import HAND_PHRASE, hand_box
from cratewatch.synthesis.lighting import Glare, Light, Wrap
from cratewatch.synthesis.pixels import Colour, Corners, stream
from cratewatch.synthesis.sleeve import homography, project_corners
from cratewatch.synthesis.stickers import PHRASES, Sticker, StickerShape, sticker_outline

SLEEVE_SHARE = 0.74
"""Longest side of the sleeve's bounding box as a share of the canvas: room for arms around it."""
CURRENCIES = ("$", "", "EUR ")
HYPE = ("SALE", "NEW", "USED", "180g", "-50%", "REISSUE", "NM", "VG+")
GLOVES: tuple[Colour, ...] = ((0.92, 0.92, 0.90), (0.10, 0.10, 0.11), (0.42, 0.60, 0.80))
PAPERS: tuple[tuple[Colour, Colour], ...] = (
    ((0.97, 0.97, 0.95), (0.08, 0.08, 0.10)),
    ((0.98, 0.86, 0.18), (0.10, 0.08, 0.08)),
    ((0.86, 0.16, 0.14), (0.98, 0.97, 0.94)),
    ((0.97, 0.54, 0.12), (0.10, 0.08, 0.06)),
    ((0.45, 0.84, 0.36), (0.06, 0.10, 0.06)),
    ((0.10, 0.10, 0.12), (0.94, 0.92, 0.80)),
    ((0.98, 0.62, 0.74), (0.12, 0.08, 0.12)),
)
"""Paper and ink of stickers as shops use them."""


@dataclass(frozen=True)
class SceneConfig:
    """What scenes look like on average: shares are probabilities, ranges are sampled evenly.

    Attributes:
        bare_share: Scenes without hands and stickers.
        two_hands_share: Of the others, scenes with two hands; no_hand_share likewise without.
        grips: Relative frequency of each grip.
        tone_range: Skin tones, 0 the lightest, 1 the darkest.
        hand_scale_range: 1 is an average hand on a 12-inch sleeve; more stands for smaller
            sleeves and hands nearer to the camera.
        severity_range: Of tilt here and of the degradation.
    """

    bare_share: float = 0.1
    no_hand_share: float = 0.06
    two_hands_share: float = 0.5
    grips: tuple[tuple[Grip, float], ...] = (
        ("thumb_front", 0.22),
        ("fingers_front", 0.24),
        ("corner_pinch", 0.08),
        ("bottom_support", 0.10),
        ("over_front", 0.40),
    )
    glove_share: float = 0.06
    long_sleeve_share: float = 0.65
    tone_range: tuple[float, float] = (0.0, 1.0)
    hand_scale_range: tuple[float, float] = (0.95, 1.7)
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
        boxes: One for each hand and sticker, in that order.
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
    hands = () if bare else _sample_hands(rng, config)
    stickers = () if bare else _sample_stickers(rng, config, at_least_one=not hands)
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
    boxes = [PhraseBox(HAND_PHRASE, hand_box(hand, corners, 1.0)) for hand in hands]
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


def _sample_hands(rng: np.random.Generator, config: SceneConfig) -> tuple[Hand, ...]:
    draw = rng.random()
    if draw < config.no_hand_share:
        return ()
    count = 2 if draw < config.no_hand_share + config.two_hands_share else 1
    person = _Person.sample(rng, config)
    edges = [int(edge) for edge in rng.permutation([3, 1])]
    if rng.random() < 0.35:
        edges[0] = int(rng.choice([2, 2, 2, 0]))
    hands: list[Hand] = []
    for edge in edges[:count]:
        # One hand may lie across the cover, but then the other one has to hold it.
        loose = any(hand.grip == "over_front" for hand in hands)
        grips = tuple(pair for pair in config.grips if pair[0] != "over_front" or not loose)
        hand = _sample_hand(rng, grips or config.grips, person, edge)
        if hands and hand.edge == hands[0].edge:
            hand = replace(hand, along=(hands[0].along + 0.5) % 1.0)
        hands.append(hand)
    return tuple(hands)


@dataclass(frozen=True)
class _Person:
    """What both hands of one person share."""

    scale: float
    thickness: float
    tone: float
    undertone: float
    glove: Colour | None
    cuff: Cuff | None

    @classmethod
    def sample(cls, rng: np.random.Generator, config: SceneConfig) -> "_Person":
        gloved = rng.random() < config.glove_share
        clothed = rng.random() < config.long_sleeve_share
        glove = GLOVES[int(rng.integers(len(GLOVES)))]
        cuff = Cuff(_cloth_colour(rng), float(rng.uniform(0.5, 7.0)))
        return cls(
            scale=float(rng.uniform(*config.hand_scale_range)),
            thickness=float(rng.uniform(0.88, 1.14)),
            tone=float(rng.uniform(*config.tone_range)),
            undertone=float(rng.uniform(-1.0, 1.0)),
            glove=glove if gloved else None,
            cuff=cuff if clothed else None,
        )


def _sample_hand(
    rng: np.random.Generator, grips: tuple[tuple[Grip, float], ...], person: _Person, edge: int
) -> Hand:
    odds = np.array([weight for _, weight in grips])
    grip = grips[int(rng.choice(len(grips), p=odds / odds.sum()))][0]
    if grip == "bottom_support":
        edge = 2
    if grip == "corner_pinch":
        edge = (edge + int(rng.integers(2))) % 4
    return Hand(
        side=_thumb_up_side(rng, grip, edge),
        grip=grip,
        edge=edge,
        along=float(rng.uniform(0.2, 0.8)),
        reach_cm=float(rng.uniform(*REACH_CM[grip])),
        angle_deg=_sample_angle(rng, grip, edge),
        scale=person.scale,
        spread=float(rng.beta(1.1, 2.2)),
        curl=float(rng.uniform(*CURL[grip])),
        thickness=person.thickness,
        tone=person.tone,
        undertone=person.undertone,
        glove=person.glove,
        cuff=person.cuff,
        seed=int(rng.integers(2**32)),
    )


REACH_CM: dict[Grip, tuple[float, float]] = {
    "thumb_front": (4.0, 6.5),
    "fingers_front": (5.0, 12.0),
    "corner_pinch": (3.5, 5.5),
    "bottom_support": (3.0, 6.0),
    "over_front": (11.0, 20.0),
}
CURL: dict[Grip, tuple[float, float]] = {
    "thumb_front": (0.0, 0.6),
    "fingers_front": (0.1, 0.8),
    "corner_pinch": (0.3, 0.9),
    "bottom_support": (0.5, 0.9),
    "over_front": (0.1, 0.9),
}


def _thumb_up_side(rng: np.random.Generator, grip: Grip, edge: int) -> Side:
    """Choose the hand whose thumb is on its upper side; at a level edge either may be."""
    if edge in (0, 2):
        return "left" if rng.random() < 0.5 else "right"
    return "right" if (edge == 3) != (grip in PALMAR_GRIPS) else "left"


def _sample_angle(rng: np.random.Generator, grip: Grip, edge: int) -> float:
    """Turn the hand so that the forearm rather comes from below."""
    if grip == "corner_pinch":
        return float(rng.uniform(-25.0, 25.0))
    if edge in (0, 2):
        return float(rng.uniform(-40.0, 40.0))
    downward = -1.0 if edge == 3 else 1.0
    return downward * float(rng.uniform(-15.0, 65.0))


def _sample_stickers(
    rng: np.random.Generator, config: SceneConfig, *, at_least_one: bool
) -> tuple[Sticker, ...]:
    if not at_least_one and rng.random() >= config.sticker_share:
        return ()
    return tuple(_sample_sticker(rng) for _ in range(1 + int(rng.random() < 0.3)))


def _sample_sticker(rng: np.random.Generator) -> Sticker:
    shapes: tuple[StickerShape, ...] = ("round", "rectangular", "starburst")
    shape = shapes[int(rng.choice(3, p=[0.35, 0.45, 0.2]))]
    low, high = {"round": (0.10, 0.20), "rectangular": (0.14, 0.26), "starburst": (0.16, 0.28)}[
        shape
    ]
    width = float(rng.uniform(low, high))
    paper, ink = PAPERS[int(rng.integers(len(PAPERS)))]
    x, y = rng.beta(0.6, 0.6, 2) * (0.94 - width) + 0.03 + width / 2
    return Sticker(
        shape=shape,
        centre=(float(x), float(y)),
        width=width,
        angle_deg=float(rng.normal(0.0, 5.0)),
        text=_sample_text(rng),
        paper=paper,
        ink=ink,
    )


def _sample_text(rng: np.random.Generator) -> str:
    if rng.random() < 0.2:
        return HYPE[int(rng.integers(len(HYPE)))]
    price = int(rng.integers(1, 60)) + float(rng.choice([0.0, 0.5, 0.95, 0.99]))
    return f"{CURRENCIES[int(rng.integers(len(CURRENCIES)))]}{price:.2f}"


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
    return Background(kind, _cloth_colour(rng), int(rng.integers(2**32)))


def _sample_light(rng: np.random.Generator) -> Light:
    warmth = float(rng.normal(0.0, 0.05))
    return Light(
        azimuth_deg=float(rng.normal(-90.0, 40.0)),
        elevation_deg=float(rng.uniform(30.0, 65.0)),
        colour=(1.0 + min(warmth, 0.08), 1.0, 1.0 - max(warmth, -0.08)),
        falloff=float(rng.uniform(0.05, 0.45)),
    )


def _cloth_colour(rng: np.random.Generator) -> Colour:
    """Most clothes are dark or muted."""
    value, saturation = rng.beta(1.3, 1.8), rng.beta(1.2, 2.5)
    tint = rng.uniform(0.0, 1.0, 3)
    red, green, blue = (0.06 + 0.9 * value) * (1.0 - saturation * tint)
    return float(red), float(green), float(blue)
