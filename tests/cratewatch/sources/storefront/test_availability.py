import pytest

from cratewatch.sources.storefront.availability import in_stock

SPELLINGS = [
    "{}",
    "https://schema.org/{}",
    "http://schema.org/{}",
    "https://schema.org/{}/",
    "schema:{}",
    "https://schema.org/#{}",
    " {} ",
]
THERE = [
    "InStock",
    "LimitedAvailability",
    "OnlineOnly",
    "InStoreOnly",
    "in stock",
    "IN_STOCK",
    "instock",
]
NOT_THERE = [
    "OutOfStock", "SoldOut", "Discontinued", "BackOrder", "PreOrder", "PreSale", "MadeToOrder",
    "Reserved", "out of stock", "oos", "available for order",
]  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    ("word", "expected"),
    [*((word, True) for word in THERE), *((word, False) for word in NOT_THERE)],
)
def test_each_word_in_each_spelling(word, expected, spelling):
    text = spelling.format(word)
    assert in_stock(text) is expected
    assert in_stock([text]) is expected
    assert in_stock({"@id": text}) is expected
    assert in_stock({"@type": "ItemAvailability", "name": text}) is expected


@pytest.mark.parametrize("value", [None, "", "maybe", 3, {}, [], {"@id": None}])
def test_what_says_nothing(value):
    assert in_stock(value) is None
