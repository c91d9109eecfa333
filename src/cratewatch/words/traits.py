"""Traits: all that a caption can say of a person, the terms of attributes and finer ones."""

from __future__ import annotations

from cratewatch.words.attributes import COLOURS, PARTS, TERMS

FINER: tuple[str, ...] = (
    "male",
    "under_30",
    "under_45",
    "under_60",
    "short_hair",
    "short_sleeves",
    "v_neck",
    "casual_top",
    "formal_top",
    "thick_stripes",
    "other_top",
    "casual_bottoms",
    "formal_bottoms",
    "suit_trousers",
    "capri",
    "hot_pants",
    "long_skirt",
    "striped_bottoms",
    "plaid_bottoms",
    "logo_bottoms",
    "leather_shoes",
    "shoes",
    "stockings",
    "folder",
    "umbrella",
    "shopping_trolley",
    "suitcase",
    "other_luggage",
    "nothing_carried",
    "headphones",
    "hair_band",
    "kerchief",
    "shawl",
    "face_mask",
    "nothing_worn",
)
"""What labels tell beyond the terms that attributes and facets have."""
TRAITS: tuple[str, ...] = (*TERMS, *FINER)
NUMBER_OF = {trait: number for number, trait in enumerate(TRAITS)}
Look = frozenset[str]
"""The traits of a person."""

GROUPS: dict[str, tuple[str, ...]] = {
    "subject": ("female", "male", "child", "under_30", "under_45", "under_60", "elderly"),
    "hair": ("long_hair", "short_hair", "bald"),
    "upper": (
        "casual_top",
        "formal_top",
        "long_sleeves",
        "short_sleeves",
        "no_sleeves",
        "striped",
        "thick_stripes",
        "plaid",
        "v_neck",
        "logo",
        "t_shirt",
        "jacket",
        "sweater",
        "suit",
        "other_top",
    ),
    "lower": (
        "casual_bottoms",
        "formal_bottoms",
        "striped_bottoms",
        "plaid_bottoms",
        "logo_bottoms",
        "jeans",
        "trousers",
        "suit_trousers",
        "shorts",
        "capri",
        "hot_pants",
        "skirt",
        "long_skirt",
    ),
    "feet": ("boots", "trainers", "sandals", "leather_shoes", "shoes", "stockings"),
    "carried": (
        "backpack",
        "bag",
        "plastic_bag",
        "luggage",
        "suitcase",
        "stroller",
        "folder",
        "umbrella",
        "shopping_trolley",
        "other_luggage",
        "nothing_carried",
    ),
    "worn": (
        "hat",
        "glasses",
        "scarf",
        "headphones",
        "hair_band",
        "kerchief",
        "shawl",
        "face_mask",
        "nothing_worn",
    ),
}
"""Which traits are told together, in the order in which adjectives come before their noun."""


def group_of(trait: str) -> str:
    """Return the group of GROUPS that tells a trait."""
    part = trait.partition(":")[0]
    if part in PARTS:
        return part
    return next(group for group, traits in GROUPS.items() if trait in traits)


def colours_of(look: Look, part: str) -> list[str]:
    """Return the colours of a part of the body, in their order."""
    return [colour for colour in COLOURS if f"{part}:{colour}" in look]
