"""schema.org's ItemAvailability and OpenGraph's words for it, however they are spelled."""

from __future__ import annotations

from typing import Any

from cratewatch.sources.storefront.texts import clean_text, squeeze

_IN_STOCK = {
    "instock", "limitedavailability", "onlineonly", "instoreonly", "available",
    "limitedstock", "lowstock",
}  # fmt: skip
# What can be ordered and does not lie in the shop is not in stock.
_NOT_IN_STOCK = {
    "outofstock", "soldout", "discontinued", "oos", "unavailable", "notavailable",
    "backorder", "preorder", "presale", "madetoorder", "reserved", "availablefororder",
    "pending", "comingsoon",
}  # fmt: skip


def in_stock(value: Any, depth: int = 4) -> bool | None:
    """Return whether a property says that the thing is there; None if it does not say."""
    if isinstance(value, bool):
        return value
    if isinstance(value, dict):
        value = [value.get(key) for key in ("@id", "url", "@value", "name", "@type")]
    if isinstance(value, list):
        said = (in_stock(item, depth - 1) for item in value if depth)
        return next((word for word in said if word is not None), None)
    return _of_word(clean_text(value) or "")


def _of_word(text: str) -> bool | None:
    name = text.rstrip("/# ").replace("#", "/").rpartition("/")[2].rpartition(":")[2]
    word = squeeze(name)
    return True if word in _IN_STOCK else False if word in _NOT_IN_STOCK else None
