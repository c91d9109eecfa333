from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import update

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.changes import Change
from cratewatch.catalog.comparing import RefusedError
from cratewatch.catalog.database import now
from cratewatch.catalog.records import Cover, Diff, Item, Release
from cratewatch.catalog.schema_of_runs import RunRow
from cratewatch.errors import CheckError, NotFoundError

Stage = Callable[..., str]


def release(number: int, **values: object) -> Release:
    fields: dict[str, object] = {
        "artist": f"Artist {number}",
        "title": f"Title {number}",
        "page_url": f"http://shop/{number}",
        "price": Decimal("9.90"),
        "currency": "EUR",
    }
    return Release(source="shop", native_id=str(number), **(fields | values))  # type: ignore[arg-type]


@pytest.fixture
def stage(catalog: Catalog) -> Stage:
    """Return a function: releases to the run that staged them."""

    def run(*releases: Release, kind: str = "refresh-shop") -> str:
        run_id = catalog.runs.start(kind)
        catalog.stage(run_id, releases)
        return run_id

    return run


def short(changes: list[Change]) -> list[tuple[str, str | None, str | None]]:
    return [(change.kind, change.release_id, change.title) for change in changes]


def test_each_release_that_is_new_changed_or_withdrawn_is_kept(
    catalog: Catalog, stage: Stage
) -> None:
    first = stage(*map(release, range(4)))
    catalog.apply_crawl(first, "shop", complete=True)
    assert short(list(catalog.changes.of(first))) == [
        ("new", f"shop:{n}", f"Title {n}") for n in range(4)
    ]
    dearer = {"price": Decimal(12), "in_stock": True, "year": 1959, "genres": ("Jazz", "Dub")}
    second = stage(release(0), release(1, **dearer), release(2), release(9))
    diff = catalog.apply_crawl(second, "shop", complete=True)
    assert diff == Diff(new=1, changed=1, unchanged=2, withdrawn=1)
    new, *changed, withdrawn = catalog.changes.of(second)
    assert short([new, withdrawn]) == [
        ("new", "shop:9", "Title 9"),
        ("withdrawn", "shop:3", "Title 3"),
    ]
    assert (new.artist, new.address, new.field, new.after) == (
        "Artist 9",
        "http://shop/9",
        None,
        None,
    )
    assert [(c.release_id, c.field, c.before, c.after) for c in changed] == [
        ("shop:1", "genres", "", "Jazz, Dub"),
        ("shop:1", "in_stock", None, "true"),
        ("shop:1", "price", "9.90", "12"),
        ("shop:1", "year", None, "1959"),
    ]


def test_what_a_refused_run_would_have_changed_is_kept_and_nothing_is_changed(
    catalog: Catalog, stage: Stage
) -> None:
    catalog.apply_crawl(stage(*map(release, range(10))), "shop", complete=True)
    refused = stage(*(release(n, title="changed") for n in range(4)), release(77))
    with pytest.raises(RefusedError, match="withdraw 6 of 10") as raised:
        catalog.apply_crawl(refused, "shop", complete=True, max_withdrawn_share=0.5)
    assert raised.value.reason == "would withdraw 60 %"
    assert isinstance(raised.value, CheckError)
    assert raised.value.would == Diff(new=1, changed=4, unchanged=0, withdrawn=6)
    catalog.runs.finish(refused, "failed", {"error": "x", "would": {"new": 1}})
    found = list(catalog.changes.of(refused))
    assert short(found[:1]) == [("new", "shop:77", "Title 77")]
    assert (found[0].artist, found[0].address) == ("Artist 77", "http://shop/77")
    assert [(c.before, c.after) for c in found if c.kind == "changed"] == [
        (f"Title {n}", "changed") for n in range(4)
    ]
    assert len([c for c in found if c.kind == "withdrawn"]) == 6
    assert catalog.counts()["withdrawn"] == 0
    assert [release.title for release in catalog.releases.by_id(["shop:0"]).values()] == ["Title 0"]
    assert not catalog.runs.find(refused).applied


def test_a_run_that_is_gone_on_with_keeps_each_change_once(catalog: Catalog, stage: Stage) -> None:
    catalog.apply_crawl(stage(*map(release, range(4))), "shop", complete=True)
    run_id = stage(release(0))
    for _ in range(2):
        with pytest.raises(RefusedError):
            catalog.apply_crawl(run_id, "shop", complete=True, max_withdrawn_share=0.5)
    assert len(list(catalog.changes.of(run_id))) == 3
    catalog.apply_crawl(run_id, "shop", complete=True)
    assert catalog.apply_crawl(run_id, "shop", complete=True).withdrawn == 3  # applied once
    assert len(list(catalog.changes.of(run_id))) == 3
    assert catalog.runs.find(run_id).applied


def test_failures_stay_with_the_run_in_which_they_happened(catalog: Catalog, stage: Stage) -> None:
    first = stage()
    item = Item("shop", "page", "http://shop/5", "failed", "http_500", "it said no")
    catalog.items.record(first, [item])
    catalog.runs.finish(first, "done", {})
    second = stage()
    catalog.items.record(second, [Item("shop", "page", "http://shop/5", "fetched")])
    catalog.runs.finish(second, "done", {})
    (failure,) = catalog.changes.of(first)
    assert (failure.kind, failure.field, failure.address) == ("failed", "page", "http://shop/5")
    assert failure.detail == "http_500: it said no"
    assert not list(catalog.changes.of(second))


def test_more_changes_than_a_page_are_told_in_order_and_once(
    catalog: Catalog, stage: Stage, few_at_once: int
) -> None:
    many = [release(number) for number in range(2 * few_at_once + 3)]
    run_id = stage(*many)
    catalog.apply_crawl(run_id, "shop", complete=True)
    ids = [change.release_id for change in catalog.changes.of(run_id)]
    assert sorted(ids, key=str) == sorted(release.release_id for release in many)
    run_id = stage(*(release(number, year=1970, label="L") for number in range(len(many))))
    diff = catalog.apply_crawl(run_id, "shop", complete=True)
    fields = [(change.release_id, change.field) for change in catalog.changes.of(run_id)]
    assert len(fields) == len(set(fields)) == 2 * diff.changed == 2 * len(many)


def test_the_last_refresh_of_each_source_is_found_by_itself(catalog: Catalog, stage: Stage) -> None:
    assert catalog.runs.last_refreshes() == []
    for kind, state in (
        ("refresh-shop", "done"),
        ("refresh-shop", "failed"),
        ("retry-shop", "done"),
        ("refresh-label", "done"),
        ("import", "done"),
    ):
        catalog.runs.finish(stage(kind=kind), state, {})
    stage(kind="refresh-shop")  # under way
    found = [(run.run_id.split("-", 1)[1][:-7], run.state) for run in catalog.runs.last_refreshes()]
    assert found == [("refresh-label", "done"), ("refresh-shop", "failed")]


def test_a_run_that_is_not_there_is_told_with_those_that_are_near(
    catalog: Catalog, stage: Stage
) -> None:
    run_id = stage()
    with pytest.raises(NotFoundError, match=f"the nearest are {run_id}"):
        catalog.runs.find(run_id[:-2])


def test_changes_of_old_runs_are_forgotten(catalog: Catalog, stage: Stage) -> None:
    run_id = stage(release(1))
    catalog.apply_crawl(run_id, "shop", complete=True)
    catalog.changes.forget_before(now() - timedelta(days=1))
    assert list(catalog.changes.of(run_id))
    catalog.changes.forget_before(now() + timedelta(seconds=2))
    assert not list(catalog.changes.of(run_id))


def test_what_is_known_of_a_source_is_copied_and_nothing_else(
    catalog: Catalog, stage: Stage, tmp_path: Path
) -> None:
    run_id = stage(release(1, image_url="i"), release(2))
    other = Release(source="other", native_id="1", title="t")
    catalog.apply_crawl(run_id, "shop", complete=True)
    catalog.apply_crawl(stage(other, kind="refresh-other"), "other", complete=True)
    catalog.items.record(run_id, [Item("shop", "page", "http://shop/1", "failed", "http_500")])
    cover = Cover("c" * 64, "c" * 64, "shop", "i", 1, 1, "0" * 64, now())
    catalog.covers.add(run_id, cover, "i")
    with closing(open_catalog(f"sqlite:///{tmp_path / 'copy.db'}")) as copy:
        catalog.copy_source("shop", copy)
        assert copy.releases.known_pages("shop") == catalog.releases.known_pages("shop")
        assert copy.releases.by_id(["shop:1", "other:1"]) == catalog.releases.by_id(["shop:1"])
        assert copy.covers.all() == [cover]
        assert copy.items.failures() == {"http_500": 1}
        with copy._db.transaction() as session:  # the run itself is not there
            assert session.execute(update(RunRow).values(kind="x")).rowcount == 0  # type: ignore[attr-defined]
