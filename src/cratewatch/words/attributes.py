"""What can be said of a person's looks: one table of terms for models, prompts and facets.

A term is an attribute ("hat") or the colour of a part of the body ("upper:orange").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from cratewatch.finding.quads import Rgb

Colour = Literal[
    "black",
    "grey",
    "white",
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "pink",
    "brown",
]
"""The eleven basic colour terms, in which PETA's labels are given as well."""
Part = Literal["upper", "lower", "hair", "feet"]
Attribute = Literal[
    "female",
    "child",
    "elderly",
    "hat",
    "glasses",
    "scarf",
    "long_hair",
    "bald",
    "backpack",
    "bag",
    "plastic_bag",
    "luggage",
    "stroller",
    "long_sleeves",
    "no_sleeves",
    "t_shirt",
    "jacket",
    "sweater",
    "suit",
    "striped",
    "plaid",
    "logo",
    "jeans",
    "trousers",
    "shorts",
    "skirt",
    "boots",
    "trainers",
    "sandals",
]
COLOURS: tuple[Colour, ...] = get_args(Colour)
PARTS: tuple[Part, ...] = get_args(Part)
ATTRIBUTES: tuple[Attribute, ...] = get_args(Attribute)
SENSITIVE: frozenset[str] = frozenset(("female", "child", "elderly"))
"""Sex and age: no facets unless a setting says so."""


def colour_term(part: Part, colour: Colour) -> str:
    """Return the term that a part of the body has a colour."""
    return f"{part}:{colour}"


COLOUR_TERMS = tuple(colour_term(part, colour) for part in PARTS for colour in COLOURS)
TERMS: tuple[str, ...] = (*ATTRIBUTES, *COLOUR_TERMS)
"""All terms, in an order that stays: new ones are added at the end of their kind."""


@dataclass(frozen=True)
class Attributes:
    """How a person looks in one crop.

    Attributes:
        probabilities: Of terms, 0 to 1; a term that the model cannot tell is missing. Colours of a
            part need not add up to 1: clothes have more than one.
    """

    probabilities: Mapping[str, float]

    def __post_init__(self) -> None:
        """Refuse what is no term."""
        if unknown := self.probabilities.keys() - set(TERMS):
            raise ValueError(f"no terms of words.attributes: {', '.join(sorted(unknown))}")


class AttributeModel(Protocol):
    """Tells attributes from crops.

    Attributes:
        name: Lower case, digits and underscores; changes with its weights.
        terms: What it can tell, of TERMS and in their order.
    """

    name: str
    terms: tuple[str, ...]

    def look(self, crops: Sequence[Rgb]) -> list[Attributes]:
        """Return what it sees in crops of whole persons, each (H, W, 3) uint8 RGB of any size."""
