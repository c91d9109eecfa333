"""Reads which traits a text tells: captions as templates make them, and prompts as people do."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cratewatch.words import vocabulary
from cratewatch.words.attributes import COLOURS, PARTS, colour_term
from cratewatch.words.captions import AGES, LANGUAGES, NOUNS
from cratewatch.words.prompts import MOST_WORDS
from cratewatch.words.traits import GROUPS, Look, group_of

WHOLE_FROM = 6
"""Of the seven groups of traits: a text that tells of so many tells all there is."""
OPPOSITES = {"female": "male", "long_hair": "short_hair", "long_sleeves": "short_sleeves"}
"""What the words mean that a prompt's table takes for the lack of a trait."""
NOTHING = {
    vocabulary.NOTHING_CARRIED.attributes: "nothing_carried",
    vocabulary.NOTHING_WORN.attributes: "nothing_worn",
}
"""What it is called that none of some traits is there."""
CLOTHES = ("upper", "lower", "feet", "hair")
_WORD = re.compile(r"[^\W_]+")
_ARTICLES = frozenset(("a", "an", "the"))


@dataclass(frozen=True)
class Reading:
    """What a text says.

    Attributes:
        told: Traits that it says are there.
        denied: Traits that it says are not there.
    """

    told: Look
    denied: Look

    @property
    def is_whole(self) -> bool:
        """Whether what it does not tell is not there either."""
        return len({group_of(trait) for trait in self.told}) >= WHOLE_FROM


@dataclass
class _Phrase:
    """What a phrase tells, by the group that it belongs to there; a noun ends what it is of."""

    tells: dict[str, Look] = field(default_factory=dict)
    is_noun: bool = False


def read_traits(text: str) -> Reading:
    """Read a text; words that tell no traits are passed over."""
    reader = _Reader()
    for word, phrase in _phrases(_words(text)):
        reader.take(word, phrase)
    return reader.end()


def _words(text: str) -> list[str]:
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return [word for word in words if word not in _ARTICLES][:MOST_WORDS]


def _phrases(words: list[str]) -> Iterator[tuple[str, _Phrase | None]]:
    """Yield the longest phrases that are known, and words between them."""
    table = _table()
    longest = max(phrase.count(" ") + 1 for phrase in table)
    start = 0
    while start < len(words):
        for length in range(min(longest, len(words) - start), 0, -1):
            said = " ".join(words[start : start + length])
            found = next((table[form] for form in _forms(said) if form in table), None)
            if found is not None or length == 1:
                yield said, found
                start += length
                break


def _forms(said: str) -> Iterator[str]:
    yield said
    for ending in ("s", *vocabulary.KOREAN.endings):
        if said.endswith(ending) and len(said) > len(ending):
            yield said.removesuffix(ending)


class _Reader:
    """Takes phrases in their order: adjectives wait for their noun."""

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._denied: set[str] = set()
        self._waiting: list[_Phrase] = []
        self._negated = False
        self._last: tuple[str, ...] = ("upper",)
        self._latest: Look = frozenset()

    def take(self, word: str, phrase: _Phrase | None) -> None:
        if phrase is None:
            self._take_word(word)
        elif phrase.is_noun:
            self._take_noun(phrase)
        else:
            self._waiting.append(phrase)

    def end(self) -> Reading:
        self._flush()
        return Reading(frozenset(self._told - self._denied), frozenset(self._denied))

    def _take_word(self, word: str) -> None:
        for language in vocabulary.LANGUAGES:
            if word in language.breaks:
                self._flush()
            if word in language.negations and language.negates_before:
                self._denied |= self._latest
            elif word in language.negations:
                self._negated = True

    def _take_noun(self, noun: _Phrase) -> None:
        groups = tuple(noun.tells)
        self._say(
            frozenset().union(
                *noun.tells.values(),
                *(one.tells.get(group, ()) for one in self._waiting for group in groups),
            )
        )
        self._waiting = []
        if set(groups) <= set(CLOTHES):
            self._last = groups

    def _flush(self) -> None:
        """Say adjectives that wait, of the latest clothes, or where there is but one choice."""
        for one in self._waiting:
            groups = [group for group in self._last if group in one.tells] or list(one.tells)[:1]
            self._say(frozenset().union(*(one.tells[group] for group in groups)))
        self._waiting = []

    def _say(self, traits: Look) -> None:
        (self._denied if self._negated else self._told).update(traits)
        if traits:
            self._negated, self._latest = False, traits


@functools.cache
def _table() -> Mapping[str, _Phrase]:
    """Return phrases of captions, and those of prompts that captions do not have."""
    table: dict[str, _Phrase] = {}
    for language in LANGUAGES.values():
        for trait, ways in language.words.items():
            for way in ways:
                _add(table, way, _groups_of(trait), is_noun=_is_noun(trait))
        for group, ways in (*language.nouns.items(), ("subject", language.subject)):
            for way in ways:
                _add(table, way, {group: frozenset()}, is_noun=True)
    _add_prompts(table)
    return table


def _add_prompts(table: dict[str, _Phrase]) -> None:
    of_captions = frozenset(table)
    for language in vocabulary.LANGUAGES:
        for said in language.colours.keys() - of_captions:
            _add(table, said, _groups_of(language.colours[said]), is_noun=False)
        for said in language.meanings.keys() - of_captions:
            meaning = language.meanings[said]
            _add(table, said, _meant(meaning), is_noun=not meaning.is_pattern)


def _add(table: dict[str, _Phrase], said: str, tells: dict[str, Look], *, is_noun: bool) -> None:
    phrase = table.setdefault(" ".join(_words(said)), _Phrase())
    for group, traits in tells.items():
        phrase.tells[group] = phrase.tells.get(group, frozenset()) | traits
    phrase.is_noun |= is_noun


def _groups_of(trait: str) -> dict[str, Look]:
    if trait in COLOURS:
        return {part: frozenset([colour_term(part, trait)]) for part in PARTS}
    traits = trait.split(" ")
    return {group_of(traits[0]): frozenset(traits)}


def _is_noun(trait: str) -> bool:
    if trait in COLOURS or trait.partition(":")[0] in PARTS:
        return False
    group = group_of(trait.split(" ")[0])
    return trait not in AGES if group == "subject" else trait in NOUNS.get(group, GROUPS[group])


def _meant(meaning: vocabulary.Meaning) -> dict[str, Look]:
    if not meaning.holds and meaning.attributes in NOTHING:
        return _groups_of(NOTHING[meaning.attributes])
    said = [
        attribute if meaning.holds else OPPOSITES.get(attribute, "")
        for attribute in meaning.attributes
    ]
    groups: dict[str, Look] = {part: frozenset() for part in meaning.parts}
    for trait in filter(None, said):
        groups[group_of(trait)] = groups.get(group_of(trait), frozenset()) | {trait}
    return groups or {"subject": frozenset()}
