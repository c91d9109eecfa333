"""Genres out of a shop's categories: a shelf's name is a genre, or a medium, or a shop's word."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cratewatch.sources.storefront.medium import Medium, medium_of
from cratewatch.sources.storefront.texts import real

_STEP = re.compile(
    r"\s*[>|\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}"
    r"\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}]\s*|\s+/\s+"
)
# Shelves on which any music may stand, Google's and the shop systems' own among them.
_ANY_MUSIC = re.compile(
    r"home|start(?:seite)?|shop|store|catalogue?|media|arts (?:&|and) entertainment|"
    r"(?:all )?products?|(?:alle )?produkte|artikel|items?|musi[ckqu]+e?|m[u\u00fa]sica|muziek|"
    r"music (?:&|and) sound recordings|(?:all )?records?|schallplatten|disques|discos|platten|"
    r"albums?|singles?|releases?|all|alles?|box ?sets?|"
    r"new|new (?:arrivals?|releases?|in|products?|stock)|neu|neu(?:heiten|erscheinungen)|"
    r"nouveaut\u00e9s|sales?|angebote?|sonderangebote?|special offers?|discount\w*|best-?sellers?|"
    r"featured|recommended|tipps?|pre-?orders?|vorbestell\w+|used|second[ -]?hand|gebraucht\w*|"
    r"occasions?|staff picks?|back in stock|restocks?|uncategori[sz]ed|default(?: category)?|"
    r"misc\w*|various|others?|sonstiges?|divers\w*|physical|\d+|https?:.*",
    re.IGNORECASE,
)


def genres_of(categories: Iterable[str]) -> tuple[str, ...]:
    """Return the genres among the steps of category paths, such as ``Vinyl > Jazz``, each once.

    A step is one if it names neither a medium nor a shelf on which any music may stand.
    """
    steps = (step for category in categories for step in _STEP.split(category))
    return tuple(dict.fromkeys(step for step in steps if _is_genre(step)))


def _is_genre(step: str) -> bool:
    return (
        real(step) is not None
        and _ANY_MUSIC.fullmatch(step) is None
        and medium_of([step]) is Medium.UNKNOWN
    )
