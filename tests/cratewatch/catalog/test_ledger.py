"""Runs and the states of their items."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.item_states import UNREADABLE
from cratewatch.catalog.items import Items
from cratewatch.catalog.records import MAX_KEY, Item, ItemKind, Release, item_key, storable
from cratewatch.catalog.runs import RESUME_WITHIN


def failed(key: str, reason: str = "http_500", kind: ItemKind = "page") -> Item:
    return Item("shop", kind, key, "failed", reason, "why")


def fetched(key: str) -> Item:
    return Item("shop", "page", key, "fetched")


def page(number: int) -> Release:
    return Release(source="shop", native_id=str(number), title="t", page_url=f"http://s/{number}")


def test_a_killed_run_is_taken_up_with_what_it_had_reported(catalog: Catalog) -> None:
    killed = catalog.runs.resume("refresh-shop")
    assert killed.report == {}
    catalog.runs.note(killed.run_id, crawl={"items": 3})
    catalog.runs.note(killed.run_id, diff={"new": 3})
    again = catalog.runs.resume("refresh-shop")
    assert again.run_id == killed.run_id
    assert again.report == {"crawl": {"items": 3}, "diff": {"new": 3}}
    assert catalog.runs.resume("refresh-other").run_id != killed.run_id


@pytest.mark.parametrize("state", ["done", "failed"])
def test_a_run_that_ended_is_not_taken_up(catalog: Catalog, state: str) -> None:
    ended = catalog.runs.resume("refresh-shop")
    catalog.runs.finish(ended.run_id, state, {})
    assert catalog.runs.resume("refresh-shop").run_id != ended.run_id


def test_a_run_that_failed_is_taken_up_where_that_is_asked_for(catalog: Catalog) -> None:
    began = catalog.runs.resume("renew-model")
    catalog.runs.finish(began.run_id, "failed", {"model": "m", "error": "away"})
    again = catalog.runs.resume("renew-model", failed=True)
    assert (again.run_id, again.report) == (began.run_id, {"model": "m", "error": "away"})
    assert [run["state"] for run in catalog.runs.latest()] == ["running"]
    catalog.runs.finish(began.run_id, "failed", {})
    catalog.runs.finish(catalog.runs.start("renew-model"), "done", {})
    last = catalog.runs.resume("renew-model", failed=True)  # what failed before is history
    assert last.report == {}
    assert last.run_id != began.run_id


def test_a_run_killed_long_ago_is_given_up(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cratewatch.catalog import runs

    killed = catalog.runs.resume("refresh-shop")
    later = datetime.now(UTC) + RESUME_WITHIN + timedelta(minutes=1)
    monkeypatch.setattr(runs, "now", lambda: later)
    assert catalog.runs.resume("refresh-shop").run_id != killed.run_id
    (old,) = [run for run in catalog.runs.latest() if run["run_id"] == killed.run_id]
    assert (old["state"], old["report"]) == ("failed", {"error": "the process was killed"})


def test_only_a_run_that_ended_well_is_a_success(catalog: Catalog) -> None:
    assert catalog.runs.last_success("refresh-shop") is None
    run_id = catalog.runs.start("refresh-shop")
    catalog.runs.finish(run_id, "failed", {})
    assert catalog.runs.last_success("refresh-shop") is None
    good = catalog.runs.start("refresh-shop")
    catalog.runs.finish(good, "done", {})
    success = catalog.runs.last_success("refresh-shop")
    assert success is not None
    assert f"{success:%Y%m%dT%H%M%S}" == good[:15]


def test_planning_again_keeps_what_the_run_has_done(catalog: Catalog) -> None:
    items = catalog.items
    items.plan("one", "shop", "page", ["a", "b", "c", "a"])
    items.record("one", [fetched("a"), failed("b")])
    items.plan("one", "shop", "page", ["a", "b", "c"])
    assert items.states() == {"page": {"failed": 1, "fetched": 1, "planned": 1}}
    assert items.done("one", "page") == {"a"}
    items.plan("two", "shop", "page", ["a", "b", "c"])
    assert items.states() == {"page": {"planned": 3}}
    assert items.done("one", "page") == items.done("two", "page") == set()


def test_attempts_are_counted_until_one_succeeds(catalog: Catalog) -> None:
    items = catalog.items

    def attempts() -> list[int]:
        return [example["attempts"] for example in items.failure_examples(9)["http_500"]]

    for run in ("one", "two"):
        items.plan(run, "shop", "page", ["a"])
        items.record(run, [failed("a")])
    assert attempts() == [2]
    items.record("three", [fetched("a")])
    assert items.failure_examples(9) == {}
    items.record("four", [failed("a")])
    assert attempts() == [1]


def test_an_item_that_is_written_twice_at_once_has_its_last_state(catalog: Catalog) -> None:
    catalog.items.record("one", [failed("a"), fetched("a"), failed("b"), failed("b", "http_404")])
    assert catalog.items.states() == {"page": {"failed": 1, "fetched": 1}}
    assert catalog.items.failures() == {"http_404": 1}


def test_examples_show_what_failed_most_often_first(catalog: Catalog) -> None:
    items: Items = catalog.items
    items.record("one", [failed(key) for key in "abcd"])
    items.record("two", [failed("c")])
    items.record("two", [failed("x", "truncated", "cover")])
    examples = items.failure_examples(2)
    assert [e["key"] for e in examples["http_500"]] == ["c", "a"]
    assert examples["truncated"][0] | {"failed_at": None} == {
        "source": "shop",
        "kind": "cover",
        "key": "x",
        "detail": "why",
        "attempts": 1,
        "failed_at": None,
    }
    assert items.sources_to_retry() == ["shop"]
    assert items.failed("shop", "page") == set("abcd")
    assert items.failed("shop", "page", but=("http_500",)) == set()


def test_pages_follow_their_releases(catalog: Catalog) -> None:
    run = catalog.runs.start("refresh")
    catalog.stage(run, [page(1), page(2)], [fetched("http://s/1"), fetched("http://s/2")])
    catalog.apply_crawl(run, "shop", complete=True)
    assert catalog.items.states() == {"page": {"stored": 2}}
    run = catalog.runs.start("refresh")
    catalog.stage(run, [page(1)], [fetched("http://s/1")])
    catalog.apply_crawl(run, "shop", complete=True)
    catalog.items.forget_old("shop", run)
    assert catalog.items.states() == {"page": {"stored": 1, "withdrawn": 1}}


def test_a_whole_run_forgets_a_listing_that_failed_and_keeps_what_was_not_embedded(
    catalog: Catalog,
) -> None:
    items: Items = catalog.items
    items.record("one", [failed("http://s/1.jpg", UNREADABLE, "cover"), failed("a", kind="cover")])
    items.record("two", [failed("http://s/sitemap.xml", kind="listing")])
    items.forget_old("shop", "two")
    assert items.failures() == {UNREADABLE: 1}


def test_what_no_run_came_to_for_long_is_forgotten(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cratewatch.catalog import items, runs

    monkeypatch.setattr(items, "FORGOTTEN_AT_ONCE", 2)
    long_ago = datetime.now(UTC) - timedelta(days=400)
    monkeypatch.setattr(runs, "now", lambda: long_ago)
    old, killed = catalog.runs.start("import"), catalog.runs.start("refresh-shop")
    catalog.runs.finish(old, "done", {})
    monkeypatch.undo()
    monkeypatch.setattr(items, "FORGOTTEN_AT_ONCE", 2)
    new = catalog.runs.start("refresh-other")
    catalog.items.record(old, [fetched(key) for key in "abcde"])
    catalog.items.record(old, [failed("f", UNREADABLE, "cover"), failed("g")])
    catalog.items.record(old, [Item("footage", "footage", "a.mp4", "fetched")])
    catalog.items.record(killed, [fetched("h")])
    catalog.items.record(new, [fetched("i"), fetched("a")])
    assert catalog.items.forget_before(datetime.now(UTC) - timedelta(days=365)) == 5
    left = {"cover": {"failed": 1}, "footage": {"fetched": 1}, "page": {"fetched": 3}}
    assert catalog.items.states() == left
    assert catalog.items.forget_before(datetime.now(UTC) - timedelta(days=365)) == 0


def test_what_a_killed_retry_had_planned_is_still_to_be_retried(catalog: Catalog) -> None:
    items: Items = catalog.items
    items.record("night", [failed("a"), failed("b")])
    items.plan("retry", "shop", "page", ["a", "b"])
    items.record("retry", [fetched("a")])
    assert items.failed("shop", "page") == set()
    assert items.planned("retry", "page") == {"b"}
    assert items.sources_to_retry() == ["shop"]


def test_a_difference_is_reported_with_its_application(catalog: Catalog) -> None:
    run = catalog.runs.resume("refresh-shop")
    catalog.stage(run.run_id, [page(1)])
    catalog.apply_crawl(run.run_id, "shop", complete=True)
    assert catalog.runs.resume("refresh-shop").report["diff"]["new"] == 1


def test_a_run_is_applied_once(catalog: Catalog) -> None:
    run = catalog.runs.start("refresh-shop")
    catalog.stage(run, [page(1), page(2)])
    diff = catalog.apply_crawl(run, "shop", complete=True)
    assert catalog.apply_crawl(run, "shop", complete=True) == diff
    assert catalog.counts()["withdrawn"] == 0


def test_what_was_staged_is_known_by_its_page(catalog: Catalog) -> None:
    catalog.stage("one", [page(1), page(2)])
    catalog.stage("two", [page(3)])
    assert catalog.staged("one") == {"shop:1": "http://s/1", "shop:2": "http://s/2"}


@pytest.mark.parametrize("text", ["ü" * 3000, "http://s/" + "x" * 5000, "a\0b", "half \ud800 pair"])
def test_any_text_fits_as_a_key_and_stays_distinct(catalog: Catalog, text: str) -> None:
    keys = [text, text + "!"]
    catalog.items.plan("one", "shop", "page", keys)
    catalog.items.record("one", [fetched(text)])
    assert catalog.items.states() == {"page": {"fetched": 1, "planned": 1}}
    assert max(len(item_key(key).encode()) for key in keys) <= MAX_KEY


def test_a_release_of_any_text_can_be_stored(catalog: Catalog) -> None:
    release = Release(
        source="shop", native_id="1", title="NUL \0", artist="half \ud800", genres=("\0",)
    )
    run = catalog.runs.start("refresh")
    catalog.stage(run, [release])
    assert catalog.apply_crawl(run, "shop", complete=True).new == 1
    assert (release.title, release.artist) == ("NUL ", "half ?")


@pytest.mark.parametrize(
    "text", ["", "NULL", "null", 'a "b" \\c', "{a,b}", "ä\n\tö", "'; --", "a%sb :c $1", "\\N"]
)
def test_any_text_comes_back_as_it_was_written(catalog: Catalog, text: str) -> None:
    items = [Item("shop", "page", f"k{text}", "failed", "http_500", text), failed("other")]
    catalog.items.record("one", items)
    details = {e["key"]: e["detail"] for e in catalog.items.failure_examples(9)["http_500"]}
    assert details == {item_key(f"k{text}"): storable(text), "other": "why"}
