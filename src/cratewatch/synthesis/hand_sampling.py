"""How customers hold a sleeve: which hands, where, in which grip, in which clothes."""

from dataclasses import dataclass, replace

import numpy as np

from cratewatch.synthesis.backgrounds import sample_cloth_colour
from cratewatch.synthesis.hand import PALMAR_GRIPS, Cuff, Grip, Hand, Side
from cratewatch.synthesis.pixels import Colour

GLOVES: tuple[Colour, ...] = ((0.92, 0.92, 0.90), (0.10, 0.10, 0.11), (0.42, 0.60, 0.80))
"""White cotton, black nitrile, blue vinyl."""
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


@dataclass(frozen=True)
class HandConfig:
    """What hands look like on average: shares are probabilities, ranges are sampled evenly.

    Attributes:
        none_share: Scenes in which no hand shows.
        two_share: Scenes with two hands; the rest has one.
        grips: Relative frequency of each grip.
        tone_range: Skin tones, 0 the lightest, 1 the darkest.
        scale_range: 1 is an average hand on a 12-inch sleeve; more stands for smaller sleeves
            and hands nearer to the camera.
    """

    none_share: float = 0.06
    two_share: float = 0.5
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
    scale_range: tuple[float, float] = (0.95, 1.7)


def sample_hands(rng: np.random.Generator, config: HandConfig) -> tuple[Hand, ...]:
    """Sample the hands of one person, none to two."""
    draw = rng.random()
    if draw < config.none_share:
        return ()
    count = 2 if draw < config.none_share + config.two_share else 1
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
    def sample(cls, rng: np.random.Generator, config: HandConfig) -> "_Person":
        gloved = rng.random() < config.glove_share
        clothed = rng.random() < config.long_sleeve_share
        glove = GLOVES[int(rng.integers(len(GLOVES)))]
        cuff = Cuff(sample_cloth_colour(rng), float(rng.uniform(0.5, 7.0)))
        return cls(
            scale=float(rng.uniform(*config.scale_range)),
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
