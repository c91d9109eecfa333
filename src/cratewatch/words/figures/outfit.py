"""Dresses figures: what they wear and carry, and by which terms that is told.

How often is what it is comes from no data set: in streets black, grey, white and blue are common,
and long trousers are; the rare is drawn more often than it is met, so that it is learnt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from cratewatch.words.attributes import COLOUR_TERMS, COLOURS, Colour, Part, colour_term

Choice = TypeVar("Choice", bound=str)
RARE = 0.7
"""Of a colour that is not named for a part."""
_UPPER: Mapping[Colour, float] = {
    **{"black": 40, "grey": 18, "white": 18, "blue": 12, "red": 7, "brown": 7, "green": 5},
    **{"purple": 4, "pink": 4, "yellow": 3, "orange": 2},
}
COMMON: Mapping[Part, Mapping[Colour, float]] = {
    "upper": _UPPER,
    "lower": {"black": 42, "blue": 25, "grey": 20, "brown": 6, "white": 5},
    "feet": {"black": 45, "white": 22, "grey": 12, "brown": 12, "red": 3, "blue": 2},
    "hair": {"black": 65, "brown": 20, "grey": 6, "yellow": 4, "white": 3},
}
TOPS = {"other_top": 5, "jacket": 3, "t_shirt": 2, "sweater": 1, "suit": 1}
SLEEVES = {"long_sleeves": 5, "short_sleeves": 5, "no_sleeves": 0.6}
BOTTOMS = {"trousers": 6, "jeans": 4, "shorts": 2, "capri": 0.5}
SKIRTS = {"skirt": 1.5, "long_skirt": 0.4}
PATTERNS = {"": 8, "striped": 0.8, "plaid": 0.8, "logo": 0.4}
CARRIED = {"": 4, "bag": 2.5, "backpack": 2, "plastic_bag": 0.7}
LONG_BOTTOMS = ("trousers", "jeans")
JEANS_BLUE, HATS, BARE_SHINS = 0.75, 0.08, 0.85
TOLD = (
    *("female", "hat", "long_hair", "backpack", "bag", "plastic_bag", "long_sleeves"),
    *("no_sleeves", "t_shirt", "striped", "plaid", "logo", "jeans", "trousers", "shorts", "skirt"),
    *COLOUR_TERMS,
)
"""Of attributes.TERMS, what figures show well enough; jackets and sweaters they do not."""


@dataclass(frozen=True)
class Outfit:
    """What a figure wears.

    Attributes:
        pattern, carried: "" for none.
        faces: Whether it is seen from the front.
        second: A colour of the upper body beside the first: of its pattern, or of what is below
            an open jacket; None for none.
    """

    is_male: bool
    faces: bool
    long_hair: bool
    top: str
    sleeves: str
    bottom: str
    pattern: str
    carried: str
    hat: bool
    colours: Mapping[Part, Colour]
    second: Colour | None

    @property
    def terms(self) -> frozenset[str]:
        """What is said of it, of TOLD: jeans are long trousers, too."""
        said = {self.top, self.sleeves, self.bottom, self.pattern, self.carried}
        said |= {"trousers"} if self.bottom in LONG_BOTTOMS else set()
        said |= {"skirt"} if self.bottom in SKIRTS else set()
        flags = {"female": not self.is_male, "long_hair": self.long_hair, "hat": self.hat}
        said |= {term for term, holds in flags.items() if holds}
        said |= {colour_term(part, colour) for part, colour in self.colours.items()}
        said |= {colour_term("upper", self.second)} if self.second else set()
        return frozenset(said & set(TOLD))


def dress(rng: np.random.Generator) -> Outfit:
    """Return an outfit, drawn at random."""
    is_male, faces = rng.random() < 0.5, rng.random() < 0.5
    top = one_of(TOPS, rng)
    sleeves = {"t_shirt": "short_sleeves"}.get(top) or (
        one_of(SLEEVES, rng) if top == "other_top" else "long_sleeves"
    )
    bottom = one_of(BOTTOMS if is_male else BOTTOMS | SKIRTS, rng)
    pattern = one_of(PATTERNS, rng) if top != "suit" else ""
    pattern = pattern if faces or pattern != "logo" else ""
    colours = {part: colour_of(part, rng) for part in COMMON}
    if bottom == "jeans" and rng.random() < JEANS_BLUE:
        colours["lower"] = "blue"
    is_open = faces and top in {"jacket", "suit"} and rng.random() < 0.6
    return Outfit(
        is_male=is_male,
        faces=faces,
        long_hair=rng.random() < (0.04 if is_male else 0.65),
        top=top,
        sleeves=sleeves,
        bottom=bottom,
        pattern=pattern,
        carried=one_of(CARRIED, rng),
        hat=rng.random() < HATS,
        colours=colours,
        second=colour_of("upper", rng) if pattern or is_open else None,
    )


def colour_of(part: Part, rng: np.random.Generator) -> Colour:
    """Return a colour of a part of the body; none is never drawn."""
    common = COMMON[part]
    return one_of({colour: common.get(colour, RARE) for colour in COLOURS}, rng)


def one_of(weights: Mapping[Choice, float], rng: np.random.Generator) -> Choice:
    """Return one of the keys, as likely as its weight."""
    chances = np.array(list(weights.values()), np.float64)
    return list(weights)[int(rng.choice(len(chances), p=chances / chances.sum()))]
