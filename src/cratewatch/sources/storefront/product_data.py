"""A release out of a shop's product page: schema.org Product or music types, or OpenGraph."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from html import unescape
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cratewatch.catalog.records import Release
from cratewatch.sources.prices import read_price
from cratewatch.sources.storefront.markup import (
    Markup,
    Node,
    absolute_url,
    nodes_in,
    read_markup,
    types_of,
)

PRODUCT_TYPES = {"Product", "ProductGroup", "ProductModel", "IndividualProduct"}
MUSIC_TYPES = {"MusicAlbum", "MusicRelease"}
_OG_TYPES = {"product", "product.item", "og:product", "music.album"}
_RELATED = ("albumRelease", "releaseOf", "isVariantOf", "itemOffered", "subjectOf", "about")

_IN_STOCK = {"instock", "limitedavailability", "onlineonly", "instoreonly", "available"}
_SOLD_OUT = {"outofstock", "soldout", "discontinued", "oos", "unavailable"}

_NAME_SEPARATOR = re.compile(r"\s+[\N{EN DASH}\N{EM DASH}-]\s+")
_YEAR = re.compile(r"(?<!\d)(?:18[6-9]\d|19\d\d|20\d\d)(?!\d)")

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


class ProductDataError(Exception):
    """The page is of a product, but what it says about it cannot be read; reason no_product."""

    reason = "no_product"


class Offer(NamedTuple):
    """What a shop asks for a product; None where it does not say."""

    price: Decimal | None
    currency: str | None
    in_stock: bool | None


def release_from_page(html: str, *, source: str, page_url: str, base_url: str) -> Release | None:
    """Return the release that the page sells, or None if it is no product page.

    A record shop's brand is taken for the label; a name of the form "artist - title" is split
    if nothing else names the artist. The title may be empty.

    Args:
        page_url: As the shop lists it.
        base_url: Where the page was found in the end; relative URLs are resolved against it.

    Raises:
        ProductDataError: if the page claims to sell something that cannot be read.
    """
    markup = read_markup(html, base_url)
    nodes = _product_nodes(markup, base_url)
    if not nodes:
        if markup.broken:
            raise ProductDataError(f"broken JSON-LD: {markup.broken[0]}")
        return None
    return _Reader(nodes).release(source, page_url, base_url)


def clean_text(value: Any) -> str | None:
    """Return the text or name of a property value on one line; None if it has none."""
    if isinstance(value, list):
        return next((text for item in value if (text := clean_text(item))), None)
    if isinstance(value, dict):
        return clean_text(value.get("name") or value.get("@value"))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return " ".join(unescape(str(value)).split()) or None


def split_name(name: str) -> tuple[str | None, str]:
    """Split "artist - title", the habit of record shops; (None, name) if there is no dash."""
    artist, *title = _NAME_SEPARATOR.split(name, maxsplit=1)
    return (artist, title[0]) if title else (None, name)


class _Reader:
    """Reads a release out of nodes about one product, the most trusted first."""

    def __init__(self, nodes: list[Node]) -> None:
        self._nodes = nodes
        self._properties = {
            _squeeze(str(item.get("name"))): item.get("value")
            for node in nodes
            for item in nodes_in(node.get("additionalProperty"))
        }
        self._offer_nodes = [offer for node in nodes for offer in _offer_nodes(node)]

    def release(self, source: str, page_url: str, base_url: str) -> Release:
        artist, title = self._artist_and_title()
        label = self._text("recordLabel") or self._property("label") or self._text("brand")
        offer = best_offer(self._offer_nodes)
        return Release(
            source=source,
            native_id=self._sku() or _path(page_url),
            title=title,
            artist=artist,
            year=self._year(),
            label=label if label != artist else None,
            catno=self._text("catalogNumber") or self._property("catno") or self._text("mpn"),
            barcode=self._barcode(),
            country=self._text("countryOfOrigin") or self._property("country"),
            format=self._format(),
            genres=self._genres(),
            page_url=page_url,
            image_url=self._image_url(base_url),
            price=offer.price,
            currency=offer.currency,
            in_stock=offer.in_stock,
        )

    def _text(self, *keys: str) -> str | None:
        values = (clean_text(node.get(key)) for node in self._nodes for key in keys)
        return next((value for value in values if value), None)

    def _property(self, word: str) -> str | None:
        values = (clean_text(self._properties.get(name)) for name in _PROPERTY_NAMES[word])
        return next((value for value in values if value), None)

    def _artist_and_title(self) -> tuple[str | None, str]:
        names = [name for n in self._nodes for name in _names(n.get("byArtist"))]
        artist = ", ".join(dict.fromkeys(names)) or self._property("artist")
        if artist is None:
            return split_name(self._text("name") or "")
        music = [node for node in self._nodes if types_of(node) & MUSIC_TYPES]
        title = self._text_of(music, "name") or self._text("name") or ""
        before, after = split_name(title)
        return artist, after if before == artist else title

    @staticmethod
    def _text_of(nodes: list[Node], key: str) -> str | None:
        return next((text for node in nodes if (text := clean_text(node.get(key)))), None)

    def _sku(self) -> str | None:
        return self._text("sku") or self._text_of(self._offer_nodes, "sku")

    def _year(self) -> int | None:
        date = self._text("datePublished", "releaseDate", "copyrightYear", "dateCreated")
        found = _YEAR.search(date or self._property("year") or "")
        return int(found.group()) if found else None

    def _barcode(self) -> str | None:
        keys = ("gtin13", "gtin12", "gtin", "gtin14", "gtin8")
        offered = (self._text_of(self._offer_nodes, key) for key in keys)
        return self._text(*keys) or self._property("barcode") or next(filter(None, offered), None)

    def _format(self) -> str | None:
        media = self._text("musicReleaseFormat")
        if media:
            return media.rpartition("/")[2].removesuffix("Format") or None
        return self._property("format")

    def _genres(self) -> tuple[str, ...]:
        genres = [name for node in self._nodes for name in _names(node.get("genre"))]
        return tuple(dict.fromkeys(genres or _names(self._property("genre"))))

    def _image_url(self, base_url: str) -> str | None:
        urls = (absolute_url(node.get("image"), base_url) for node in self._nodes)
        return next((url for url in urls if url), None)


def best_offer(offers: Iterable[Node]) -> Offer:
    """Return the cheapest offer that is in stock, else the cheapest, else no offer."""
    read = [_read_offer(node) for node in offers]
    priced = [offer for offer in read if offer.price is not None]
    if not priced:
        return next(iter(read), Offer(None, None, None))
    return min(priced, key=lambda offer: (offer.in_stock is False, offer.price))


def _read_offer(node: Node) -> Offer:
    specification = next(iter(nodes_in(node.get("priceSpecification"))), {})
    prices = (node.get("price"), node.get("lowPrice"), specification.get("price"))
    value = next((price for price in prices if price not in (None, "")), None)
    declared = node.get("priceCurrency") or specification.get("priceCurrency")
    return Offer(*read_price(value, declared), _in_stock(node.get("availability")))


def _in_stock(value: Any) -> bool | None:
    word = _squeeze((clean_text(value) or "").rpartition("/")[2])
    return True if word in _IN_STOCK else False if word in _SOLD_OUT else None


def _offer_nodes(node: Node) -> list[Node]:
    """Return a product's single offers; an AggregateOffer stands for itself if it lists none."""
    offers = nodes_in(node.get("offers"))
    offers += [o for variant in nodes_in(node.get("hasVariant")) for o in _offer_nodes(variant)]
    return [single for offer in offers for single in nodes_in(offer.get("offers")) or [offer]]


def _product_nodes(markup: Markup, base_url: str) -> list[Node]:
    """Return the nodes about the one product of the page; none if it has none or lists many."""
    products = [node for node in markup.nodes if types_of(node) & PRODUCT_TYPES]
    music = [node for node in markup.nodes if types_of(node) & MUSIC_TYPES]
    main = _main_node(products or music, base_url)
    if main is not None:
        return [
            *_with_related(markup.resolve(main)),
            *(node for node in music if len(music) == 1 and node is not main),
            *_open_graph_product(markup.open_graph),
        ]
    return [] if products or music else _open_graph_product(markup.open_graph)


def _main_node(nodes: list[Node], base_url: str) -> Node | None:
    """Return the node that is about the page itself, not about one of many in a list."""
    if len(nodes) == 1:
        return nodes[0]
    urls = [absolute_url(node.get("url") or node.get("@id"), base_url) for node in nodes]
    own = [n for n, url in zip(nodes, urls, strict=True) if url and _path(url) == _path(base_url)]
    nameless = [node for node, url in zip(nodes, urls, strict=True) if url is None]
    return next(iter(own or nameless), None)


def _with_related(node: Node) -> list[Node]:
    related = [other for key in _RELATED for other in nodes_in(node.get(key))]
    return [node, *related]


def _open_graph_product(properties: Node) -> list[Node]:
    if properties.get("@type") not in _OG_TYPES and "product:price:amount" not in properties:
        return []
    offer = {
        "price": properties.get("product:price:amount") or properties.get("og:price:amount"),
        "priceCurrency": properties.get("product:price:currency")
        or properties.get("og:price:currency"),
        "availability": properties.get("product:availability"),
    }
    return [
        {
            "@type": "Product",
            "name": properties.get("og:title"),
            "image": properties.get("og:image:secure_url") or properties.get("og:image"),
            "sku": properties.get("product:retailer_item_id"),
            "brand": properties.get("product:brand"),
            "offers": offer,
        }
    ]


def _names(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [name for item in values if (name := clean_text(item))]


def _squeeze(text: str) -> str:
    """Return the lower-case letters and digits alone, to compare names that people typed."""
    return re.sub(r"[\W_]", "", text.lower())


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
