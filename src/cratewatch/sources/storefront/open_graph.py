"""A product out of OpenGraph's properties, in the shape of a schema.org node."""

from __future__ import annotations

from collections.abc import Mapping

from cratewatch.sources.storefront.markup import Found

TYPES = {"product", "product.item", "og:product", "music.album"}
# What a node's property is filled from, the first that is there.
_NAMES = {
    "name": ("og:title",),
    "image": ("og:image:secure_url", "og:image"),
    "sku": ("product:retailer_item_id",),
    "brand": ("product:brand",),
    "category": ("product:category",),
    "offers.price": ("product:sale_price:amount", "product:price:amount", "og:price:amount"),
    "offers.priceCurrency": ("product:price:currency", "og:price:currency"),
    "offers.availability": ("product:availability", "og:availability"),
}


def product_in(properties: Mapping[str, str]) -> list[Found]:
    """Return the product that the properties tell of, none if they are of another page."""
    is_product = properties.get("og:type", "").lower() in TYPES
    if not is_product and "product:price:amount" not in properties:
        return []
    said = {key: properties.get(name_of(key, properties)) for key in _NAMES}
    offer = {key.partition(".")[2]: value for key, value in said.items() if "." in key}
    images = [properties.get(name) for name in _NAMES["image"]]
    own = {key: value for key, value in said.items() if "." not in key}
    return [Found({"@type": "Product", **own, "image": images, "offers": offer}, "open-graph")]


def name_of(key: str, properties: Mapping[str, str]) -> str:
    """Return which property fills a key of the node; offers' keys begin with ``offers.``."""
    names = _NAMES.get(key, (key,))
    return next((name for name in names if properties.get(name)), names[0])
