"""Countries of pressings, as Discogs, MusicBrainz and shops write them."""

from __future__ import annotations

import re

EUROPE, WORLD = "XE", "XW"
_CODES = {
    "uk": "GB", "united kingdom": "GB", "great britain": "GB", "england": "GB",
    "us": "US", "usa": "US", "united states": "US", "germany": "DE", "west germany": "DE",
    "east germany": "XG", "german democratic republic (gdr)": "XG", "france": "FR", "italy": "IT",
    "sweden": "SE", "norway": "NO", "denmark": "DK", "finland": "FI", "iceland": "IS",
    "netherlands": "NL", "the netherlands": "NL", "holland": "NL", "belgium": "BE",
    "luxembourg": "LU", "austria": "AT", "switzerland": "CH", "spain": "ES", "portugal": "PT",
    "greece": "GR", "ireland": "IE", "poland": "PL", "hungary": "HU", "romania": "RO",
    "bulgaria": "BG", "czech republic": "CZ", "czechoslovakia": "XC", "yugoslavia": "YU",
    "ussr": "SU", "soviet union": "SU", "russia": "RU", "ukraine": "UA", "turkey": "TR",
    "israel": "IL", "japan": "JP", "china": "CN", "taiwan": "TW", "hong kong": "HK",
    "south korea": "KR", "india": "IN", "thailand": "TH", "australia": "AU", "new zealand": "NZ",
    "canada": "CA", "mexico": "MX", "brazil": "BR", "argentina": "AR", "chile": "CL",
    "colombia": "CO", "venezuela": "VE", "peru": "PE", "jamaica": "JM", "south africa": "ZA",
    "nigeria": "NG", "ghana": "GH", "kenya": "KE", "egypt": "EG", "europe": EUROPE,
    "serbia": "RS", "croatia": "HR", "slovenia": "SI", "slovakia": "SK", "georgia": "GE",
    "singapore": "SG", "malaysia": "MY", "indonesia": "ID", "philippines": "PH",
    "belarus": "BY", "zimbabwe": "ZW", "rhodesia": "ZW", "worldwide": WORLD, "australasia": "XA",
}  # fmt: skip
_BETWEEN = re.compile(r"\s*(?:,\s*&|,\s*and\b|&|,|/|\band\b)\s*", re.IGNORECASE)
_EUROPEAN = frozenset(
    ("GB DE FR IT SE NO DK FI IS NL BE LU AT CH ES PT GR IE PL HU RO BG CZ XG XC YU").split()  # noqa: SIM905
)


def places_of(text: str) -> frozenset[str]:
    """Return the codes of one or several countries; empty if one is not known.

    Codes are ISO 3166's, and MusicBrainz' for what is no country: XE is Europe, XW the world.
    """
    whole = text.strip().casefold()
    if whole in _CODES:
        return frozenset({_CODES[whole]})
    names = [name for name in _BETWEEN.split(whole) if name]
    codes = [name.upper() if _is_code(name) else _CODES.get(name) for name in names]
    return frozenset(code for code in codes if code) if all(codes) else frozenset()


def disagree(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether a pressing for these countries is none for those; Europe has its countries."""
    if not one or not other or one & other or WORLD in one | other:
        return False
    return not (_within_europe(one, other) or _within_europe(other, one))


def _within_europe(one: frozenset[str], other: frozenset[str]) -> bool:
    return EUROPE in one and bool(other & _EUROPEAN)


def _is_code(name: str) -> bool:
    return len(name) == 2 and name.upper() in _KNOWN_CODES


_KNOWN_CODES = frozenset(_CODES.values())
