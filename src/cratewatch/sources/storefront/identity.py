"""Under which id a release is kept, so that one night's broken page does not change it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cratewatch.sources.storefront.addresses import (
    address_key,
    names_language,
    path_of,
    product_key,
    without_language,
)


class KnownPage(NamedTuple):
    """A page that the catalog knows.

    Attributes:
        is_listed: Whether its release is listed still.
    """

    native_id: str
    page_url: str
    is_listed: bool


class KnownPages:
    """The pages of a shop by their addresses, however they are spelled."""

    def __init__(self, pages: Iterable[KnownPage] = ()) -> None:
        """Take the pages; of two with one address the later counts, and one that is listed."""
        self._by_address: dict[str, KnownPage] = {}
        self._by_product: dict[str, set[str]] = {}
        for page in sorted(pages, key=lambda page: page.is_listed):
            self._by_address[address_key(page.page_url)] = page
        for page in self._by_address.values():
            self._by_product.setdefault(without_language(page.page_url), set()).add(page.native_id)

    def at(self, page_url: str) -> KnownPage | None:
        """Return the page with this address."""
        return self._by_address.get(address_key(page_url))

    def id_of(self, page_url: str, alternates: Iterable[str] = ()) -> str | None:
        """Return the id that the page, or the same product's in another language, goes by."""
        for url in (page_url, *alternates):
            if page := self.at(url):
                return page.native_id
        others = self._by_product.get(without_language(page_url), set())
        return next(iter(others)) if len(others) == 1 else None


def native_id(
    page_url: str, numbers: list[str], alternates: Mapping[str, str], known: str | None
) -> str:
    """Return the id: the known one unless the page says another number, else number or path.

    Args:
        numbers: Stock-keeping units of the page's product and its offers, no placeholders.
        alternates: The page's language versions; they have one path for an id.
        known: Under which the catalog knows the page.
    """
    if known and (not numbers or known in numbers or known.startswith("/")):
        return known
    return numbers[0] if numbers else path_of(first_language(page_url, alternates))


def first_language(page_url: str, alternates: Mapping[str, str]) -> str:
    """Return the address that stands for all language versions of a page."""
    if not names_itself(page_url, alternates):
        return page_url
    default = alternates.get("x-default")
    candidates = [default] if default else [page_url, *alternates.values()]
    return min(candidates, key=language_order)


def names_itself(page_url: str, alternates: Mapping[str, str]) -> bool:
    """Whether a page is among the language versions that it names; if not, its template errs."""
    return product_key(page_url) in set(map(product_key, alternates.values()))


def language_order(url: str) -> tuple[bool, str]:
    """Order the addresses of one product: those that name no language first, then by letters."""
    return names_language(url), url


def are_one_product(one: PageFacts, other: PageFacts) -> bool:
    """Whether two pages with one id are one product: in two languages, or under two addresses."""
    return (
        without_language(one.page_url) == without_language(other.page_url)
        or product_key(one.page_url) in other.alternates
        or product_key(other.page_url) in one.alternates
        or product_key(one.final_url) == product_key(other.final_url)
        or (_are_translations(one, other) and None is not one.image_url == other.image_url)
    )


class PageFacts(NamedTuple):
    """What tells whether two pages are of one product.

    Attributes:
        alternates: Product keys of its language versions, and of what it gives as its own address.
    """

    page_url: str
    final_url: str
    language: str = ""
    image_url: str | None = None
    alternates: frozenset[str] = frozenset()

    @property
    def order(self) -> tuple[bool, str]:
        """Which of several pages of one product comes first."""
        return language_order(self.page_url)


def _are_translations(one: PageFacts, other: PageFacts) -> bool:
    languages = {page.language.replace("_", "-").partition("-")[0] for page in (one, other)}
    return len(languages) == 2 and "" not in languages
