from datetime import UTC, datetime

import pytest

from cratewatch.sources.storefront.markup import Written
from cratewatch.sources.storefront.offers import Offer, Reading, rank_offers

PAGE = "https://shop.example/p/1"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def best(offers, language="", **product):
    offer, *_ = [
        *rank_offers(
            [{"@type": "Product", "offers": offers, **product}], Reading(PAGE, language, NOW)
        ),
        Offer(),
    ]
    price = None if offer.price is None else str(offer.price)
    return price, offer.currency, offer.in_stock


def eur(price, **fields):
    return {"@type": "Offer", "price": price, "priceCurrency": "EUR", **fields}


def specified(*specifications, **fields):
    return {"@type": "Offer", "priceSpecification": list(specifications), **fields}


ASKED = {"price": "19.00", "priceCurrency": "EUR"}


@pytest.mark.parametrize(
    "kind",
    ["ListPrice", "SRP", "MSRP", "RegularPrice", "StrikethroughPrice", "MinimumAdvertisedPrice"],
)
@pytest.mark.parametrize(
    "spell",
    [
        str,
        "https://schema.org/{}".format,
        "schema:{}".format,
        lambda k: {"@id": f"http://schema.org/{k}"},
    ],
)
def test_the_price_that_is_asked_not_the_one_that_is_struck_through(kind, spell):
    listed = {"price": "30.00", "priceCurrency": "EUR", "priceType": spell(kind)}
    sale = {**ASKED, "priceType": spell("SalePrice")}
    for pair in ([listed, ASKED], [ASKED, listed], [listed, sale]):
        assert best(specified(*pair))[:2] == ("19.00", "EUR")
    assert best(specified(listed, price="19.00", priceCurrency="EUR"))[:2] == ("19.00", "EUR")


def test_a_sale_counts_in_its_time():
    regular = {"price": "30.00", "priceType": "RegularPrice"}
    over = {"price": "9.00", "priceType": "SalePrice", "validThrough": "2026-04-30"}
    to_come = {"price": "8.00", "priceType": "SalePrice", "validFrom": "2026-06-01T00:00:00Z"}
    today = {"price": "20.00", "priceType": "SalePrice", "validThrough": "2026-05-01"}
    assert best(specified(regular, over, to_come))[0] == "30.00"
    assert best(specified(regular, over, today))[0] == "20.00"
    assert best(specified(over, price="30.00"))[0] == "30.00"


@pytest.mark.parametrize(
    "other",
    [
        {"@type": "DeliveryChargeSpecification", "price": "4.90"},
        {"price": "15.00", "eligibleQuantity": {"minValue": 10}},
        {"price": "15.00", "validForMemberTier": {"name": "Club"}},
        {"price": "2.00", "referenceQuantity": {"value": 100}},
        {"price": "5.00", "billingDuration": 12},
    ],
)
def test_prices_that_are_not_for_one_buyer(other):
    assert best(specified(other, ASKED))[0] == "19.00"


@pytest.mark.parametrize(
    "others",
    [
        [eur(7, name="Digital Album")],
        [eur(12, name="CD"), eur(9, name="Cassette")],
        [eur(5, name="T-Shirt"), eur(99, name="Full digital discography (12 releases)")],
        [eur(9, url="https://shop.example/p/2")],
        [eur(0)],
        [{"availability": "InStock"}],
    ],
)
def test_the_record_before_what_else_is_sold_with_it(others):
    record = eur(22, name="2xLP, black vinyl", availability="https://schema.org/OutOfStock")
    for offers in ([record, *others], [*others, record]):
        assert best(offers) == ("22.00", "EUR", False)


def test_an_album_whose_releases_are_its_formats():
    def release(form, price, **fields):
        return {
            "@type": ["MusicRelease", "Product"],
            "musicReleaseFormat": form,
            "offers": eur(price),
            **fields,
        }

    releases = [
        release("DigitalFormat", 7),
        release("VinylFormat", 22),
        release(None, 50, name="discography"),
    ]
    offer = rank_offers(releases, Reading(PAGE, "", NOW))[0]
    assert str(offer.price) == "22.00"


def test_in_stock_before_sold_out_then_the_cheapest():
    offers = [eur(8, availability="SoldOut"), eur(11, availability="InStock"), eur(10)]
    assert best(offers) == ("10.00", "EUR", None)


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        ({"lowPrice": "12.5", "highPrice": 30, "priceCurrency": "GBP"}, ("12.50", "GBP", None)),
        (
            {"priceCurrency": "USD", "availability": "InStock", "offers": [{"price": 9}]},
            ("9.00", "USD", True),
        ),
        ({"lowPrice": 9, "priceCurrency": "USD", "offers": [{"url": "/x"}]}, ("9.00", "USD", None)),
        ({"price": {"@value": "9"}}, ("9.00", None, None)),
        ({"price": ["", "9"]}, ("9.00", None, None)),
    ],
)
def test_many_offers_in_one(offers, expected):
    assert best(offers) == expected


def test_offers_of_variants():
    variants = [
        {"@type": "Product", "name": "CD", "offers": eur(12)},
        {"@type": "Product", "name": "LP", "offers": [eur(25), eur(24)]},
    ]
    assert best(None, hasVariant=variants)[0] == "24.00"


@pytest.mark.parametrize(
    ("price", "language", "expected"),
    [
        ("29.975", "de", "29.98"),
        (Written("1.299"), "de", "1299.00"),
        (Written("1.299"), "en-gb", "1.30"),
        (Written("1.299"), "", "1299.00"),
        (Written("1,299"), "en", "1299.00"),
        (Written("1,299"), "fr", "1.30"),
        (Written("24,99"), "en", "24.99"),
    ],
)
def test_numbers_for_machines_and_for_people(price, language, expected):
    assert best(eur(price), language)[0] == expected
