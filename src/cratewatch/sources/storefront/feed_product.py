"""A release out of a product of a ``/products.json`` feed, with the place of each field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, TypeVar

from cratewatch.catalog.records import Release
from cratewatch.sources.prices import read_price
from cratewatch.sources.storefront.addresses import absolute
from cratewatch.sources.storefront.brands import no_label
from cratewatch.sources.storefront.categories import genres_of
from cratewatch.sources.storefront.medium import Medium, medium_of
from cratewatch.sources.storefront.names import split_name, year_in
from cratewatch.sources.storefront.products_json import Product, handle_of
from cratewatch.sources.storefront.property_names import field_of
from cratewatch.sources.storefront.said import Account, PassedOver, Place, Said, unless_placeholder
from cratewatch.sources.storefront.settings import BrandIs
from cratewatch.sources.storefront.texts import clean_text, real

T = TypeVar("T")
_TAG = re.compile(r"\s*([^:_=]+?)\s*[:_=]\s*(\S.*)")


class ProductReader:
    """Reads a product of a feed, which names no currency.

    Attributes:
        account: Where each field is said, and what was passed over.
    """

    def __init__(self, data: Product) -> None:
        self.account = Account()
        self._data = data
        self._offered = _offered(_dicts(data.get("variants")))
        self._tags, nameless = _tags(data.get("tags"))
        if nameless:
            self._pass("tags", ", ".join(nameless), "they do not say of what, as genre:Jazz does")

    def release(
        self,
        source: str,
        *,
        shop_url: str,
        known_id: str | None = None,
        brand_is: BrandIs = "label",
    ) -> Release:
        """Map the product.

        Args:
            known_id: The native id under which the catalog knows the product's page, or None.
            brand_is: What the shop means by a product's vendor.
        """
        first, offered = self.account.first, self._offered
        path = f"/products/{handle_of(self._data)}"
        artist, title = self._artist_and_title(brand_is)
        barcodes = self._of_variant("barcode")
        in_stock = any(_is_available(variant) for variant in offered) if offered else None
        self._pass_variants()
        return Release(
            source=source,
            native_id=self._native_id(path, known_id),
            title=title,
            artist=artist,
            year=first("year", self._years()),
            label=first("label", self._labels(brand_is, artist)),
            catno=first("catno", unless_placeholder(self._tag("catno"))),
            barcode=first("barcode", unless_placeholder(barcodes)),
            country=first("country", self._tag("country")),
            format=first("format", self._tag("format")),
            genres=first("genres", self._genres()) or (),
            page_url=shop_url + path,
            image_url=first("image_url", _said("images", _image(self._data, shop_url))),
            price=first("price", _said("variants.price", _price(offered[0]) if offered else None)),
            in_stock=first("in_stock", _said("variants.available", in_stock)),
        )

    def _artist_and_title(self, brand_is: BrandIs) -> tuple[str | None, str]:
        name = clean_text(self._data.get("title")) or ""
        before, after = split_name(name)
        vendors = self._vendors() if brand_is == "artist" else ()
        split = _said("title, before the dash", before)
        artist = self.account.first("artist", chain(self._tag("artist"), vendors, split))
        is_split = before is not None and artist == before
        place = "title, after the dash" if is_split else "title"
        title = self.account.first("title", _said(place, after if is_split else name))
        return artist, title or ""

    def _labels(self, brand_is: BrandIs, artist: str | None) -> Iterator[Said[str]]:
        yield from self._tag("label")
        for said in self._vendors():
            yield replace(said, refused=no_label(said.value, brand_is, artist))

    def _vendors(self) -> Iterator[Said[str]]:
        return _said("vendor", clean_text(self._data.get("vendor")))

    def _years(self) -> Iterator[Said[int]]:
        for said in self._tag("year"):
            if year := year_in(said.value):
                yield Said(year, said.place)

    def _genres(self) -> Iterator[Said[tuple[str, ...]]]:
        tags = list(self._tag("genres"))
        if tags:
            yield Said(tuple(dict.fromkeys(said.value for said in tags)), tags[0].place)
        if kind := clean_text(self._data.get("product_type")):
            genres = genres_of([kind])
            why = "" if genres else "a medium, or a shelf for any music"
            yield Said(genres or (kind,), Place("products.json", "product_type"), why)

    def _pass(self, property_: str, value: str, why: str) -> None:
        self.account.passed.append(PassedOver("products.json", property_, value, why))

    def _pass_variants(self) -> None:
        best = self._offered[0] if self._offered else {}
        for variant in _dicts(self._data.get("variants")):
            price = _price(variant)
            if price is None or price == _price(best):
                continue
            is_offered = any(variant is other for other in self._offered)
            medium = _medium(variant).name.lower()
            why = "another variant counts before it" if is_offered else f"it is of {medium}"
            self._pass("variants.price", str(price), f"no price: {why}")

    def _tag(self, field: str) -> Iterator[Said[str]]:
        for name, value in self._tags:
            if field_of(name) == field:
                yield from _said(f"tags[{name}]", value)

    def _of_variant(self, key: str) -> Iterator[Said[str]]:
        value = clean_text(self._offered[0].get(key)) if self._offered else None
        return _said(f"variants.{key}", value)

    def _native_id(self, path: str, known_id: str | None) -> str:
        found = _native_id(_dicts(self._data.get("variants")), path, known_id)
        place = Place("page", "id in the catalog" if found == known_id else "address")
        sku = Place("products.json", "variants.sku")
        self.account.places["native_id"] = place if found in (path, known_id) else sku
        return found


def _said(property_: str, value: T | None) -> Iterator[Said[T]]:
    if value is not None:
        yield Said(value, Place("products.json", property_))


def _tags(tags: Any) -> tuple[list[tuple[str, str]], list[str]]:
    """Return name and value of tags that say of what they are, ``genre:Jazz``; and the others."""
    listed = tags if isinstance(tags, list) else str(tags or "").split(",")
    texts = [tag.strip() for tag in listed if isinstance(tag, str) and tag.strip()]
    found = [match for text in texts if (match := _TAG.fullmatch(text)) and field_of(match[1])]
    named = [match[0] for match in found]
    return [(match[1], match[2]) for match in found], [t for t in texts if t not in named]


def _native_id(variants: list[Product], path: str, known_id: str | None) -> str:
    """Return the number of the only variant; the known id unless it is another number."""
    numbers = {real(clean_text(variant.get("sku"))) for variant in variants} - {None}
    number = next(iter(numbers), None) if len(variants) == 1 else None
    if known_id and (number is None or known_id in numbers or known_id.startswith("/")):
        return known_id
    return number or path


def _offered(variants: list[Product]) -> list[Product]:
    """Return the variants that are the record itself; the one whose price counts comes first."""
    media = [_medium(variant) for variant in variants]
    best = min(media, default=Medium.UNKNOWN)
    of_best = [v for v, medium in zip(variants, media, strict=True) if medium is best]

    def order(variant: Product) -> tuple[Any, ...]:
        price = _price(variant)
        return price is None, not _is_available(variant), not price, price or 0

    return sorted(of_best, key=order)


def _medium(variant: Product) -> Medium:
    options = [variant.get(key) for key in ("title", "option1", "option2", "option3")]
    medium = medium_of(map(clean_text, options))
    if medium is Medium.UNKNOWN and variant.get("requires_shipping") is False:
        return Medium.DOWNLOAD
    return medium


def _price(variant: Product) -> Any:
    return read_price(variant.get("price"))[0]


def _is_available(variant: Product) -> bool:
    return variant.get("available") is True


def _dicts(value: Any) -> list[Product]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _image(data: Product, shop_url: str) -> str | None:
    listed = data.get("images")
    images = listed if isinstance(listed, list) else []
    for image in [*images, data.get("image")]:
        url = image.get("src") if isinstance(image, dict) else image
        if isinstance(url, str) and url.strip() and (full := absolute(url, shop_url)):
            return full
    return None
