from datetime import datetime
from decimal import Decimal

import pytest

from cratewatch.catalog.catalog import Catalog
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


def read(catalog: Catalog, run_id: str, *numbers: int) -> None:
    items = [Item("shop", "page", f"http://shop/{number}", "fetched") for number in numbers]
    catalog.items.record(run_id, items)


@pytest.mark.parametrize("says", ["nothing", "that it is gone"])
def test_a_page_without_its_release_is_unreachable_first_and_then_withdrawn(
    catalog: Catalog, says: str
) -> None:
    def night(*, lost: bool) -> Diff:
        run_id = catalog.runs.start("refresh")
        catalog.stage(run_id, [release(0)] if lost else [release(0), release(1)])
        read(catalog, run_id, 0, 1)
        if lost and says != "nothing":
            catalog.items.record(run_id, [failed("page", "http://shop/1", "product_gone")])
        return catalog.apply_crawl(run_id, "shop", complete=True)

    night(lost=False)
    assert night(lost=True) == Diff(0, 0, 1, withdrawn=0, unreachable=1)
    assert night(lost=False) == Diff(0, 0, 2, withdrawn=0)
    assert night(lost=True) == Diff(0, 0, 1, withdrawn=0, unreachable=1)
    assert night(lost=True) == Diff(0, 0, 1, withdrawn=1)
    assert night(lost=True) == Diff(0, 0, 1, withdrawn=0)
    assert night(lost=False) == Diff(1, 0, 1, withdrawn=0)


def test_a_page_that_shows_another_release_keeps_the_first_one_for_a_night(
    catalog: Catalog,
) -> None:
    crawl(catalog, release(1))
    for expected in (Diff(1, 0, 0, 0, unreachable=1), Diff(0, 0, 1, withdrawn=1)):
        run_id = catalog.runs.start("refresh")
        catalog.stage(run_id, [release(2, page_url="http://shop/1")])
        read(catalog, run_id, 1)
        assert catalog.apply_crawl(run_id, "shop", complete=True) == expected


def test_a_night_without_the_whole_listing_is_no_sight_of_a_lost_release(
    catalog: Catalog,
) -> None:
    crawl(catalog, release(1))
    for complete, expected in ((False, 0), (False, 0), (True, 0), (True, 1)):
        run_id = catalog.runs.start("refresh")
        read(catalog, run_id, 1)
        diff = catalog.apply_crawl(run_id, "shop", complete=complete)
        assert (diff.withdrawn, diff.unreachable) == (expected, 1 - expected)


@pytest.mark.parametrize("field", ["title", "artist"])
def test_a_source_that_renames_most_of_its_stock_changes_nothing(
    catalog: Catalog, field: str
) -> None:
    crawl(catalog, *map(release, range(10)))
    night = [release(n, **{field: "Album of the Week"}) for n in range(6)]
    night += [release(n, price=Decimal(1)) for n in range(6, 9)]
    run_id = catalog.runs.start("refresh")
    catalog.stage(run_id, [*night, release(11)])
    with pytest.raises(CheckError, match=r"rename 6 of 10 .* max_changed_share = 0\.5"):
        catalog.apply_crawl(run_id, "shop", complete=True, max_changed_share=0.5)
    catalog.runs.finish(run_id, "failed", {})
    assert crawl(catalog, *map(release, range(10))) == Diff(0, 0, 10, 0)
    assert offers(catalog, 7) == [(Decimal("9.90"), "EUR")]
    run_id = catalog.runs.start("refresh")
    catalog.stage(run_id, [*night[1:], release(0), release(9)])
    diff = catalog.apply_crawl(run_id, "shop", complete=True, max_changed_share=0.5)
    assert diff == Diff(0, 8, 2, 0)


def test_sources_do_not_withdraw_each_other(catalog: Catalog) -> None:
    crawl(catalog, release(1))
    run_id = catalog.runs.start("refresh")
    catalog.stage(run_id, [Release(source="other", native_id="1", title="t")])
    assert catalog.apply_crawl(run_id, "other", complete=True).withdrawn == 0


def test_more_releases_than_a_chunk(catalog: Catalog, few_at_once: int) -> None:
    count = 2 * few_at_once + 7
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
