"""Which of a page's offers is the price of the release."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cratewatch.sources.prices import read_price
from cratewatch.sources.storefront.addresses import product_key
from cratewatch.sources.storefront.availability import in_stock
from cratewatch.sources.storefront.markup import Node, Written, absolute_url, nodes_in, types_of
from cratewatch.sources.storefront.medium import Medium, medium_of
from cratewatch.sources.storefront.texts import clean_text, squeeze

MOST_DEPTH = 4  # variants of variants
# What schema.org's priceType says, from what is asked to what is struck through; none: asked.
_PRICE_TYPES = ("saleprice", "", "invoiceprice", "regularprice", "minimumadvertisedprice")
_LIST_PRICES = ("listprice", "srp", "msrp")
_NO_PRICES = ("strikethroughprice",)
_OTHER_CHARGES = {"DeliveryChargeSpecification", "PaymentChargeSpecification"}
_INHERITED = ("priceCurrency", "availability", "url")


@dataclass(frozen=True)
class Offer:
    """What is asked for a release.

    Attributes:
        node: The offer's own node.
        owner: The node of the product that offers it.
        number: Which of the products offers it, itself or by a variant.
        price_key: The property of the offer that names the price.
    """

    price: Decimal | None = None
    currency: str | None = None
    in_stock: bool | None = None
    medium: Medium = Medium.UNKNOWN
    node: Node | None = None
    owner: Node | None = None
    number: int = 0
    price_key: str = ""


@dataclass(frozen=True)
class Reading:
    """What an offer is read by.

    Attributes:
        page_url: Of the product, as its addresses count from it.
        language: Of the page, such as ``de``.
        now: Prices that are over, or to come, count after those of today.
    """

    page_url: str
    language: str
    now: datetime


def rank_offers(products: Iterable[Node], reading: Reading) -> list[Offer]:
    """Return the offers, first the one for the record itself, not for its CD, download or shirt.

    Of several: one of this page, one with a price, in stock, the cheapest that costs something.
    """
    found = [
        replace(_read_offer(node, owner, reading), number=number)
        for number, product in enumerate(products)
        for node, owner in offers_of(product)
    ]
    return sorted(found, key=lambda offer: _order(offer, reading))


def passed_offers(ranked: list[Offer]) -> Iterator[tuple[Offer, str]]:
    """Yield the offers whose price is not the release's, each with the reason."""
    for other in ranked[1:]:
        best = ranked[0]
        if other.price is None or other.price == best.price:
            continue
        if other.medium is not best.medium:
            yield other, f"it is of {other.medium.name.lower()}"
        elif other.in_stock is False and best.in_stock is not False:
            yield other, "it is sold out"
        else:
            yield other, "another offer counts before it"


def offers_of(product: Node, depth: int = 0) -> Iterator[tuple[Node, Node]]:
    """Yield a product's single offers, those of its variants included, each with its product.

    An AggregateOffer stands for itself if none of those that it lists has a price.
    """
    for offer in nodes_in(product.get("offers")):
        singles = nodes_in(offer.get("offers"))
        shared = {key: offer[key] for key in _INHERITED if key in offer}
        if any(_has_price(single) for single in singles):
            yield from ((shared | single, product) for single in singles)
        else:
            yield offer, product
    if depth < MOST_DEPTH:
        for variant in [*nodes_in(product.get("hasVariant")), *nodes_in(product.get("model"))]:
            yield from offers_of(variant, depth + 1)


def _has_price(offer: Node) -> bool:
    return any(offer.get(key) not in (None, "") for key in ("price", "lowPrice")) or bool(
        nodes_in(offer.get("priceSpecification"))
    )


def _order(offer: Offer, reading: Reading) -> tuple[Any, ...]:
    url = absolute_url((offer.node or {}).get("url"), reading.page_url)
    elsewhere = url is not None and product_key(url) != product_key(reading.page_url)
    return (
        offer.medium,
        elsewhere,
        offer.price is None,
        offer.in_stock is False,
        not offer.price,
        offer.price or 0,
    )


def _read_offer(node: Node, owner: Node, reading: Reading) -> Offer:
    value, declared, key = _asked(node, reading)
    price, currency = read_price(
        value, declared, language=reading.language, written=isinstance(value, Written)
    )
    stock = in_stock(node.get("availability"))
    return Offer(price, currency, stock, _medium(node, owner), node, owner, price_key=key)


def _asked(offer: Node, reading: Reading) -> tuple[Any, str | None, str]:
    """Return the price that is asked and its currency, as they are written, and where."""
    specifications = [
        item
        for item in nodes_in(offer.get("priceSpecification"))
        if _is_for_one_buyer(item) and _value(item, "price", "minPrice") is not None
    ]
    specifications.sort(key=lambda item: _specification_order(item, reading.now))
    best: Node = next(iter(specifications), {})
    own = _value(offer, "price")
    is_sale = _price_type(best) == "saleprice" and _is_of_today(best, reading.now)
    value, key = (own, "price") if own is not None and not is_sale else (None, "")
    if value is None:
        value, key = _value(best, "price", "minPrice"), "priceSpecification"
    if value is None:
        value, key = _value(offer, "lowPrice", "highPrice"), "lowPrice"
    own_currency = clean_text(offer.get("priceCurrency"))
    return value, own_currency or clean_text(best.get("priceCurrency")), key


def _value(node: Node, *keys: str) -> Any:
    for key in keys:
        values = node[key] if isinstance(node.get(key), list) else [node.get(key)]
        for item in values:
            value = item.get("@value") if isinstance(item, dict) else item
            if value not in (None, ""):
                return value
    return None


def _is_for_one_buyer(specification: Node) -> bool:
    """Whether it is the price of one, for everybody, paid at once."""
    if types_of(specification) & _OTHER_CHARGES or "validForMemberTier" in specification:
        return False
    if _price_type(specification) in _NO_PRICES or "billingDuration" in specification:
        return False
    quantities = nodes_in(specification.get("eligibleQuantity"))
    return "referenceQuantity" not in specification and not any(
        (read_price(quantity.get("minValue"))[0] or 0) > 1 for quantity in quantities
    )


def _specification_order(specification: Node, now: datetime) -> tuple[Any, ...]:
    kind = _price_type(specification)
    known = (*_PRICE_TYPES, *_LIST_PRICES)
    of_today = _is_of_today(specification, now)
    is_list = kind in _LIST_PRICES
    return is_list, not of_today, known.index(kind) if kind in known else 1


def _price_type(specification: Node) -> str:
    value = specification.get("priceType")
    text = value.get("@id") or value.get("name") if isinstance(value, dict) else clean_text(value)
    return squeeze(str(text or "").rstrip("/").rpartition("/")[2].rpartition(":")[2])


def _is_of_today(node: Node, now: datetime) -> bool:
    begins = _time(node.get("validFrom"))
    ends = _time(node.get("validThrough") or node.get("priceValidUntil"), at_end=True)
    return (begins is None or begins <= now) and (ends is None or now <= ends)


def _time(value: Any, *, at_end: bool = False) -> datetime | None:
    text = clean_text(value)
    try:
        time = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    if time is None:
        return None
    if at_end and text and len(text) <= 10:  # a day lasts until its end
        time = time.replace(hour=23, minute=59, second=59)
    return time.replace(tzinfo=time.tzinfo or UTC)


def _medium(offer: Node, owner: Node) -> Medium:
    items = nodes_in(offer.get("itemOffered"))
    nodes = [offer, *items, owner]
    formats = [clean_text(node.get("musicReleaseFormat")) for node in nodes]
    properties = [
        clean_text(item.get("value"))
        for node in nodes
        for item in nodes_in(node.get("additionalProperty"))
        if squeeze(str(item.get("name"))) in ("format", "mediaformat", "typename", "medium")
    ]
    names = [clean_text(node.get(key)) for node in nodes for key in ("name", "category")]
    bundle = medium_of(names)
    if bundle is Medium.BUNDLE:
        return bundle
    return medium_of([*formats, *properties, *names])
