"""A release out of nodes about one product, with the place of each field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from cratewatch.catalog.records import Release
from cratewatch.sources.storefront.brands import no_label
from cratewatch.sources.storefront.categories import genres_of
from cratewatch.sources.storefront.identity import names_itself, native_id
from cratewatch.sources.storefront.markup import (
    Found,
    Markup,
    Node,
    absolute_url,
    kind_of,
    nodes_in,
    types_of,
)
from cratewatch.sources.storefront.names import split_name, year_in
from cratewatch.sources.storefront.offers import (
    Offer,
    Reading,
    offers_of,
    passed_offers,
    rank_offers,
)
from cratewatch.sources.storefront.open_graph import name_of
from cratewatch.sources.storefront.property_names import PROPERTY_NAMES
from cratewatch.sources.storefront.said import Account, PassedOver, Place, Said, unless_placeholder
from cratewatch.sources.storefront.texts import clean_text, names_in, squeeze
from cratewatch.sources.storefront.which_product import MUSIC_TYPES, Visit

_GTINS = ("gtin13", "gtin12", "gtin", "gtin14", "gtin8")
_ARTIST_TYPES = {"Person", "MusicGroup"}
_ALWAYS_READ = {"@type", "@id", "@context", "url", "mainEntityOfPage", "additionalProperty"}
_ALWAYS_READ |= {"offers", "hasVariant", "model"}


class ReleaseReader:
    """Reads a release out of nodes about one product, the most trusted first.

    Attributes:
        account: What became of all that the nodes say.
    """

    def __init__(self, found: list[Found], markup: Markup, reading: Reading) -> None:
        self.account = Account()
        self._found = found
        self._markup = markup
        self._read = set(_ALWAYS_READ)
        self._properties = {
            squeeze(str(item.get("name"))): (item, node)
            for node in found
            for item in nodes_in(node.node.get("additionalProperty"))
        }
        self._offers = [(offer, node) for node in found for offer, _ in offers_of(node.node)]
        ranked = rank_offers([node.node for node in found], reading)
        self._offer = next(iter(ranked), Offer())
        for offer, why in passed_offers(ranked):
            place = self._place(found[offer.number], f"offers.{offer.price_key}")
            self.account.passed.append(PassedOver(*place, str(offer.price), f"no price: {why}"))

    def release(self, visit: Visit) -> Release:
        """Return what the nodes say; the title may be empty."""
        first = self.account.first
        artist, title = self._artist_and_title(visit)
        return Release(
            source=visit.source,
            native_id=self._native_id(visit),
            title=title,
            artist=artist,
            year=first("year", self._years()),
            label=first("label", self._labels(visit, artist)),
            catno=first("catno", unless_placeholder(self._catnos())),
            barcode=first("barcode", unless_placeholder(self._barcodes())),
            country=first("country", self._either("country", "countryOfOrigin")),
            format=first("format", self._formats()),
            genres=first("genres", self._genres()) or (),
            page_url=visit.page_url,
            image_url=first("image_url", self._images()),
            price=first("price", self._of_offer(self._offer.price, self._offer.price_key)),
            currency=first("currency", self._of_offer(self._offer.currency, "priceCurrency")),
            in_stock=first("in_stock", self._of_offer(self._offer.in_stock, "availability")),
        )

    def unread(self) -> Iterator[PassedOver]:
        """Yield the nodes' properties that nothing was read from."""
        for found in self._found:
            keys = [key for key in found.node if key not in self._read]
            if keys and found.syntax != "open-graph":
                said = ", ".join(keys)
                yield PassedOver(found.syntax, kind_of(found.node), said, "nothing reads it")

    def _values(self, *keys: str) -> Iterator[Said[Any]]:
        """Yield the values of properties, node by node."""
        self._read.update(keys)
        for found in self._found:
            for key in keys:
                if (value := found.node.get(key)) is not None:
                    yield Said(value, self._place(found, key))

    def _texts(self, *keys: str) -> Iterator[Said[str]]:
        for said in self._values(*keys):
            if text := clean_text(said.value):
                yield Said(text, said.place)

    def _property(self, field: str) -> Iterator[Said[str]]:
        for name in PROPERTY_NAMES[field]:
            item, found = self._properties.get(name, ({}, None))
            if found and (text := clean_text(item.get("value"))):
                yield Said(text, self._place(found, f"additionalProperty[{item['name']}]"))

    def _either(self, field: str, *keys: str) -> Iterator[Said[str]]:
        return chain(self._texts(*keys), self._property(field))

    def _place(self, found: Found, key: str) -> Place:
        if found.syntax == "open-graph":
            return Place(found.syntax, name_of(key, self._markup.open_graph))
        return Place(found.syntax, f"{kind_of(found.node)}.{key}")

    def _artist_and_title(self, visit: Visit) -> tuple[str | None, str]:
        artists = chain(self._by_artist(), self._property("artist"), self._artist_brands(visit))
        artist = self.account.first("artist", artists)
        music = [found for found in self._found if types_of(found.node) & MUSIC_TYPES]
        names = chain(self._named(music) if artist else (), self._texts("name"))
        name = self.account.first("title", names) or ""
        before, after = split_name(name)
        if before is None or (artist and squeeze(before) != squeeze(artist)):
            return artist, name
        place = self.account.places["title"]
        self.account.places.setdefault(
            "artist", place._replace(property=f"{place.property}, before the dash")
        )
        self.account.places["title"] = place._replace(property=f"{place.property}, after the dash")
        return artist or before, after

    def _by_artist(self) -> Iterator[Said[str]]:
        said = list(self._values("byArtist"))
        names = dict.fromkeys(name for item in said for name in names_in(item.value))
        if names:
            yield Said(", ".join(names), next(s.place for s in said if names_in(s.value)))

    def _artist_brands(self, visit: Visit) -> Iterator[Said[str]]:
        for said, text in self._brands():
            if visit.brand_is == "artist" or _names_artist(said.value):
                yield Said(text, said.place)

    def _labels(self, visit: Visit, artist: str | None) -> Iterator[Said[str]]:
        yield from self._either("label", "recordLabel")
        for said, text in self._brands():
            whose = "it is the artist" if _names_artist(said.value) else ""
            yield Said(text, said.place, whose or no_label(text, visit.brand_is, artist))

    def _brands(self) -> Iterator[tuple[Said[Any], str]]:
        for said in self._values("brand"):
            if text := clean_text(said.value):
                yield said, text

    def _native_id(self, visit: Visit) -> str:
        alternates = self._markup.alternates
        versions = alternates.values() if names_itself(visit.page_url, alternates) else ()
        known = visit.known.id_of(visit.page_url, versions)
        numbers = self._numbers()
        found = native_id(visit.page_url, list(numbers), alternates, known)
        place = Place("page", "id in the catalog" if found == known else "address")
        self.account.places["native_id"] = numbers.get(found, place)
        return found

    def _numbers(self) -> Mapping[str, Place]:
        """Return the stock-keeping units, the product's own first, then its offered ones."""
        offer = self._offer
        offered = [self._found[offer.number]] if offer.node is not None else []
        best = [(node, found) for node in (offer.owner, offer.node) if node for found in offered]
        nodes = [*best, *self._offers]
        said = chain(self._texts("sku"), self._offered(nodes, "sku"))
        numbers: dict[str, Place] = {}
        for item in unless_placeholder(said):
            if not item.refused:
                numbers.setdefault(item.value, item.place)
        return numbers

    def _years(self) -> Iterator[Said[int]]:
        dates = ("datePublished", "releaseDate", "copyrightYear", "dateCreated")
        for said in self._either("year", *dates):
            if year := year_in(said.value):
                yield Said(year, said.place)

    def _catnos(self) -> Iterator[Said[str]]:
        return chain(self._either("catno", "catalogNumber"), self._texts("mpn"))

    def _barcodes(self) -> Iterator[Said[str]]:
        return chain(self._either("barcode", *_GTINS), self._offered(self._offers, *_GTINS))

    def _formats(self) -> Iterator[Said[str]]:
        owner = clean_text((self._offer.owner or {}).get("musicReleaseFormat"))
        if owner:
            yield from self._of_offer(_format_name(owner), "musicReleaseFormat")
        for said in self._texts("musicReleaseFormat"):
            if name := _format_name(said.value):
                yield Said(name, said.place)
        yield from self._property("format")

    def _genres(self) -> Iterator[Said[tuple[str, ...]]]:
        said = [item for item in self._values("genre") if names_in(item.value)]
        if said:
            names = dict.fromkeys(name for item in said for name in names_in(item.value))
            yield Said(tuple(names), said[0].place)
        for item in self._property("genres"):
            yield Said((item.value,), item.place)
        for category in self._values("category"):
            names_of_it = names_in(category.value)
            genres = genres_of(names_of_it)
            why = "" if genres else "a medium, or a shelf for any music"
            if names_of_it:
                yield Said(genres or tuple(names_of_it), category.place, why)

    def _images(self) -> Iterator[Said[str]]:
        for said in self._values("image"):
            if url := absolute_url(said.value, self._markup.base_url):
                yield Said(url, said.place)

    def _named(self, music: list[Found]) -> Iterator[Said[str]]:
        for found in music:
            if text := clean_text(found.node.get("name")):
                yield Said(text, self._place(found, "name"))

    def _offered(self, nodes: list[tuple[Node, Found]], *keys: str) -> Iterator[Said[str]]:
        for node, found in nodes:
            for key in keys:
                if text := clean_text(node.get(key)):
                    yield Said(text, self._place(found, f"offers.{key}"))

    def _of_offer(self, value: Any, key: str) -> Iterator[Said[Any]]:
        if value is not None and self._offer.node is not None:
            found = self._found[self._offer.number]
            yield Said(value, self._place(found, f"offers.{key}"))


def _names_artist(brand: Any) -> bool:
    return any(types_of(node) & _ARTIST_TYPES for node in nodes_in(brand))


def _format_name(text: str) -> str | None:
    return text.rpartition("/")[2].removesuffix("Format") or None
