"""What a language needs to say how persons look: one table for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FIRST_SYLLABLE, LAST_SYLLABLE, FINALS = ord("가"), ord("힣"), 28
OBJECT = {"를": ("를", "을")}
"""The Korean particle of an object after an open syllable, and after one with a final consonant."""


@dataclass(frozen=True)
class Language:
    """How a language says traits.

    Attributes:
        words: Of each trait and colour the ways to say it; "hair:yellow" where a part says a
            colour its own way, "child female" where two traits are one word.
        subject: Of a person whose sex is not told.
        nouns: Of a garment whose kind is not told, and of hair.
        clauses: Of each group the ways to tell it, {0} being what it tells.
        both: Between the last two of several things.
        sentences: With {subject} and {clauses}.
        comma: Between clauses, and between the parts of a mere list.
        article: Before a subject.
        particle: That clauses write after {0} and that follows the sound before it.
    """

    name: str
    words: Mapping[str, tuple[str, ...]]
    subject: tuple[str, ...]
    nouns: Mapping[str, tuple[str, ...]]
    clauses: Mapping[str, tuple[str, ...]]
    both: str
    sentences: tuple[str, ...]
    comma: str
    article: str = ""
    particle: str = ""

    def clause(self, template: str, told: str) -> str:
        """Put what is told into a clause."""
        if self.particle and f"{{0}}{self.particle}" in template:
            template = template.replace(f"{{0}}{self.particle}", f"{{0}}{_particle(told)}")
        return template.format(told)


def _particle(word: str) -> str:
    """Return the particle of an object after a word."""
    last = ord(word[-1])
    closed = FIRST_SYLLABLE <= last <= LAST_SYLLABLE and (last - FIRST_SYLLABLE) % FINALS > 0
    return OBJECT["를"][closed]
