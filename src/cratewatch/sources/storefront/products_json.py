"""``/products.json``, the product feed of hosted shop platforms."""

from __future__ import annotations

import json
import re
from typing import Any

from cratewatch.catalog.records import Release
from cratewatch.sources.prices import read_price
from cratewatch.sources.storefront.product_data import clean_text, split_name


def read_products(body: bytes) -> list[dict[str, Any]]:
    """Return the products of one page; empty after the last page.

    Raises:
        ValueError: if the body is no such feed.
    """
    feed = json.loads(body)
    try:
        return [product for product in feed["products"] if product["handle"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"no product feed: {body[:200]!r}") from error


def release_from_product(data: dict[str, Any], source: str, *, shop_url: str) -> Release:
    """Map a product; the feed names no currency, and vendor is the label in record shops."""
    path = f"/products/{data['handle']}"
    variants = data.get("variants") or []
    offer = _cheapest(variants)
    artist, title = split_name(clean_text(data.get("title")) or "")
    price, _ = read_price(offer.get("price"))
    return Release(
        source=source,
        native_id=(len(variants) == 1 and clean_text(variants[0].get("sku"))) or path,
        title=title,
        artist=artist,
        label=clean_text(data.get("vendor")),
        barcode=clean_text(offer.get("barcode")),
        genres=(),
        page_url=shop_url + path,
        image_url=_image(data),
        price=price,
        in_stock=any(variant.get("available") for variant in variants) if variants else None,
    )


def _cheapest(variants: list[dict[str, Any]]) -> dict[str, Any]:
    available = [variant for variant in variants if variant.get("available")] or variants
    prices = [(read_price(variant.get("price"))[0], variant) for variant in available]
    priced = [(price, variant) for price, variant in prices if price is not None]
    return min(priced, key=lambda pair: pair[0], default=(None, {}))[1]


def _image(data: dict[str, Any]) -> str | None:
    images = data.get("images") or []
    url = images[0].get("src") if images else None
    return re.sub(r"^//", "https://", url) if url else None
