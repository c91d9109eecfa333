"""Which of the products that a page describes is the one that the page is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from cratewatch.sources.storefront.addresses import host_of, is_home, product_key
from cratewatch.sources.storefront.identity import KnownPages
from cratewatch.sources.storefront.markup import (
    Found,
    Markup,
    Node,
    absolute_url,
    nodes_in,
    texts_in,
    types_of,
)
from cratewatch.sources.storefront.offers import offers_of
from cratewatch.sources.storefront.settings import BrandIs
from cratewatch.sources.storefront.texts import (
    clean_text,
    one_names_other,
    real,
    share_words,
    squeeze,
)

PRODUCT_TYPES = {"Product", "ProductGroup", "ProductModel", "IndividualProduct", "SomeProducts"}
MUSIC_TYPES = {"MusicAlbum", "MusicRelease"}
# Pages of these types show products, and are of none.
_OTHER_PAGES = {
    "CollectionPage", "SearchResultsPage", "Blog", "BlogPosting", "Article", "NewsArticle",
    "AboutPage", "ContactPage", "CheckoutPage", "ProfilePage", "OfferCatalog",
}  # fmt: skip
_OTHER_OPEN_GRAPH = {"article", "blog", "product.group", "profile"}
_NUMBERS = ("sku", "gtin", "gtin13", "gtin12", "gtin14", "gtin8")
_BROKEN_PRODUCT = re.compile(r"\b(?:\w*Product\w*|Music(?:Album|Release))\b")


@dataclass(frozen=True)
class Visit:
    """How a page was come by.

    Attributes:
        source: Name of the shop in the settings.
        page_url: As the shop lists it.
        final_url: Where it was found in the end.
        shop_url: The shop's front page.
        known: The shop's pages that the catalog knows.
        alternates: The page's language versions as the shop lists them, by language.
        brand_is: What the shop means by a product's brand.
    """

    source: str
    page_url: str
    final_url: str
    shop_url: str
    known: KnownPages = field(default_factory=KnownPages)
    alternates: Mapping[str, str] = field(default_factory=dict)
    brand_is: BrandIs = "label"

    @property
    def is_sent_home(self) -> bool:
        """Whether the shop answers with its front page instead."""
        below_home = not is_home(self.page_url, self.shop_url, any_query=True)
        home = is_home(self.final_url, self.shop_url, any_query=below_home)
        return home and not is_home(self.page_url, self.shop_url)


@dataclass(frozen=True)
class NoProduct:
    """Why a page yields no release.

    Attributes:
        reason: Short snake_case word under which it is counted.
        is_failure: Whether there should have been one; else the page is simply of another kind.
        looks: What it has in common with the other pages that are answered in its stead.
    """

    reason: str
    detail: str = ""
    is_failure: bool = True
    looks: str = ""


class _Names(IntEnum):
    """What page a node's addresses name, from the best to the worst."""

    THIS = 0
    THIS_LESS_SURE = 1  # its @id only, or the address before a redirect
    NONE = 2
    UNREADABLE = 3
    OTHER = 4


def choose_product(markup: Markup, visit: Visit) -> list[Found] | NoProduct:
    """Return the nodes about the page's product, the most trusted first, or why there is none.

    A node whose addresses name the page is the one; one without addresses only if it is alone
    and the page shows nothing else; what names other pages never is.
    """
    products = [found for found in markup.found if types_of(found.node) & PRODUCT_TYPES]
    music = [found for found in markup.found if types_of(found.node) & MUSIC_TYPES]
    if not products and not music:
        reason = "lists_products" if _shows_products(markup) else "not_a_product"
        return _without_own(markup) or NoProduct(reason, is_failure=False)
    chooser = _Chooser(markup, visit)
    for kind in (products, music):
        chosen = chooser.choose(kind)
        if chosen:
            return [*chosen, *chooser.beside(chosen, music)]
    return _without_own(markup) or chooser.refusal([*products, *music])


def not_chosen(
    markup: Markup, visit: Visit, chosen: list[Found] | NoProduct
) -> Iterator[tuple[Found, str]]:
    """Yield the products and albums that are not the page's, each with the reason."""
    chooser = _Chooser(markup, visit)
    kept = [] if isinstance(chosen, NoProduct) else [id(found.node) for found in chosen]
    for found in markup.found:
        of_kind = types_of(found.node) & (PRODUCT_TYPES | MUSIC_TYPES)
        if of_kind and id(found.node) not in kept and (why := chooser.why_not(found)):
            yield found, why


def _without_own(markup: Markup) -> NoProduct | None:
    broken = [error for error, script in markup.broken if _BROKEN_PRODUCT.search(script)]
    return NoProduct("no_product", f"broken JSON-LD: {broken[0]}") if broken else None


def _shows_products(markup: Markup) -> bool:
    """Whether products stand within other nodes, such as the elements of a list."""

    def shows(value: object, depth: int) -> bool:
        if isinstance(value, list):
            return any(shows(item, depth) for item in value)
        if not isinstance(value, dict) or depth == 0:
            return False
        if types_of(value) & (PRODUCT_TYPES | MUSIC_TYPES):
            return True
        return any(shows(item, depth - 1) for item in value.values())

    return any(shows(found.node, 5) for found in markup.found)


class _Chooser:
    """Chooses among the nodes of one page."""

    def __init__(self, markup: Markup, visit: Visit) -> None:
        self._markup = markup
        self._visit = visit
        self._own = {product_key(url) for url in self._own_urls()}
        self._sure = {product_key(visit.final_url)} & self._own
        if markup.canonical is not None:
            self._sure |= {product_key(markup.canonical)} & self._own

    def _own_urls(self) -> list[str]:
        urls = [self._visit.page_url, self._visit.final_url]
        canonical = self._markup.canonical
        if canonical and host_of(canonical) == host_of(self._visit.final_url):
            urls.append(canonical)
        return [url for url in urls if not is_home(url, self._visit.shop_url)]

    def choose(self, found: list[Found]) -> list[Found]:
        """Return the nodes of one kind about the page's product; none if there are none."""
        by_names: dict[_Names, list[Found]] = {names: [] for names in _Names}
        for item in found:
            by_names[self._names(item)].append(item)
        if own := by_names[_Names.THIS]:
            return [*self._own_first(own), *self._described_again(own, by_names[_Names.NONE])]
        for names in (_Names.THIS_LESS_SURE, _Names.NONE, _Names.UNREADABLE):
            alone = self._alone(by_names[names])
            if alone and (names is _Names.THIS_LESS_SURE or self._is_product_page(alone)):
                return alone
        return []

    def _names(self, found: Found) -> _Names:
        node = found.node
        named = self._judge(texts_in(node.get("url")))
        if found.is_main and named is not _Names.OTHER:
            return _Names.THIS
        if named in (_Names.THIS, _Names.THIS_LESS_SURE):
            return named
        ids = [text for text in texts_in(node.get("@id")) if text.startswith(("http", "/"))]
        other = self._judge([*texts_in(node.get("mainEntityOfPage")), *ids])
        if other is _Names.THIS:
            return _Names.THIS if named is _Names.NONE else _Names.THIS_LESS_SURE
        if named is _Names.NONE and other is _Names.NONE:
            urls = [url for offer, _ in offers_of(node) for url in texts_in(offer.get("url"))]
            return self._judge(urls)
        return named if named is not _Names.NONE else other

    def _judge(self, addresses: list[str]) -> _Names:
        """Return what addresses name; fragments and the front page name nothing."""
        judged = [self._judge_one(address) for address in addresses if address[0] != "#"]
        return min((names for names in judged if names is not _Names.NONE), default=_Names.NONE)

    def _judge_one(self, address: str) -> _Names:
        url = absolute_url(address, self._markup.base_url)
        if url is None:
            return _Names.UNREADABLE
        key = product_key(url)
        if key in self._sure:
            return _Names.THIS
        if key in self._own:
            return _Names.THIS_LESS_SURE
        return _Names.NONE if is_home(url, self._visit.shop_url) else _Names.OTHER

    def _own_first(self, own: list[Found]) -> list[Found]:
        """Order nodes about the page; those of the product's other variants become its own."""
        exact = {self._visit.page_url, self._visit.final_url}

        def order(found: Found) -> tuple[bool, bool]:
            url = absolute_url(found.node.get("url"), self._markup.base_url)
            return url not in exact, "ProductGroup" not in types_of(found.node)

        first, *others = sorted(own, key=order)
        variants = [found.node for found in others if not _agree(first.node, found.node)]
        if variants:
            known = nodes_in(first.node.get("hasVariant"))
            first = replace(first, node={**first.node, "hasVariant": [*known, *variants]})
        return [first, *(found for found in others if _agree(first.node, found.node))]

    @staticmethod
    def _described_again(own: list[Found], nameless: list[Found]) -> list[Found]:
        """Return what tells of the same product in other words, without an address."""
        syntaxes = {found.syntax for found in own}
        return [
            found
            for found in nameless
            if _same(found.node, own[0].node)
            or (
                found.syntax not in syntaxes
                and len([other for other in nameless if other.syntax == found.syntax]) == 1
                and _agree(found.node, own[0].node)
            )
        ]

    def _alone(self, found: list[Found]) -> list[Found]:
        """Return the one product that is described, perhaps more than once; none if several are."""
        groups = _same_products(found)
        if len(groups) == 2 and {item.syntax for item in groups[0]}.isdisjoint(
            item.syntax for item in groups[1]
        ):
            first, second = (group[0].node for group in groups)
            groups = [groups[0] + groups[1]] if _agree(first, second) else groups
        if len(groups) > 1:
            groups = self._told_apart(groups)
        return groups[0] if len(groups) == 1 else []

    def _told_apart(self, groups: list[list[Found]]) -> list[list[Found]]:
        known = self._visit.known.id_of(self._visit.page_url)
        if known and (by_id := [group for group in groups if known in _numbers(group[0].node)]):
            return by_id
        headlines = {squeeze(text) for text in self._headlines()}
        return [g for g in groups if squeeze(clean_text(g[0].node.get("name")) or "") in headlines]

    def _is_product_page(self, own: list[Found]) -> bool:
        """Whether a page may be that of a product that does not say where it belongs."""
        if self.is_other_kind:
            return False
        names = " ".join(filter(None, (clean_text(found.node.get("name")) for found in own)))
        if self._lost_its_own(own):
            return any(one_names_other(names, headline) for headline in self._headlines())
        return (
            not self._markup.h1s
            or not names
            or any(share_words(names, headline) for headline in self._headlines())
        )

    @property
    def is_other_kind(self) -> bool:
        """Whether the page says that it is a front page, a collection, an article."""
        return (
            is_home(self._visit.final_url, self._visit.shop_url)
            or any(types_of(found.node) & _OTHER_PAGES for found in self._markup.found)
            or self._markup.open_graph.get("og:type", "").lower() in _OTHER_OPEN_GRAPH
        )

    def _lost_its_own(self, own: list[Found]) -> bool:
        """Whether a script about a product is broken: what is left may be another one's."""
        broken = any(_BROKEN_PRODUCT.search(script) for _, script in self._markup.broken)
        return broken and all(found.syntax == "json-ld" for found in own)

    def _headlines(self) -> list[str]:
        markup = self._markup
        return [*markup.h1s, *markup.titles, markup.open_graph.get("og:title", "")]

    def beside(self, chosen: list[Found], music: list[Found]) -> list[Found]:
        """Return the album beside a product: the same release, if it is the only one."""
        if len(music) != 1 or any(music[0].node is found.node for found in chosen):
            return []
        return [] if self._names(music[0]) is _Names.OTHER else music

    def why_not(self, found: Found) -> str:
        """Return why a product that was not chosen is not the page's; "" if it is."""
        names = self._names(found)
        if names is _Names.OTHER:
            return "it names another page"
        if names is _Names.UNREADABLE:
            return "its address leads nowhere"
        return "nothing says that it is this page's" if names is _Names.NONE else ""

    def refusal(self, found: list[Found]) -> NoProduct:
        """Say what products the page shows instead of one of its own."""
        shown = [
            str(absolute_url(item.node.get("url"), self._markup.base_url))
            + (clean_text(item.node.get("name")) or "")
            for item in found
        ]
        detail = ", ".join(clean_text(item.node.get("name")) or "?" for item in found[:3])
        lists = self.is_other_kind or len(set(shown)) > 1
        return NoProduct("lists_products" if lists else "other_product", detail, not lists)


def _same_products(found: list[Found]) -> list[list[Found]]:
    groups: list[list[Found]] = []
    for item in found:
        for group in groups:
            if _same(group[0].node, item.node):
                group.append(item)
                break
        else:
            groups.append([item])
    return groups


def _same(one: Node, other: Node) -> bool:
    """Whether two nodes are of one product: a number in common, or the name and no other number."""
    if _numbers(one) & _numbers(other):
        return True
    names = [squeeze(clean_text(node.get("name")) or "") for node in (one, other)]
    return names[0] == names[1] and _agree(one, other)


def _agree(one: Node, other: Node) -> bool:
    """Whether no number of the two says that they are different products."""
    return all(
        not (mine := real(clean_text(one.get(key))))
        or not (its := real(clean_text(other.get(key))))
        or mine == its
        for key in _NUMBERS
    )


def _numbers(node: Node) -> set[str]:
    numbers = {real(clean_text(node.get(key))) for key in _NUMBERS}
    numbers |= {real(clean_text(offer.get("sku"))) for offer, _ in offers_of(node)}
    return {number for number in numbers if number}
