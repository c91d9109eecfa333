"""Items that several crawls share, and the pace that they keep together."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.leases import Leases, Lessee
from cratewatch.catalog.observations import Observation
from cratewatch.catalog.paces import Paces
from cratewatch.catalog.records import Item
from tests.postgres_server import Postgres

SHORT_S = 0.3
KEYS = [f"shop:{n}" for n in range(10)]


@pytest.fixture
def catalog(postgres: Postgres) -> Iterator[Catalog]:
    catalog = open_catalog(postgres.create_database())
    yield catalog
    catalog.close()


@pytest.fixture
def leases(catalog: Catalog) -> Leases:
    assert catalog.leases is not None
    return catalog.leases


@pytest.fixture
def one(catalog: Catalog) -> Lessee:
    """Return a crawl of a run that has planned KEYS."""
    run_id = catalog.runs.start("prices-shop")
    catalog.items.plan(run_id, "shop", "price", KEYS)
    return Lessee("one", run_id, "shop", "price", 60.0)


@pytest.fixture
def paces(catalog: Catalog) -> Paces:
    assert catalog.paces is not None
    return catalog.paces


def fetched(key: str) -> Item:
    return Item("shop", "price", key, "fetched")


def price(key: str) -> Observation:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Observation(source="shop", native_id=key, kind="asking", title="x", price=Decimal(1),
                       currency="EUR", observed_at=moment)  # fmt: skip


def test_two_crawls_never_lease_the_same_item(leases: Leases, one: Lessee) -> None:
    first, other = leases.take(one, 6), leases.take(replace(one, owner="other"), 6)
    assert (len(first), len(other)) == (6, 4)
    assert sorted(first + other) == KEYS
    assert leases.take(one, 6) == []
    assert leases.left(one.run_id, one.kind), "nothing is done yet"


def test_crawls_that_take_at_once_share_without_waiting(catalog: Catalog, one: Lessee) -> None:
    keys = [f"shop:{n:04d}" for n in range(2000)]
    catalog.items.plan(one.run_id, "shop", "price", keys)
    taken: list[list[str]] = []

    def take_all(owner: str) -> None:
        assert catalog.leases is not None
        while part := catalog.leases.take(replace(one, owner=owner), 20):
            taken.append(part)

    crawls = [threading.Thread(target=take_all, args=(str(n),)) for n in range(4)]
    for crawl in crawls:
        crawl.start()
    for crawl in crawls:
        crawl.join()
    assert sorted(key for part in taken for key in part) == sorted(keys + KEYS)


def test_a_lease_that_is_not_renewed_ends_and_a_late_owner_writes_nothing(
    catalog: Catalog, leases: Leases, one: Lessee
) -> None:
    late, other = replace(one, lease_s=SHORT_S), replace(one, owner="other")
    keys = leases.take(late, 10)
    assert leases.take(other, 10) == []
    time.sleep(SHORT_S + 0.1)
    assert leases.take(other, 4) == keys[:4]
    assert leases.renew(late, keys) == set(keys[4:])
    prices = {key: [price(key)] for key in keys}
    failures = [replace(fetched(key), state="failed", reason="timeout") for key in keys]
    assert leases.record(late, failures, prices) == set(keys[:4])
    assert leases.record(other, [fetched(key) for key in keys[:4]], {}) == set()
    assert catalog.items.states() == {"price": {"failed": 6, "fetched": 4}}
    assert catalog.staged_prices.count(one.run_id) == 6
    assert leases.record(late, failures, prices) == set(keys), "it holds none any more"


def test_what_is_given_back_can_be_taken_at_once(leases: Leases, one: Lessee) -> None:
    leases.give_back(one, leases.take(one, 10)[:3])
    assert len(leases.take(replace(one, owner="other"), 10)) == 3


def test_a_run_that_ended_leases_nothing_and_takes_nothing(
    catalog: Catalog, leases: Leases, one: Lessee
) -> None:
    (key,) = leases.take(one, 1)
    catalog.runs.finish(one.run_id, "failed", {})
    assert leases.take(one, 1) == []
    assert not leases.left(one.run_id, one.kind)
    assert leases.record(one, [fetched(key)], {key: [price(key)]}) == {key}
    assert catalog.staged_prices.count(one.run_id) == 0


def test_an_item_of_a_later_run_is_no_earlier_lessees(
    catalog: Catalog, leases: Leases, one: Lessee
) -> None:
    keys = leases.take(one, 10)
    later = catalog.runs.start("prices-shop-again")
    catalog.items.plan(later, "shop", "price", KEYS)
    assert leases.record(one, [fetched(key) for key in keys], {}) == set(keys)
    assert len(leases.take(replace(one, run_id=later), 20)) == len(KEYS)


def test_failures_of_other_kinds_are_written_whoever_leases(
    catalog: Catalog, leases: Leases, one: Lessee
) -> None:
    listing = Item("shop", "listing", "http://shop", "failed", "gave_up")
    assert leases.record(one, [listing], {}) == set()
    assert catalog.items.failures() == {"gave_up": 1}


def test_a_killed_run_is_prepared_for_what_is_wanted_now(
    catalog: Catalog, leases: Leases, one: Lessee
) -> None:
    leases.take(one, 10)
    failed = replace(fetched(KEYS[1]), state="failed", reason="timeout")
    leases.record(one, [fetched(KEYS[0]), failed], {})
    leases.reopen(one.run_id, "price", KEYS[:5])
    assert catalog.items.states() == {"price": {"fetched": 1, "planned": 4}}


def test_places_lie_as_far_apart_as_the_rate_wants_whoever_takes_them(paces: Paces) -> None:
    waits = [paces.reserve("host", 10.0) for _ in range(3)]
    assert waits == pytest.approx([0, 10, 20], abs=1.0)
    assert paces.reserve("other", 10.0) == 0.0
    paces.hold("host", 5.0)
    assert paces.reserve("host", 10.0) == pytest.approx(30, abs=1.0), "that was longer"
    paces.hold("other", 100.0)
    assert paces.reserve("other", 10.0) == pytest.approx(100, abs=1.0)


def test_a_file_has_neither_leases_nor_paces(home) -> None:
    catalog = open_catalog(f"sqlite:///{home / 'catalog.db'}")
    assert (catalog.leases, catalog.paces) == (None, None)
    catalog.close()
