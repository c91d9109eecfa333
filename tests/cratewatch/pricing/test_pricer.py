from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from cratewatch.catalog.browsing import Query
from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.observations import Observation
from cratewatch.catalog.records import Cover, Release
from cratewatch.errors import NotFoundError
from cratewatch.pricing.asking import FEWEST as FEWEST_OF_BOTH
from cratewatch.pricing.estimate import span_of, weighted_median
from cratewatch.pricing.from_catalog import listings_of
from cratewatch.pricing.listing import kind_of_format, listing_of
from cratewatch.pricing.model import Facts, PriceModel
from cratewatch.pricing.pricer import MOST_HINTS, Asked, Pricer
from cratewatch.pricing.rates import NO_RATES, RateError, Rates
from cratewatch.pricing.training import train_prices
from cratewatch.pricing.worth import WORTH
from tests.cratewatch.pricing.made_listings import made_listings

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def sold(release_id: str, price: float, number: int, **values: Any) -> Observation:
    fields: dict[str, Any] = {
        "source": "till",
        "native_id": f"{release_id}/{number}",
        "kind": "sold",
        "title": release_id,
        "price": Decimal(f"{price:.2f}"),
        "currency": "EUR",
        "observed_at": NOW - timedelta(days=number + 1),
        "release_id": release_id,
        "media_condition": "VG+",
    }
    return Observation(**(fields | values))


@pytest.fixture
def shop(catalog: Catalog) -> Catalog:
    """A catalog of eight releases; 0 and 1 have one artwork, 2 and 3 one artist and label."""
    run_id = catalog.runs.start("refresh-shop")
    releases = [
        Release(
            source="shop",
            native_id=str(number),
            title=f"Title {number}",
            artist=f"Artist {number // 2}",
            label=f"Label {number // 2}",
            image_url=f"https://shop.example/{number // 2}.jpg",
        )
        for number in range(8)
    ]
    catalog.stage(run_id, releases)
    catalog.apply_crawl(run_id, "shop", complete=True)
    url = "https://shop.example/0.jpg"
    cover = Cover("a" * 64, "a" * 64, "shop", url, 100, 100, "b" * 64, NOW)
    catalog.covers.add(run_id, cover, url)
    return catalog


@pytest.fixture(scope="module")
def model() -> PriceModel:
    return train_prices(made_listings(120), Facts("", "asking", "EUR", 0, 0, ("a file",)))


def pricer(
    catalog: Catalog,
    model: PriceModel | None = None,
    condition: str | None = "VG+",
    currency: str = "EUR",
) -> Pricer:
    return Pricer(catalog, model, NO_RATES, Asked(condition, currency, NOW), {"shop", "ebay"})


def test_own_sales_come_first_then_the_pressing_the_artwork_the_artist(shop: Catalog) -> None:
    prices = shop.observations
    prices.add(sold("shop:3", 40, n) for n in range(3))
    assert pricer(shop).release("shop:2").way == "artist and label"
    prices.add(sold("shop:1", 20, n) for n in range(3))
    told = pricer(shop).release("shop:0")
    assert (told.way, told.n, told.median) == ("this artwork", 3, Decimal("20.00"))
    assert told.how == "3 sales of pressings with this artwork"
    prices.add(sold("shop:0", 30, n, source="ebay") for n in range(3))
    assert pricer(shop).release("shop:0").way == "this pressing"
    prices.add(sold("shop:0", 10, n) for n in range(3))
    told = pricer(shop).release("shop:0")
    assert (told.way, told.median, told.title) == (
        "own sales",
        Decimal("10.00"),
        "Artist 0 \u2013 Title 0",
    )
    assert told.low < told.median < told.high
    assert {one.release_id for one in told.comparables} == {"shop:0", "shop:1"}


def test_a_pressing_is_one_under_whatever_source_lists_it(catalog: Catalog) -> None:
    for source in ("shop", "ebay"):
        run_id = catalog.runs.start(f"refresh-{source}")
        one = Release(
            source=source,
            native_id="1",
            title="Blue Train",
            artist="John Coltrane",
            label="Blue Note",
            catno="BLP 1577",
            barcode="4006381333931",
            year=1957,
            format="LP",
        )
        catalog.stage(run_id, [one])
        catalog.apply_crawl(run_id, source, complete=True)
    catalog.links.find()
    catalog.observations.add(sold("ebay:1", 30, n, source="ebay") for n in range(3))
    told = pricer(catalog).release("shop:1")
    assert (told.way, told.median) == ("this pressing", Decimal("30.00"))


def test_prices_are_those_of_the_condition_that_is_asked_for(shop: Catalog) -> None:
    shop.observations.add(sold("shop:0", 16, n) for n in range(3))
    told = pricer(shop, condition="M").release("shop:0")
    assert told.median == Decimal(f"{16 * WORTH['M'] / WORTH['VG+']:.2f}")
    assert told.comparables[0].value == told.median
    assert told.comparables[0].price == Decimal("16.00")


def test_outliers_and_returns_are_left_out_and_outliers_are_shown(shop: Catalog) -> None:
    shop.observations.add(sold("shop:0", 10, n) for n in range(4))
    shop.observations.add([sold("shop:0", 900, 9), sold("shop:0", 1, 10, quantity=-1)])
    told = pricer(shop).release("shop:0")
    assert (told.n, told.median) == (4, Decimal("10.00"))
    assert any(one.outlier for one in told.comparables)


def test_asking_prices_are_corrected_where_sales_of_the_same_releases_are_known(
    shop: Catalog,
) -> None:
    asked = {"kind": "asking", "source": "ebay"}
    shop.observations.add(sold("shop:7", 10, n, **asked) for n in range(3))
    told = pricer(shop).release("shop:7")
    assert told.median == Decimal("10.00")
    assert told.how == (
        "3 asking prices of the same pressing, "
        "not corrected: of 0 releases both asking prices and sales are known"
    )
    for number in range(FEWEST_OF_BOTH):
        shop.observations.add([sold(f"shop:{number}", 8, 0)])
        shop.observations.add([sold(f"shop:{number}", 10, 1, **asked)])
    told = pricer(shop).release("shop:7")
    assert told.median == Decimal("8.00")
    assert told.how.endswith("corrected by -20% to what 5 releases were sold for")


def test_of_a_listing_whose_price_changed_the_last_one_counts(shop: Catalog) -> None:
    asked = {"kind": "asking", "source": "shop", "native_id": "4"}
    shop.observations.add(sold("shop:4", 50 - 10 * n, 5 - n, **asked) for n in range(3))
    told = pricer(shop).release("shop:4")
    assert (told.n, told.median) == (1, Decimal("30.00"))


def test_the_model_prices_what_has_too_few_prices(shop: Catalog, model: PriceModel) -> None:
    shop.observations.add([sold("shop:0", 10, 0)])
    told = pricer(shop, model).release("shop:0")
    assert (told.way, told.n) == ("model", 120)
    assert told.how.startswith("a model of 120 asking prices, not corrected")
    assert len(told.comparables) == 1
    without = pricer(shop).release("shop:0")
    assert (without.way, without.n, without.median) == ("own sales", 1, Decimal("10.00"))


def test_what_the_model_says_is_converted(shop: Catalog, model: PriceModel) -> None:
    in_euros = pricer(shop, model).release("shop:4")
    rates = Rates({"USD": {NOW.date(): Decimal(2)}})
    asked = Asked("VG+", "USD", NOW)
    in_dollars = Pricer(shop, model, rates, asked).release("shop:4")
    assert float(in_dollars.median) == pytest.approx(2 * float(in_euros.median), abs=0.02)
    with pytest.raises(RateError, match="USD cannot be converted"):
        pricer(shop, model, currency="USD").release("shop:4")


def test_what_nobody_knows_a_price_of_is_said(shop: Catalog) -> None:
    with pytest.raises(NotFoundError, match="shop:4: no price of it is known, and there is no mod"):
        pricer(shop).release("shop:4")
    with pytest.raises(NotFoundError, match="shop:44: no such release or picture"):
        pricer(shop).release("shop:44")
    with pytest.raises(NotFoundError, match="crop: nothing that looks like it has a price"):
        pricer(shop).unidentified("crop", [])


def test_near_releases_are_sought_for_a_few_unknown_ones_alone(shop: Catalog) -> None:
    asking, said = pricer(shop), []
    for number in range(MOST_HINTS + 1):
        with pytest.raises(NotFoundError) as error:
            asking.release(f"other:{number}")
        said.append(str(error.value))
    hints = [f"near it is shop:{n}" in one for n, one in enumerate(said)]
    assert hints == [True] * MOST_HINTS + [False]


def test_a_sleeve_that_nobody_knows_is_priced_by_what_looks_like_it(
    shop: Catalog, model: PriceModel
) -> None:
    listed = {one.release_id: one for one in shop.browse.releases(Query())}
    near = [[listed[f"shop:{number}"]] for number in (0, 2, 4)]
    shop.observations.add([sold("shop:0", 10, 0), sold("shop:2", 40, 0), sold("shop:4", 5, 0)])
    told = pricer(shop).unidentified("crop.jpg", near)
    assert (told.way, told.n, told.release_id) == ("neighbours", 3, None)
    assert told.median == Decimal("10.00")
    assert float(told.high) / float(told.low) > 4
    assert pricer(shop, model).unidentified("crop.jpg", [[listed["shop:6"]]]).n == 1


def test_one_price_makes_no_certainty_and_many_do() -> None:
    one, many = span_of([1.0]), span_of([1.0] * 50)
    assert one.high - one.low > 2 * (many.high - many.low)
    assert one.median == many.median == 1.0
    assert span_of([0.0, 1.0, 5.0], [1, 1, 0.1]).median == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("values", "weights", "expected"),
    [([3, 1, 2], [1, 1, 1], 2), ([1, 2], [1, 1], 1.5), ([1, 2], [3, 1], 1), ([7], [0.1], 7)],
)
def test_weighted_medians(values: list[float], weights: list[float], expected: float) -> None:
    assert weighted_median(np.array(values, float), np.array(weights, float)) == expected


def test_the_catalog_gives_listings_of_sources_that_may_train(shop: Catalog) -> None:
    shop.observations.add(sold(f"shop:{n % 8}", 10 + n, n) for n in range(120))
    shop.observations.add(sold("shop:0", 5, n, source="ebay") for n in range(10))
    listings, kind, sources = listings_of(shop, "EUR", NO_RATES, {"ebay"})
    assert (len(listings), kind, sources) == (120, "sold", ("till",))
    assert math.isclose(min(one.price for one in listings), 10)
    listings, kind, _ = listings_of(shop, "EUR", NO_RATES, {"ebay", "till"})
    assert (listings, kind) == ([], "asking")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("2xVinyl, LP, Album", "LP"),
        ('Vinyl, 12", 45 RPM', '12"'),
        ("7-inch", '7"'),
        ("LP", "LP"),
        ("Vinyl", "vinyl"),
        ("", ""),
    ],
)
def test_formats_in_few_words(said: str, kind: str) -> None:
    assert kind_of_format(said) == kind


def test_a_release_of_discogs_has_its_number() -> None:
    page = "https://www.discogs.com/release/249504-Rick"
    release = Release(source="discogs", native_id="249504", title="Never", page_url=page)
    assert listing_of(release, "NM").number == 249504.0
