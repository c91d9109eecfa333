"""Listings with prices that follow rules, for tests."""

from __future__ import annotations

import math
from random import Random

from cratewatch.pricing.listing import Listing, PricedListing
from cratewatch.pricing.worth import WORTH

GRADES = ("M", "NM", "VG+", "VG")


def made_listings(n: int, seed: int = 0) -> list[PricedListing]:
    """Return listings of n / 2 releases, dearer by label, want and condition, and by chance."""
    random = Random(seed)
    return [_made(number // 2, random) for number in range(n)]


def _made(release: int, random: Random) -> PricedListing:
    of_release = Random(release)
    label, have, want = (
        of_release.randrange(12),
        of_release.randrange(900),
        of_release.randrange(90),
    )
    grade = random.choice(GRADES)
    log = 2 + 0.15 * label + 0.3 * math.log1p(want) - 0.2 * math.log1p(have)
    price = math.exp(log + random.gauss(0, 0.15)) * WORTH[grade]
    listing = Listing(
        release=str(release),
        artist=f"Artist {of_release.randrange(40)}",
        title=f"Title {release}",
        label=f"Label {label}",
        catno=f"LB {release}",
        format=of_release.choice(("LP", '12"', '7"')),
        genre=of_release.choice(("jazz", "house")),
        year=1960 + of_release.randrange(60),
        have=have,
        want=want,
        media_condition=grade,
        sleeve_condition=grade,
    )
    return PricedListing(listing, max(0.5, price))
