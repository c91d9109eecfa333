import json
from decimal import Decimal

import pytest

from cratewatch.sources.storefront.feed_product import ProductReader
from cratewatch.sources.storefront.products_json import read_products


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
    return ProductReader(data).release("shop", shop_url="https://shop.example")


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
    assert read_products(b'{"products": []}').products == []
    assert len(read_products(json.dumps({"products": [product()]}).encode()).products) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"errors": 1}', b'{"products": 3}'])
def test_what_is_no_feed(body):
    with pytest.raises(ValueError, match=r"feed|Expecting"):
        read_products(body)


def test_one_bad_entry_loses_no_other():
    bad = [None, 3, "text", {}, {"handle": ""}, {"handle": 7, "title": "No handle"}, {"id": 12}]
    feed = read_products(json.dumps({"products": [product(), *bad, product(handle="b")]}).encode())
    assert [entry["handle"] for entry in feed.products] == ["blue-train", "b"]
    assert len(feed.bad) == len(set(feed.bad)) == len(bad)
    assert {"No handle", "12"} <= set(feed.bad)


@pytest.mark.parametrize(
    "fields",
    [
        {"variants": None},
        {"variants": "none"},
        {"variants": [None, 3]},
        {"images": None},
        {"images": [None]},
        {"images": [{"src": None}, "x"]},
        {"title": None},
        {"vendor": {"name": ["x"]}},
    ],
)
def test_a_product_with_a_field_of_another_kind(fields):
    assert read(product(**fields)).page_url == "https://shop.example/products/blue-train"


def test_the_first_image_that_leads_somewhere():
    images = [{"src": "http://[cdn]/1.jpg"}, {"src": "//cdn.example/2.jpg"}]
    assert read(product(images=images)).image_url == "https://cdn.example/2.jpg"
    assert read(product(images=[], image={"src": "/3.jpg"})).image_url == (
        "https://shop.example/3.jpg"
    )


@pytest.mark.parametrize(
    "others",
    [
        [{"title": "CD", "price": "12.00", "available": True}],
        [{"title": "Digital Download", "price": "7.00", "available": True}],
        [{"option1": "Shirt", "option2": "M", "price": "20.00", "available": True}],
        [{"title": "Default", "requires_shipping": False, "price": "7.00", "available": True}],
        [{"title": "LP", "price": "30.00", "available": True}],
    ],
)
def test_of_several_variants_the_record_is_offered(others):
    record = {
        "title": "2xLP / Black",
        "price": "25.00",
        "available": others[0].get("title") == "LP",
    }
    release = read(product(variants=[*others, record]))
    assert (str(release.price), release.in_stock) == ("25.00", record["available"])


@pytest.mark.parametrize("sku", ["N/A", "0", "-", "", None, "none"])
def test_a_number_that_is_none(sku):
    variants = [{"sku": sku, "price": "9.00", "available": True}]
    assert read(product(variants=variants)).native_id == "/products/blue-train"


def test_a_known_product_keeps_its_id():
    without = product(variants=[{"price": "9.00"}])
    known = ProductReader(without).release("shop", shop_url="https://shop.example", known_id="BT-1")
    assert known.native_id == "BT-1"
