"""Of each field of a release: where it is said, what was passed over for it, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, TypeVar

from cratewatch.sources.storefront.texts import real

Syntax = Literal["json-ld", "microdata", "open-graph", "products.json", "listing", "page"]
T = TypeVar("T")


class Place(NamedTuple):
    """Where something stands.

    Attributes:
        syntax: The markup; page for what is told by the page's address or by the catalog.
        property: Such as ``Product.brand`` or ``og:title``.
    """

    syntax: Syntax
    property: str


@dataclass(frozen=True)
class Said(Generic[T]):
    """A value that may be a field's.

    Attributes:
        refused: Why it is not, or "".
    """

    value: T
    place: Place
    refused: str = ""


@dataclass(frozen=True)
class PassedOver:
    """What stands in markup and is not taken."""

    syntax: Syntax
    property: str
    value: str
    why: str


class Account:
    """What became of all that was said of one release.

    Attributes:
        places: Of each field that is said, by its name in Release.
    """

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}
        self.passed: list[PassedOver] = []

    def first(self, field: str, candidates: Iterable[Said[T]]) -> T | None:
        """Take the first that is not refused; those that say something else are passed over."""
        taken: Said[T] | None = None
        for said in candidates:
            if said.refused:
                self._pass(field, said, said.refused)
            elif taken is None:
                taken = said
                self.places[field] = said.place
            elif said.value != taken.value:
                self._pass(field, said, f"{taken.place.property} counts before it")
        return None if taken is None else taken.value

    def _pass(self, field: str, said: Said[T], why: str) -> None:
        value = said.value
        shown = ", ".join(value) if isinstance(value, tuple) else str(value)
        self.passed.append(PassedOver(*said.place, shown, f"no {field}: {why}"))


def unless_placeholder(said: Iterable[Said[str]]) -> Iterable[Said[str]]:
    """Refuse ids and numbers that only fill their place."""
    for item in said:
        if item.refused or real(item.value):
            yield item
        else:
            yield Said(item.value, item.place, "it only fills the place")
