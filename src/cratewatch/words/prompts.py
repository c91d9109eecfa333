"""Splits a prompt into what attributes and colours answer, and what needs a text-image model."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from cratewatch.errors import CratewatchError
from cratewatch.words.attributes import SENSITIVE, Colour, Part, colour_term
from cratewatch.words.vocabulary import HAIR, LANGUAGES, Language, Meaning

MOST_WORDS = 64
"""Of a prompt; text-image models read no more either."""
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*|[^\w\s]|_")
KEEP_COPULA = frozenset((",", "and"))
"""Words between the colours of what was said: his shirt is black and white."""
PARTED = 3
"""Words of a phrase of two that has a colour inside."""
_BREAKS = frozenset(".,;:!?/()[]{}<>\"'-+&|=")


@dataclass(frozen=True)
class Want:
    """A term that a person is to fit, or not to fit."""

    term: str
    holds: bool = True

    def __str__(self) -> str:
        """Say it: "no long sleeves"."""
        said = self.term.replace("_", " ").replace(":", " ")
        return said if self.holds else f"no {said}"


@dataclass(frozen=True)
class Said:
    """A piece of a prompt and what it asks for.

    Attributes:
        words: As people read it.
        wants: All of them; () if nothing is known that tells it.
        instead: What stands for it, as far as it is told, where a model tells none of the wants.
    """

    words: str
    wants: tuple[Want, ...] = ()
    instead: tuple[Want, ...] = ()

    def known(self, terms: Collection[str]) -> tuple[Want, ...]:
        """Return what of it can be told by a model that knows these terms."""
        told = tuple(want for want in self.wants if want.term in terms)
        return told or tuple(want for want in self.instead if want.term in terms)

    def read_as(self, terms: Collection[str]) -> str:
        """Return its words, and what was told in their place: "jeans as lower blue"."""
        known = self.known(terms)
        if any(want in self.wants for want in known):
            return self.words
        return f"{self.words} as {', '.join(map(str, known))}" if known else self.words


@dataclass(frozen=True)
class ParsedPrompt:
    """A prompt in pieces.

    Attributes:
        said: What it asks for, in its order.
        is_cut: Whether it was longer than MOST_WORDS.
    """

    said: tuple[Said, ...]
    is_cut: bool = False

    def answered(self, terms: Collection[str]) -> list[Said]:
        """Return the pieces that terms answer."""
        return [one for one in self.said if one.known(terms)]

    def left(self, terms: Collection[str]) -> list[Said]:
        """Return the pieces that need a text-image model."""
        return [one for one in self.said if not one.known(terms)]


def parse_prompt(prompt: str) -> ParsedPrompt:
    """Split a prompt; words are compared without case, nothing in it is ever code.

    Raises:
        CratewatchError: if it says nothing.
    """
    words = _WORD.findall(unicodedata.normalize("NFKC", prompt).casefold())
    words = [_printable(word) for word in words if word not in _BREAKS or word == ","]
    if not any(word != "," for word in words):
        raise CratewatchError(
            '--prompt: says nothing; describe a person, such as "a woman in an orange hoodie"'
        )
    reader = _Reader()
    for found in _phrases(words[:MOST_WORDS]):
        reader.take(found)
    return ParsedPrompt(tuple(reader.end()), len(words) > MOST_WORDS)


@dataclass(frozen=True)
class _Found:
    """A phrase of a prompt: of one kind, or unknown."""

    words: str
    colour: Colour | None = None
    meaning: Meaning | None = None
    negates: bool = False
    negates_before: bool = False
    is_plain: bool = False
    breaks: bool = False
    is_copula: bool = False


def _phrases(words: Sequence[str]) -> Iterator[_Found]:
    start = 0
    while start < len(words):
        if parted := _parted(words[start:]):
            yield from parted
            start += PARTED
            continue
        found, length = _longest(words[start:])
        yield found
        start += length


def _parted(words: Sequence[str]) -> tuple[_Found, _Found] | None:
    """Return the colour inside a phrase, and the phrase: long brown hair."""
    if len(words) < PARTED:
        return None
    first, colour, last = words[:PARTED]
    for language in LANGUAGES:
        meaning = next(
            (
                m
                for form in _forms(f"{first} {last}", language)
                if (m := language.meanings.get(form))
            ),
            None,
        )
        found = _lookup(colour, language)
        if meaning and found and (found.colour or (found.meaning and found.meaning.implied)):
            return found, _Found(f"{first} {last}", meaning=meaning)
    return None


def _longest(words: Sequence[str]) -> tuple[_Found, int]:
    """Return the longest known phrase at the beginning, and of how many words it is."""
    longest = max(language.longest for language in LANGUAGES)
    for length in range(min(longest, len(words)), 0, -1):
        for language in LANGUAGES:
            for phrase in _forms(" ".join(words[:length]), language):
                if found := _lookup(phrase, language):
                    return found, length
    return _Found(words[0]), 1


def _forms(phrase: str, language: Language) -> Iterator[str]:
    """Yield a phrase, and what it is without its ending."""
    yield phrase
    if not language.endings:
        yield from (phrase.removesuffix(end) for end in ("'s", "es", "s") if phrase.endswith(end))
    for ending in language.endings:
        if phrase.endswith(ending) and len(phrase) > len(ending):
            yield phrase.removesuffix(ending)


def _lookup(phrase: str, language: Language) -> _Found | None:
    if phrase in language.colours:
        return _Found(phrase, colour=language.colours[phrase])
    if phrase in language.meanings:
        return _Found(phrase, meaning=language.meanings[phrase])
    if phrase in language.negations:
        return _Found(phrase, negates=True, negates_before=language.negates_before)
    if phrase in language.plain or phrase == ",":
        return _Found(
            phrase,
            is_plain=True,
            breaks=phrase in language.breaks,
            is_copula=phrase in language.copulas,
        )
    if phrase in language.untold:
        return _Found(phrase)
    return None


class _Reader:
    """Reads phrases in their order: colours wait for what has them."""

    def __init__(self) -> None:
        self._said: list[Said] = []
        self._colours: list[_Found] = []
        self._negated = False
        self._last: tuple[Part, ...] | None = None
        self._named: tuple[Part, ...] | None = None
        self._after_copula = False

    def take(self, found: _Found) -> None:
        """Take the next phrase."""
        self._after_copula &= found.colour is not None or found.words in KEEP_COPULA
        if found.colour:
            self._colours.append(found)
            if self._after_copula and self._named:
                self._add_colours(self._named)
        elif found.meaning:
            self._take_meaning(found.words, found.meaning)
        elif found.negates_before:
            self._negate_last()
        elif found.negates:
            self._negated = True
        elif found.is_copula:
            self._after_copula = True
        elif found.breaks:
            self._end_clothes()
        elif not found.is_plain:
            self._said.append(Said(f"no {found.words}" if self._negated else found.words))
            self._negated = False

    def end(self) -> list[Said]:
        """Return all; colours that wait are of what came before, or of the upper body."""
        self._end_clothes()
        return self._said

    def _end_clothes(self) -> None:
        self._add_colours(self._last or ("upper",))

    def _take_meaning(self, words: str, meaning: Meaning) -> None:
        holds = meaning.holds != self._negated
        is_person = not meaning.parts and not meaning.attributes
        is_of_person = meaning.is_pattern or not SENSITIVE.isdisjoint(meaning.attributes)
        coloured = bool(self._colours)
        if not (is_person or is_of_person):
            self._add_colours(meaning.parts)
            self._named = meaning.parts
            self._last = self._last if meaning.parts == HAIR else meaning.parts
        self._negated = False
        if is_person:
            return
        wants = tuple(Want(term, holds) for term in meaning.attributes)
        instead = _instead(meaning, coloured=coloured) if holds else ()
        said = f"no {words}" if wants and holds != meaning.holds else words
        if wants or not meaning.parts or not coloured:
            self._said.append(Said(said, wants, instead))

    def _add_colours(self, parts: tuple[Part, ...]) -> None:
        """Say the colours that wait, of these parts; of a thing without parts nobody tells them."""
        for found in self._colours:
            assert found.colour
            for part in parts:
                want = Want(colour_term(part, found.colour), not self._negated)
                words = found.words if len(parts) == 1 else f"{found.words} ({part})"
                self._said.append(Said(words if want.holds else f"no {words}", (want,)))
            if not parts:
                self._said.append(Said(found.words))
        self._colours = []

    def _negate_last(self) -> None:
        if self._said and self._said[-1].wants:
            last = self._said[-1]
            wants = tuple(replace(want, holds=not want.holds) for want in last.wants)
            self._said[-1] = Said(f"no {last.words}", wants)


def _instead(meaning: Meaning, *, coloured: bool) -> tuple[Want, ...]:
    """Return what stands for what a phrase means; its own colour only where none is said."""
    wants = tuple(Want(term, holds) for term, holds in meaning.instead.items())
    if not meaning.implied or coloured:
        return wants
    return (*wants, *(Want(colour_term(part, meaning.implied)) for part in meaning.parts))


def _printable(word: str) -> str:
    return "".join(letter for letter in word if letter.isprintable())
