"""Captions of persons by templates: many ways to say the same, in each language there is a table.

A caption says only what it is given: `told` are its traits, and two captions that tell the same
traits are one caption in other words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cratewatch.words.english import ENGLISH
from cratewatch.words.korean import KOREAN
from cratewatch.words.languages import Language
from cratewatch.words.traits import GROUPS, Look, colours_of, group_of

LANGUAGES = {language.name: language for language in (ENGLISH, KOREAN)}
LISTED = 0.25
"""Share of captions that are a mere list, as prompts often are: "black shirt, jeans"."""
AGES = ("under_30", "under_45", "under_60", "elderly")
NOUNS = {
    "upper": ("t_shirt", "jacket", "sweater", "suit", "other_top"),
    "lower": (
        "jeans",
        "trousers",
        "suit_trousers",
        "shorts",
        "capri",
        "hot_pants",
        "skirt",
        "long_skirt",
    ),
    "feet": GROUPS["feet"],
    "hair": ("bald",),
}
"""Traits that name the thing; a part's others are adjectives."""


@dataclass(frozen=True)
class Caption:
    """A text about a person and the traits that it tells."""

    text: str
    told: Look


def make_caption(
    look: Look, rng: np.random.Generator, language: str = "en", share: float = 1.0
) -> Caption:
    """Say how a person looks.

    Args:
        look: Of TRAITS.
        language: Of LANGUAGES.
        share: How likely each trait is told; at least one is, if there is one.
    """
    kept = sorted(trait for trait in look if rng.random() < share) or sorted(look)[:1]
    told = frozenset(kept)
    return Caption(_Writer(LANGUAGES[language], rng).write(told), told)


class _Writer:
    """Writes in one language, choosing among its words."""

    def __init__(self, language: Language, rng: np.random.Generator) -> None:
        self._language = language
        self._rng = rng

    def write(self, look: Look) -> str:
        groups = {group_of(trait) for trait in look}
        parts = {group: self._part(group, look) for group in GROUPS if group in groups}
        order = self._order([group for group in parts if group != "subject"])
        if self._rng.random() < LISTED:
            subject = [parts["subject"]] if "subject" in parts else []
            return self._language.comma.join([*subject, *(parts[group] for group in order)])
        noun = parts.get("subject") or self._one(self._language.subject)
        named = self._article(noun) + noun
        if not order:
            return named
        clauses = [
            self._language.clause(self._one(self._language.clauses[group]), parts[group])
            for group in order
        ]
        sentence = self._one(self._language.sentences)
        joined = self._language.comma.join(clauses)
        return sentence.format(subject=named, clauses=joined)

    def _order(self, groups: list[str]) -> list[str]:
        """Return groups mostly from head to foot, at times in any order."""
        if self._rng.random() < 0.3:
            self._rng.shuffle(groups)
        return groups

    def _part(self, group: str, look: Look) -> str:
        if group == "subject":
            return self._subject(look)
        told = [trait for trait in GROUPS[group] if trait in look]
        if group in {"carried", "worn"}:
            return self._several([self._say(trait) for trait in told])
        nouns = [trait for trait in told if trait in NOUNS[group]]
        colours = [self._say(colour, group) for colour in colours_of(look, group)]
        adjectives = [self._say(trait) for trait in told if trait not in nouns]
        things = [self._say(noun) for noun in nouns] or [self._one(self._language.nouns[group])]
        lead = [self._several(colours)] if colours else []
        return " ".join([*lead, *adjectives, self._several(things)])

    def _subject(self, look: Look) -> str:
        sex = [trait for trait in ("female", "male") if trait in look]
        ages = [self._say(age) for age in AGES if age in look]
        if "child" in look:
            noun = self._one(self._language.words[" ".join(["child", *sex[:1]])])
        else:
            noun = self._say(sex[0]) if sex else self._one(self._language.subject)
        return " ".join([*ages, noun])

    def _say(self, trait: str, part: str = "") -> str:
        words = self._language.words
        return self._one(words.get(f"{part}:{trait}") or words[trait])

    def _several(self, things: Sequence[str]) -> str:
        if len(things) < 2:
            return "".join(things)
        return self._language.comma.join(things[:-1]) + self._language.both + things[-1]

    def _article(self, subject: str) -> str:
        article = self._language.article
        return "an " if article and subject[0] in "aeiou" else article

    def _one(self, ways: Sequence[str]) -> str:
        return ways[int(self._rng.integers(len(ways)))]
