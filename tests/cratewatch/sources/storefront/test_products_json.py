import json
from decimal import Decimal

import pytest

from cratewatch.sources.storefront.products_json import read_products, release_from_product


def product(**fields):
    variant = {"sku": "BT-1", "price": "24.99", "available": True, "barcode": "0602455077561"}
    return {
        "handle": "blue-train",
        "title": "John Coltrane - Blue Train",
        "vendor": "Blue Note",
        "variants": [variant],
        "images": [{"src": "//cdn.example/bt.jpg?v=1"}],
        **fields,
    }


def read(data):
    return release_from_product(data, "shop", shop_url="https://shop.example")


def test_a_product_with_one_variant():
    release = read(product())
    assert (release.native_id, release.artist, release.title) == (
        "BT-1",
        "John Coltrane",
        "Blue Train",
    )
    assert (release.label, release.barcode) == ("Blue Note", "0602455077561")
    assert release.page_url == "https://shop.example/products/blue-train"
    assert release.image_url == "https://cdn.example/bt.jpg?v=1"
    assert (release.price, release.currency, release.in_stock) == (Decimal("24.99"), None, True)


def test_of_several_variants_the_cheapest_available_one_is_offered():
    variants = [
        {"sku": "A", "price": "5.00", "available": False},
        {"sku": "B", "price": "9.00", "available": True},
        {"sku": "C", "price": "7.00", "available": True},
    ]
    release = read(product(variants=variants))
    assert (release.native_id, release.price) == ("/products/blue-train", Decimal("7.00"))


def test_a_product_that_says_next_to_nothing():
    release = read({"handle": "x"})
    assert (release.native_id, release.title, release.price) == ("/products/x", "", None)
    assert (release.image_url, release.in_stock) == (None, None)


def test_sold_out():
    variants = [{"sku": "A", "price": "5.00", "available": False}]
    release = read(product(variants=variants))
    assert (release.price, release.in_stock) == (Decimal("5.00"), False)


def test_pages():
    assert read_products(b'{"products": []}') == []
    assert len(read_products(json.dumps({"products": [product()]}).encode())) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"errors": 1}', b'{"products": 3}'])
def test_what_is_no_feed(body):
    with pytest.raises(ValueError, match=r"feed|Expecting"):
        read_products(body)
