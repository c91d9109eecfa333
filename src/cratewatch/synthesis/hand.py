"""What describes a hand at the sleeve; skeleton, place and paint follow from it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from cratewatch.synthesis.pixels import Colour

Grip: TypeAlias = Literal[
    "thumb_front", "fingers_front", "corner_pinch", "bottom_support", "over_front"
]
Side: TypeAlias = Literal["left", "right"]

PALMAR_GRIPS: tuple[Grip, ...] = ("thumb_front", "corner_pinch")
"""Grips that show the palm; the others show the back of the hand."""
THUMB_GRIPS: tuple[Grip, ...] = (*PALMAR_GRIPS, "over_front")
"""Grips whose thumb lies before the sleeve."""
DOINGS: dict[Grip, str] = {
    "thumb_front": "holding a record sleeve with the thumb in front",
    "fingers_front": "holding a record sleeve with the fingers in front",
    "corner_pinch": "pinching the corner of a record sleeve",
    "bottom_support": "holding a record sleeve from below",
    "over_front": "lying on a record sleeve",
}
SKINS = ("light", "medium", "dark")
"""Words for thirds of the range of skin tones."""


@dataclass(frozen=True)
class Cuff:
    """A garment's sleeve over the forearm; start_cm is how far behind the wrist it ends."""

    colour: Colour
    start_cm: float


@dataclass(frozen=True)
class Hand:
    """One hand and how it holds the sleeve.

    Attributes:
        side: Which hand of the person it is.
        grip: How it holds.
        edge: 0 top, 1 right, 2 bottom, 3 left; for corner_pinch the corner at its start.
        along: Where on that edge, 0 to 1, clockwise.
        reach_cm: How far the foremost fingertip or thumb lies inside the sleeve.
        angle_deg: Turn of the hand away from straight inward.
        scale: 1 for an average hand on a 12-inch sleeve.
        spread: How far the fingers stand apart, 0 to 1.
        curl: How far the fingers are bent, 0 to 1.
        thickness: Girth of fingers and arm relative to the average.
        tone: Skin tone, 0 the lightest, 1 the darkest.
        undertone: -1 golden to 1 rosy.
        glove: Colour of a glove, if worn.
        cuff: The garment's sleeve, if long.
        seed: Fixes the small irregularities of joints and skin.
    """

    side: Side
    grip: Grip
    edge: int
    along: float
    reach_cm: float
    angle_deg: float
    scale: float
    spread: float
    curl: float
    thickness: float
    tone: float
    undertone: float
    glove: Colour | None
    cuff: Cuff | None
    seed: int

    @property
    def shows_palm(self) -> bool:
        """Whether the palm faces the viewer."""
        return self.grip in PALMAR_GRIPS


def hand_phrase(hand: Hand) -> str:
    """Return what a caption says of a hand: side, glove or skin, grip."""
    if hand.glove is not None:
        return f"a gloved {hand.side} hand {DOINGS[hand.grip]}"
    skin = SKINS[min(int(hand.tone * len(SKINS)), len(SKINS) - 1)]
    return f"a {hand.side} hand with {skin} skin {DOINGS[hand.grip]}"
