"""A release out of a shop's product page: schema.org Product or music types, or OpenGraph."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cratewatch.catalog.records import Release
from cratewatch.sources.storefront.addresses import host_of, product_key
from cratewatch.sources.storefront.error_pages import error_of, signature
from cratewatch.sources.storefront.identity import PageFacts, names_itself, native_id
from cratewatch.sources.storefront.markup import (
    Markup,
    Node,
    absolute_url,
    nodes_in,
    read_markup,
    types_of,
)
from cratewatch.sources.storefront.offers import Reading, best_offer, offers_of
from cratewatch.sources.storefront.texts import clean_text, names_in, real, squeeze
from cratewatch.sources.storefront.which_product import (
    MUSIC_TYPES,
    NoProduct,
    Visit,
    choose_product,
)

_OG_TYPES = {"product", "product.item", "og:product", "music.album"}
_RELATED = ("albumRelease", "releaseOf", "isVariantOf", "itemOffered", "subjectOf", "about")

_NAME_SEPARATOR = re.compile(r"\s+[\N{EN DASH}\N{EM DASH}-]\s+")
_YEAR = re.compile(r"(?<!\d)(?:18[6-9]\d|19\d\d|20\d\d)(?!\d)")
_GTINS = ("gtin13", "gtin12", "gtin", "gtin14", "gtin8")

_PROPERTY_NAMES = {
    "artist": ("artist", "band", "performer"),
    "label": ("label", "recordlabel"),
    "catno": ("catno", "catalognumber", "cataloguenumber", "catalogno", "catalogueno"),
    "barcode": ("barcode", "ean", "upc", "gtin"),
    "country": ("country", "countryoforigin"),
    "format": ("format", "mediaformat"),
    "genre": ("genre", "style"),
    "year": ("year", "released", "releaseyear", "releasedate"),
}


@dataclass(frozen=True)
class ProductPage:
    """A page that sells a release, and what tells it from other pages of the same product."""

    release: Release
    facts: PageFacts


def read_page(html: str, visit: Visit, now: datetime | None = None) -> ProductPage | NoProduct:
    """Return what the page sells, or why that cannot be told.

    A record shop's brand is taken for the label; a name of the form "artist - title" is split
    if nothing else names the artist. The title may be empty.

    Args:
        now: Aware; what prices are valid at.
    """
    markup = read_markup(html, visit.final_url)
    markup.alternates = {**visit.alternates, **markup.alternates}
    nodes = _nodes_of(markup, visit)
    if visit.is_sent_home:
        nodes = NoProduct("sent_home", f"it leads to {visit.final_url}")
    elif isinstance(nodes, NoProduct) and (error := error_of(markup)):
        nodes = NoProduct(error, " ".join(markup.titles))
    if isinstance(nodes, NoProduct):
        return replace(nodes, looks=signature(markup))
    reading = Reading(visit.final_url, markup.language, now or datetime.now(UTC))
    release = _Reader(nodes, markup, reading).release(visit)
    return ProductPage(release, _facts(release, markup, visit))


def split_name(name: str) -> tuple[str | None, str]:
    """Split "artist - title", the habit of record shops; (None, name) if there is no dash."""
    artist, *title = _NAME_SEPARATOR.split(name, maxsplit=1)
    return (artist, title[0]) if title else (None, name)


def _nodes_of(markup: Markup, visit: Visit) -> list[Node] | NoProduct:
    """Return the nodes about the page's product; OpenGraph's alone if there is no other."""
    chosen = choose_product(markup, visit)
    shared = _open_graph_product(markup.open_graph)
    if isinstance(chosen, NoProduct):
        alone = chosen.reason == "not_a_product"
        return shared if shared and (alone or _claims_page(markup, visit)) else chosen
    first, *others = (markup.resolve(node) for node in chosen)
    return [*_with_related(first), *others, *shared]


def _claims_page(markup: Markup, visit: Visit) -> bool:
    """Whether OpenGraph says that the page is a product's, whatever else it shows."""
    properties = markup.open_graph
    if properties.get("og:type", "").lower() not in _OG_TYPES:
        return False
    own = filter(None, (visit.page_url, visit.final_url, markup.canonical))
    url = absolute_url(properties.get("og:url"), markup.base_url)
    return url is None or product_key(url) in set(map(product_key, own))


class _Reader:
    """Reads a release out of nodes about one product, the most trusted first."""

    def __init__(self, nodes: list[Node], markup: Markup, reading: Reading) -> None:
        self._nodes = nodes
        self._markup = markup
        self._properties = {
            squeeze(str(item.get("name"))): item.get("value")
            for node in nodes
            for item in nodes_in(node.get("additionalProperty"))
        }
        self._offer_nodes = [offer for node in nodes for offer, _ in offers_of(node)]
        self._offer = best_offer(nodes, reading)

    def release(self, visit: Visit) -> Release:
        artist, title = self._artist_and_title()
        label = self._text("recordLabel") or self._property("label") or self._text("brand")
        alternates = self._markup.alternates
        versions = alternates.values() if names_itself(visit.page_url, alternates) else ()
        known = visit.known.id_of(visit.page_url, versions)
        return Release(
            source=visit.source,
            native_id=native_id(visit.page_url, self._numbers(), alternates, known),
            title=title,
            artist=artist,
            year=self._year(),
            label=label if label != artist else None,
            catno=real(self._text("catalogNumber"))
            or real(self._property("catno"))
            or real(self._text("mpn")),
            barcode=self._barcode(),
            country=self._text("countryOfOrigin") or self._property("country"),
            format=self._format(),
            genres=self._genres(),
            page_url=visit.page_url,
            image_url=self._image_url(),
            price=self._offer.price,
            currency=self._offer.currency,
            in_stock=self._offer.in_stock,
        )

    def _text(self, *keys: str) -> str | None:
        values = (clean_text(node.get(key)) for node in self._nodes for key in keys)
        return next((value for value in values if value), None)

    def _property(self, word: str) -> str | None:
        values = (clean_text(self._properties.get(name)) for name in _PROPERTY_NAMES[word])
        return next((value for value in values if value), None)

    def _artist_and_title(self) -> tuple[str | None, str]:
        names = [name for n in self._nodes for name in names_in(n.get("byArtist"))]
        artist = ", ".join(dict.fromkeys(names)) or self._property("artist")
        if artist is None:
            return split_name(self._text("name") or "")
        music = [node for node in self._nodes if types_of(node) & MUSIC_TYPES]
        named = (clean_text(node.get("name")) for node in music)
        title = next(filter(None, named), None) or self._text("name") or ""
        before, after = split_name(title)
        return artist, after if before == artist else title

    def _numbers(self) -> list[str]:
        """Return the stock-keeping units, the product's own first, then its offered ones."""
        offer = self._offer
        best = [node for node in (offer.owner, offer.node) if node is not None]
        nodes = [*self._nodes, *best, *self._offer_nodes]
        found = (real(clean_text(node.get("sku"))) for node in nodes)
        return list(dict.fromkeys(number for number in found if number))

    def _year(self) -> int | None:
        date = self._text("datePublished", "releaseDate", "copyrightYear", "dateCreated")
        found = _YEAR.search(date or self._property("year") or "")
        return int(found.group()) if found else None

    def _barcode(self) -> str | None:
        nodes = self._nodes + self._offer_nodes
        found = [real(clean_text(node.get(key))) for node in self._nodes for key in _GTINS]
        found.append(real(self._property("barcode")))
        found += [real(clean_text(node.get(key))) for node in nodes for key in _GTINS]
        return next(filter(None, found), None)

    def _format(self) -> str | None:
        owner = self._offer.owner or {}
        media = clean_text(owner.get("musicReleaseFormat")) or self._text("musicReleaseFormat")
        if media:
            return media.rpartition("/")[2].removesuffix("Format") or None
        return self._property("format")

    def _genres(self) -> tuple[str, ...]:
        genres = [name for node in self._nodes for name in names_in(node.get("genre"))]
        return tuple(dict.fromkeys(genres or names_in(self._property("genre"))))

    def _image_url(self) -> str | None:
        urls = (absolute_url(node.get("image"), self._markup.base_url) for node in self._nodes)
        return next((url for url in urls if url), None)


def _facts(release: Release, markup: Markup, visit: Visit) -> PageFacts:
    own_host = host_of(visit.final_url)
    others = [*markup.alternates.values(), *([markup.canonical] if markup.canonical else [])]
    keys = frozenset(product_key(url) for url in others if host_of(url) == own_host)
    return PageFacts(
        visit.page_url,
        visit.final_url,
        markup.language,
        release.image_url,
        keys - {product_key(visit.page_url), product_key(visit.shop_url)},
    )


def _with_related(node: Node) -> list[Node]:
    related = [other for key in _RELATED for other in nodes_in(node.get(key))]
    return [node, *related]


def _open_graph_product(properties: dict[str, str]) -> list[Node]:
    is_product = properties.get("og:type", "").lower() in _OG_TYPES
    if not is_product and "product:price:amount" not in properties:
        return []
    offer = {
        "price": properties.get("product:sale_price:amount")
        or properties.get("product:price:amount")
        or properties.get("og:price:amount"),
        "priceCurrency": properties.get("product:price:currency")
        or properties.get("og:price:currency"),
        "availability": properties.get("product:availability") or properties.get("og:availability"),
    }
    return [
        {
            "@type": "Product",
            "name": properties.get("og:title"),
            "image": [properties.get("og:image:secure_url"), properties.get("og:image")],
            "sku": properties.get("product:retailer_item_id"),
            "brand": properties.get("product:brand"),
            "offers": offer,
        }
    ]
