"""What an offer is of: the record, another medium with the same music, or something else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum


class Medium(IntEnum):
    """From what this catalog is about to what it is not about."""

    VINYL = 0
    UNKNOWN = 1
    CD = 2
    CASSETTE = 3
    DOWNLOAD = 4
    BUNDLE = 5
    MERCHANDISE = 6


_SIGNS = (
    (
        Medium.BUNDLE,
        r"discograph\w+|diskograf\w+|bundle|\d+ releases|box of \d+|complete (?:works|catalog\w*)",
    ),
    (
        Medium.VINYL,
        r"vin[yi]le?|vinilo|\w*vinyl\w*|schallplatte\w*|(?:\d\s?x\s?)?[2-9]?lps?|lprecord|"
        r"(?:7|10|12)(?:\s?(?:\"|''|\N{RIGHT DOUBLE QUOTATION MARK}|\N{DOUBLE PRIME})|"
        r"[\s-]?(?:inch|zoll))|"
        r"33 ?rpm|45 ?rpm|180 ?g(?:ram)?",
    ),
    (Medium.CASSETTE, r"cassettes?|kassetten?|k7|\w*cassetteformat"),
    (Medium.CD, r"(?:\d\s?x\s?)?\d?cds?|cdformat|compact ?dis[ck]s?|sacd"),
    (
        Medium.MERCHANDISE,
        r"t-?shirts?|shirts?|hoodies?|sweat\w*|tote\w*|posters?|mugs?|caps?|beanies?|stickers?|"
        r"badges?|slipmats?|gift ?cards?|gutscheine?|merch\w*|apparel|clothing|tickets?|books?",
    ),
    (
        Medium.DOWNLOAD,
        r"digital\w*|downloads?|mp3s?|flac|wav|aiff|alac|streaming|digitalaudio\w*|files?",
    ),
)
_PATTERNS = tuple(
    (medium, re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)) for medium, words in _SIGNS
)


def medium_of(texts: Iterable[str | None]) -> Medium:
    """Return what the first telling text names; texts from the most to the least telling."""
    for text in texts:
        for medium, pattern in _PATTERNS:
            if text and pattern.search(text):
                return medium
    return Medium.UNKNOWN


def is_medium(text: str) -> bool:
    """Whether a text names a medium and nothing else."""
    return any(pattern.fullmatch(text) for _, pattern in _PATTERNS)
