"""Texts as the text tower of our own reads them: words by the letters that they are made of.

Each word is the set of its letter groups, hashed (Bojanowski et al. 2017, "Enriching Word Vectors
with Subword Information"): there is no vocabulary to carry along, a word in another case or with
a Korean particle stays near the one that was learnt, and no text is refused.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

BUCKETS = 4096
"""Groups of letters are told apart by a hash of this many values; 0 is none."""
GROUPS = 20
"""Of a word; what is longer is cut."""
WORDS = 72
"""Of a text; what is longer is cut."""
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*|,")


def spell(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the hashed groups of letters of each word, (N, L, GROUPS); 0 where there is none.

    L is that of the longest text, at least 1 and at most WORDS.
    """
    words = [_WORD.findall(unicodedata.normalize("NFC", text).casefold())[:WORDS] for text in texts]
    length = max([1, *map(len, words)])
    spelled = np.zeros((len(texts), length, GROUPS), np.int64)
    for row, of_text in enumerate(words):
        for place, word in enumerate(of_text):
            groups = _groups(word)
            spelled[row, place, : len(groups)] = groups
    return spelled


@lru_cache(maxsize=8192)
def _groups(word: str) -> tuple[int, ...]:
    whole = f"<{word}>"
    parts = [whole] + [
        whole[start : start + size] for size in (3, 2) for start in range(len(whole) - size + 1)
    ]
    return tuple(zlib.crc32(part.encode()) % (BUCKETS - 1) + 1 for part in parts[:GROUPS])
