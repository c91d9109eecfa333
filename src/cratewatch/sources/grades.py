"""Conditions in the words of each source, as grades of Goldmine."""

from __future__ import annotations

import re

_WORDS = {
    "M": ("m", "mint", "sealed", "still sealed", "ss", "new", "brand new", "neu", "new sealed"),
    "NM": ("nm", "nm-", "m-", "near mint", "like new", "ex+", "mint-", "neuwertig"),
    "VG+": ("vg+", "vg++", "ex", "ex-", "excellent", "very good plus", "sehr gut"),
    "VG": ("vg", "vg-", "very good", "gut"),
    "G+": ("g+", "good plus"),
    "G": ("g", "good", "akzeptabel", "acceptable"),
    "F": ("f", "fair"),
    "P": ("p", "poor", "for parts or not working"),
}
_GRADES = {word: grade for grade, words in _WORDS.items() for word in words}
_IN_BRACKETS = re.compile(r"\(([A-Z+-]{1,4})(?: or [A-Z+-]+)?\)\s*$")


def read_grade(words: str | None) -> str | None:
    """Return the Goldmine grade that a source's words say; None for what grades nothing.

    Discogs writes ``Near Mint (NM or M-)``; "used" says that something is used and no more.
    """
    text = (words or "").strip()
    if found := _IN_BRACKETS.search(text):
        text = found[1]
    return _GRADES.get(" ".join(text.casefold().split()))
