from datetime import datetime
from decimal import Decimal

import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.database import ROWS_AT_ONCE
from cratewatch.catalog.records import Diff, Item, ItemKind, Release
from cratewatch.errors import CheckError


def release(number: int, **values: object) -> Release:
    fields: dict[str, object] = {
        "title": f"Title {number}",
        "page_url": f"http://shop/{number}",
        "image_url": f"http://shop/{number}.jpg",
        "price": Decimal("9.90"),
        "currency": "EUR",
    }
    return Release(source="shop", native_id=str(number), **(fields | values))  # type: ignore[arg-type]


def failed(kind: ItemKind, key: str, reason: str) -> Item:
    return Item("shop", kind, key, "failed", reason)


def crawl(catalog: Catalog, *releases: Release, complete: bool = True, share: float = 1.0) -> Diff:
    run_id = catalog.runs.start("refresh")
    catalog.stage(run_id, releases)
    return catalog.apply_crawl(run_id, "shop", complete=complete, max_withdrawn_share=share)


def offers(catalog: Catalog, number: int) -> list[tuple[Decimal | None, str | None]]:
    from sqlalchemy import select

    from cratewatch.catalog.schema import OfferRow

    with catalog._db.transaction() as session:
        rows = session.scalars(
            select(OfferRow)
            .where(OfferRow.release_id == f"shop:{number}")
            .order_by(OfferRow.seen_at)
        )
        return [(row.price, row.currency) for row in rows]


def test_a_night_is_counted_by_what_changed(catalog: Catalog) -> None:
    assert crawl(catalog, *map(release, range(5))) == Diff(5, 0, 0, 0)
    second = [release(1), release(2, price=Decimal("12")), release(3), release(4), release(9)]
    assert crawl(catalog, *second) == Diff(new=1, changed=1, unchanged=3, withdrawn=1)
    assert crawl(catalog, *second) == Diff(new=0, changed=0, unchanged=5, withdrawn=0)
    assert catalog.counts()["releases"] == 5
    assert catalog.counts()["withdrawn"] == 1


def test_a_release_that_comes_back_is_new_and_keeps_its_first_sight(catalog: Catalog) -> None:
    crawl(catalog, release(1), release(2))
    crawl(catalog, release(1))
    assert crawl(catalog, release(1), release(2)) == Diff(1, 0, 1, 0)
    assert catalog.counts()["withdrawn"] == 0


def test_offers_are_a_history_of_changes(catalog: Catalog) -> None:
    for price in ("9.90", "9.90", "11.00", "9.90"):
        crawl(catalog, release(1, price=Decimal(price)))
    assert offers(catalog, 1) == [
        (Decimal("9.90"), "EUR"),
        (Decimal("11.00"), "EUR"),
        (Decimal("9.90"), "EUR"),
    ]


def test_a_new_title_alone_adds_no_offer(catalog: Catalog) -> None:
    crawl(catalog, release(1))
    assert crawl(catalog, release(1, title="Another")).changed == 1
    assert len(offers(catalog, 1)) == 1


def test_an_incomplete_crawl_withdraws_nothing(catalog: Catalog) -> None:
    crawl(catalog, release(1), release(2))
    assert crawl(catalog, release(1), complete=False) == Diff(0, 0, 1, 0)


def test_a_page_that_failed_keeps_its_release_and_one_that_is_gone_does_not(
    catalog: Catalog,
) -> None:
    crawl(catalog, *map(release, range(4)))
    run_id = catalog.runs.start("refresh")
    catalog.stage(run_id, [release(0), release(1)])
    for number, reason in ((2, "http_500"), (3, "http_404")):
        catalog.items.record(run_id, [failed("page", f"http://shop/{number}", reason)])
    diff = catalog.apply_crawl(run_id, "shop", complete=True)
    assert diff == Diff(new=0, changed=0, unchanged=2, withdrawn=1, unreachable=1)


def test_a_page_of_a_very_long_address_that_failed_keeps_its_release(catalog: Catalog) -> None:
    pages = [f"http://shop/{number}?{'x' * 1500}" for number in range(3)]
    crawl(catalog, *(release(number, page_url=page) for number, page in enumerate(pages)))
    run_id = catalog.runs.start("refresh")
    catalog.items.record(run_id, [failed("page", pages[1], "http_500")])
    diff = catalog.apply_crawl(run_id, "shop", complete=True)
    assert diff == Diff(new=0, changed=0, unchanged=0, withdrawn=2, unreachable=1)


def test_a_source_that_lost_most_of_its_stock_changes_nothing(catalog: Catalog) -> None:
    crawl(catalog, *map(release, range(10)))
    with pytest.raises(CheckError, match="withdraw 6 of 10"):
        crawl(catalog, *(release(n, title="changed") for n in range(4)), share=0.5)
    assert catalog.counts()["withdrawn"] == 0
    assert crawl(catalog, *map(release, range(10))) == Diff(0, 0, 10, 0)


def test_sources_do_not_withdraw_each_other(catalog: Catalog) -> None:
    crawl(catalog, release(1))
    run_id = catalog.runs.start("refresh")
    catalog.stage(run_id, [Release(source="other", native_id="1", title="t")])
    assert catalog.apply_crawl(run_id, "other", complete=True).withdrawn == 0


def test_more_releases_than_a_chunk(catalog: Catalog) -> None:
    count = ROWS_AT_ONCE + 103
    many = [release(number) for number in range(count)]
    assert crawl(catalog, *many).new == count
    assert crawl(catalog, *many[:-3]) == Diff(0, 0, count - 3, 3)


def test_a_release_seen_twice_in_a_crawl_counts_once(catalog: Catalog) -> None:
    assert crawl(catalog, release(1), release(1, title="later")) == Diff(1, 0, 0, 0)


def test_a_release_survives_its_json() -> None:
    full = release(1, genres=("jazz", "dub"), year=1959, artist="Ä")
    assert Release.from_json(full.to_json()) == full
    assert full.content_hash() == Release.from_json(full.to_json()).content_hash()


def test_failures_are_counted_per_run_and_forgotten_when_they_heal(catalog: Catalog) -> None:
    first, second = catalog.runs.start("refresh"), catalog.runs.start("refresh")
    for key, reason in (("a", "http_404"), ("b", "truncated"), ("c", "truncated")):
        catalog.items.record(first, [failed("cover", key, reason)])
    assert catalog.items.failures_of_run(first) == {"http_404": 1, "truncated": 2}
    catalog.items.record(second, [failed("cover", "b", "truncated")])
    catalog.items.forget_old("shop", second)
    assert catalog.items.failures() == {"truncated": 1}


def test_a_page_that_heals_is_forgotten_even_by_an_incomplete_crawl(catalog: Catalog) -> None:
    first = catalog.runs.start("refresh")
    for number in (1, 2):
        catalog.items.record(first, [failed("page", f"http://shop/{number}", "http_500")])
    crawl(catalog, release(1), complete=False)
    assert catalog.items.failures() == {"http_500": 1}


def test_a_run_that_was_refused_leaves_no_staged_releases(catalog: Catalog) -> None:
    run_id = catalog.runs.start("refresh")
    catalog.stage(run_id, [release(1)])
    catalog.runs.finish(run_id, "failed", {})
    assert catalog.apply_crawl(run_id, "shop", complete=True) == Diff(0, 0, 0, 0)


def test_runs_are_kept_with_their_report(catalog: Catalog) -> None:
    run_id = catalog.runs.start("refresh-shop")
    assert catalog.runs.latest()[0]["state"] == "running"
    catalog.runs.finish(run_id, "done", {"new": 3})
    last = catalog.runs.latest()[0]
    assert (last["run_id"], last["state"], last["report"]) == (run_id, "done", {"new": 3})
    assert datetime.fromisoformat(last["started_at"]).tzinfo is not None
