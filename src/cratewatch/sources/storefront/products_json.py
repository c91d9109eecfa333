"""``/products.json``, the product feed of hosted shop platforms."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from cratewatch.catalog.records import Release
from cratewatch.sources.prices import read_price
from cratewatch.sources.storefront.addresses import absolute
from cratewatch.sources.storefront.medium import Medium, medium_of
from cratewatch.sources.storefront.product_data import split_name
from cratewatch.sources.storefront.texts import clean_text, real

Product = dict[str, Any]


@dataclass(frozen=True)
class Feed:
    """One page of the feed.

    Attributes:
        products: Those that have a handle; it makes their address.
        bad: What stands for each of the other entries, the same each time.
    """

    products: list[Product] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)


class FeedError(ValueError):
    """What was served is no product feed."""


def read_products(body: bytes) -> Feed:
    """Return the entries of one page; none after the last page.

    Raises:
        FeedError: if the body is no such feed.
    """
    page = Feed()
    try:
        feed = json.loads(body)
        listed = feed.get("products") if isinstance(feed, dict) else None
        if not isinstance(listed, list):
            raise FeedError(f"no product feed: {body[:200]!r}")
        for product in listed:
            if isinstance(product, dict) and handle_of(product):
                page.products.append(product)
            else:
                page.bad.append(_name_of(product))
    except (ValueError, RecursionError) as error:
        raise FeedError(f"no product feed: {error}") from error
    return page


def handle_of(product: Product) -> str | None:
    """Return the last part of a product's address, or None."""
    handle = product.get("handle")
    return handle.strip() or None if isinstance(handle, str) else None


def release_from_product(
    data: Product, source: str, *, shop_url: str, known_id: str | None = None
) -> Release:
    """Map a product; the feed names no currency, and vendor is the label in record shops.

    Args:
        known_id: The native id under which the catalog knows the product's page, or None.
    """
    path = f"/products/{handle_of(data)}"
    variants = _dicts(data.get("variants"))
    offered = _offered(variants)
    artist, title = split_name(clean_text(data.get("title")) or "")
    return Release(
        source=source,
        native_id=_native_id(variants, path, known_id),
        title=title,
        artist=artist,
        label=clean_text(data.get("vendor")),
        barcode=real(clean_text(offered[0].get("barcode"))) if offered else None,
        genres=(),
        page_url=shop_url + path,
        image_url=_image(data, shop_url),
        price=_price(offered[0]) if offered else None,
        in_stock=any(_is_available(variant) for variant in offered) if offered else None,
    )


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


def _name_of(entry: Any) -> str:
    """Return what names an entry without a handle: its id, its title, or a digest of it all."""
    if isinstance(entry, dict):
        for key in ("id", "title"):
            if text := clean_text(entry.get(key)):
                return text
    return hashlib.sha256(repr(entry).encode(errors="replace")).hexdigest()[:12]
