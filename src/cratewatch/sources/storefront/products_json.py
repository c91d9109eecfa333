"""``/products.json``, the product feed of hosted shop platforms."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from cratewatch.sources.storefront.texts import clean_text

Product = dict[str, Any]
PRODUCTS_AT_ONCE = 250


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


def feed_url(shop_url: str, number: int) -> str:
    """Return the address of a page of a shop's feed, from 1."""
    return urljoin(shop_url, f"/products.json?limit={PRODUCTS_AT_ONCE}&page={number}")


def handle_of(product: Product) -> str | None:
    """Return the last part of a product's address, or None."""
    handle = product.get("handle")
    return handle.strip() or None if isinstance(handle, str) else None


def _name_of(entry: Any) -> str:
    """Return what names an entry without a handle: its id, its title, or a digest of it all."""
    if isinstance(entry, dict):
        for key in ("id", "title"):
            if text := clean_text(entry.get(key)):
                return text
    return hashlib.sha256(repr(entry).encode(errors="replace")).hexdigest()[:12]
