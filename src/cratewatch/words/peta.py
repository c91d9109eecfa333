"""What PETA's labels are as traits (Deng et al. 2014, "Pedestrian Attribute Recognition")."""

from __future__ import annotations

from collections.abc import Iterable

from cratewatch.words.attributes import COLOURS, colour_term
from cratewatch.words.traits import Look

PARTS = {"upperBody": "upper", "lowerBody": "lower", "hair": "hair", "footwear": "feet"}
TRAIT_OF = {
    "personalMale": "male",
    "personalFemale": "female",
    "personalLess15": "child",
    "personalLess30": "under_30",
    "personalLess45": "under_45",
    "personalLess60": "under_60",
    "personalLarger60": "elderly",
    "hairLong": "long_hair",
    "hairShort": "short_hair",
    "hairBald": "bald",
    "upperBodyCasual": "casual_top",
    "upperBodyFormal": "formal_top",
    "upperBodyLongSleeve": "long_sleeves",
    "upperBodyShortSleeve": "short_sleeves",
    "upperBodyNoSleeve": "no_sleeves",
    "upperBodyThinStripes": "striped",
    "upperBodyThickStripes": "thick_stripes",
    "upperBodyPlaid": "plaid",
    "upperBodyVNeck": "v_neck",
    "upperBodyLogo": "logo",
    "upperBodyTshirt": "t_shirt",
    "upperBodyJacket": "jacket",
    "upperBodySweater": "sweater",
    "upperBodySuit": "suit",
    "upperBodyOther": "other_top",
    "lowerBodyCasual": "casual_bottoms",
    "lowerBodyFormal": "formal_bottoms",
    "lowerBodyThinStripes": "striped_bottoms",
    "lowerBodyPlaid": "plaid_bottoms",
    "lowerBodyLogo": "logo_bottoms",
    "lowerBodyJeans": "jeans",
    "lowerBodyTrousers": "trousers",
    "lowerBodySuits": "suit_trousers",
    "lowerBodyShorts": "shorts",
    "lowerBodyCapri": "capri",
    "lowerBodyHotPants": "hot_pants",
    "lowerBodyShortSkirt": "skirt",
    "lowerBodyLongSkirt": "long_skirt",
    "footwearBoots": "boots",
    "footwearSneakers": "trainers",
    "footwearSandals": "sandals",
    "footwearLeatherShoes": "leather_shoes",
    "footwearShoes": "shoes",
    "footwearStocking": "stockings",
    "carryingBackpack": "backpack",
    "carryingMessengerBag": "bag",
    "carryingPlasticBags": "plastic_bag",
    "carryingLuggageCase": "luggage",
    "carryingSuitcase": "suitcase",
    "carryingBabyBuggy": "stroller",
    "carryingFolder": "folder",
    "carryingUmbrella": "umbrella",
    "carryingShoppingTro": "shopping_trolley",
    "carryingOther": "other_luggage",
    "carryingNothing": "nothing_carried",
    "accessoryHat": "hat",
    "accessorySunglasses": "glasses",
    "accessoryMuffler": "scarf",
    "accessoryHeadphone": "headphones",
    "accessoryHairBand": "hair_band",
    "accessoryKerchief": "kerchief",
    "accessoryShawl": "shawl",
    "accessoryFaceMask": "face_mask",
    "accessoryNothing": "nothing_worn",
} | {
    f"{label}{colour.capitalize()}": colour_term(part, colour)  # type: ignore[arg-type]
    for label, part in PARTS.items()
    for colour in COLOURS
}


def look_of(labels: Iterable[str]) -> Look:
    """Return the traits that labels tell; labels that there are not are left out."""
    return frozenset(TRAIT_OF[label] for label in labels if label in TRAIT_OF)
