from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.observations import INSERTED_AT_ONCE, Observation, ObservationError
from cratewatch.catalog.records import Release
from tests.postgres_server import engine_of

DAY = datetime(2026, 5, 1, 12, tzinfo=UTC)


def sold(number: int, **values: Any) -> Observation:
    fields: dict[str, Any] = {
        "source": "till",
        "native_id": str(number),
        "kind": "sold",
        "title": f"Title {number}",
        "price": Decimal("9.90"),
        "currency": "EUR",
        "observed_at": DAY + timedelta(days=number),
        "release_id": "till:1",
    }
    return Observation(**(fields | values))


def test_what_was_added_is_read_as_it_was_given(catalog: Catalog) -> None:
    given = sold(
        1,
        media_condition="VG+",
        sleeve_condition="G",
        condition="very good plus",
        price=Decimal("1200.50"),
        currency="JPY",
        quantity=-2,
        url="https://shop.example/1",
        observed_at=datetime(2026, 5, 1, 2, tzinfo=UTC),
    )
    assert catalog.observations.add([given]) == 1
    assert catalog.observations.of_releases(["till:1"]) == [given]


def test_the_same_observation_twice_changes_nothing(catalog: Catalog) -> None:
    once = [sold(1), sold(2), sold(2, quantity=-1), sold(2, price=Decimal("9.9"))]
    assert catalog.observations.add(once) == 3
    assert catalog.observations.add(reversed(once)) == 0
    assert len(catalog.observations.of_releases(["till:1"])) == 3


def test_an_asking_price_is_a_row_where_it_changes(catalog: Catalog) -> None:
    prices = ["10", "10", "12", "12.00", "10"]
    nights = [
        sold(1, kind="asking", price=Decimal(price), observed_at=DAY + timedelta(days=day))
        for day, price in enumerate(prices)
    ]
    for night in nights:
        catalog.observations.add([night])
    assert catalog.observations.of_releases(["till:1"]) == [nights[0], nights[2], nights[4]]
    assert catalog.observations.add(nights[4:]) == 0


def test_suggestions_of_several_conditions_stand_beside_each_other(catalog: Catalog) -> None:
    grades = [sold(1, kind="suggestion", media_condition=grade) for grade in ("M", "VG")]
    assert catalog.observations.add(grades) == 2
    assert catalog.observations.add(replace(g, observed_at=DAY) for g in grades) == 0


def test_more_than_a_transaction_holds_is_added_whole(catalog: Catalog) -> None:
    many = INSERTED_AT_ONCE + 1
    assert catalog.observations.add(sold(n) for n in range(many)) == many
    assert catalog.observations.counts() == {("till", "sold"): many}


def test_asking_prices_of_crawls_are_observations_too(catalog: Catalog) -> None:
    run_id = catalog.runs.start("refresh-shop")
    listed = Release(source="shop", native_id="a:1", title="One")
    asked = replace(listed, price=Decimal("20.00"), currency="USD")
    odd = Release(source="shop", native_id="2", title="Two", price=Decimal("1"), currency="XYZ")
    catalog.stage(run_id, [asked, odd])
    catalog.apply_crawl(run_id, "shop", complete=True)
    (found,) = catalog.observations.of_releases(["shop:a:1", "shop:2"])
    assert (found.kind, found.native_id, found.price) == ("asking", "a:1", Decimal("20.00"))
    assert list(catalog.observations.all(kinds=["asking"])) == [found]
    assert list(catalog.observations.all()) == []
    assert catalog.observations.of_releases(["shop:a:1"], since=datetime.now(UTC)) == []


def test_what_may_be_kept_no_longer_is_forgotten(catalog: Catalog) -> None:
    catalog.observations.add([sold(1), sold(5), sold(1, source="other")])
    assert catalog.observations.forget_before("till", DAY + timedelta(days=3)) == 1
    assert catalog.observations.counts() == {("other", "sold"): 1, ("till", "sold"): 1}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"price": Decimal(0)}, "till 1: price 0 is not above zero"),
        ({"price": Decimal(-3)}, "price -3 is not above zero"),
        ({"price": Decimal("NaN")}, "not above zero"),
        ({"currency": ""}, "currency missing is none of ISO 4217"),
        ({"currency": "XYZ"}, "currency XYZ is none"),
        ({"media_condition": "mint"}, "condition mint is none of Goldmine's M, NM"),
        ({"kind": "bid"}, "kind 'bid' is none of sold"),
        ({"quantity": 0}, "quantity is zero"),
        ({"native_id": ""}, "id is empty"),
        ({"observed_at": datetime(2026, 5, 1)}, "has no time zone"),
    ],
)
def test_what_is_no_price_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ObservationError, match=said):
        sold(1, **values)


def test_other_processes_read_what_was_added(catalog: Catalog, catalog_url: str) -> None:
    catalog.observations.add([sold(1)])
    with closing(open_catalog(catalog_url)) as other:
        assert other.observations.of_releases(["till:1"]) == [sold(1)]
    engine = engine_of(catalog_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT price FROM observations")) == "9.90"
    engine.dispose()
