"""Which releases of a dump a shop wants: those of some labels, in some formats."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence

_PLAIN = re.compile(r"[A-Za-z0-9 .\-]+")  # is written in XML and JSON as it is


class Selection:
    """Wants a release that has one of the labels and one of the formats; none given admits all.

    Letters' case makes no difference. A label may be named with the number by which Discogs tells
    it from others of its name, as in ``Prestige (2)``; without, it is any of that name.
    """

    def __init__(self, labels: Sequence[str] = (), formats: Sequence[str] = ()) -> None:
        self._labels = frozenset(map(_folded, labels))
        self._formats = frozenset(map(_folded, formats))
        self._plain = None
        if labels and all(_PLAIN.fullmatch(label) for label in labels):
            words = "|".join(sorted(re.escape(label.strip()) for label in labels))
            self._plain = re.compile(words.encode(), re.IGNORECASE)

    @property
    def mark(self) -> bytes:
        """What tells this selection from another one."""
        said = json.dumps([sorted(self._labels), sorted(self._formats)])
        return hashlib.blake2b(said.encode(), digest_size=8).digest()

    def may_want(self, data: bytes) -> bool:
        """Whether it is worth parsing a record: False only if no label stands in it."""
        return self._plain is None or self._plain.search(data) is not None

    def wants(self, labels: Iterable[str], formats: Iterable[str]) -> bool:
        """Whether a release is wanted that has these."""
        if self._labels and not any(map(self.names_label, labels)):
            return False
        return not self._formats or any(_has_word(self._formats, name) for name in formats)

    def names_label(self, name: str) -> bool:
        """Whether a label is one of those asked for."""
        if not self._labels:
            return False
        folded = _folded(name)
        return folded in self._labels or _NUMBERED.sub("", folded) in self._labels


_NUMBERED = re.compile(r" \(\d+\)$")


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _has_word(wanted: frozenset[str], name: str) -> bool:
    """Whether a format is wanted, such as vinyl of 12" Vinyl."""
    folded = _folded(name)
    return folded in wanted or not wanted.isdisjoint(re.findall(r"[^\s,;/]+", folded))
