from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.handlings import SeenHandling, Work
from cratewatch.catalog.records import Item
from tests.postgres_server import engine_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def seen(number: int, run: str = "run", minute: float = 0, **values: Any) -> SeenHandling:
    began = NOON + timedelta(minutes=minute or number)
    fields: dict[str, Any] = {
        "footage_run": run,
        "number": number,
        "camera": "door",
        "started_at": began,
        "ended_at": began + timedelta(seconds=4.5),
        "seconds": 4.5,
        "person": 7,
        "cover_id": "c1",
        "artwork_id": "a1",
        "release_ids": ("shop:1", "shop:2"),
        "probability": 0.83,
        "known": True,
        "frames": 40,
        "crop_key": f"footage/{run}/{number}.jpg",
        "expires_at": NOON + timedelta(days=30),
    }
    return SeenHandling(**(fields | values))


def all_of(catalog: Catalog) -> list[SeenHandling]:
    return catalog.handlings.between(NOON - timedelta(days=900), NOON + timedelta(days=900))


def test_what_was_recorded_is_read_as_it_was_given(catalog: Catalog) -> None:
    unknown = seen(2, cover_id=None, artwork_id=None, release_ids=(), probability=None, known=False)
    given = [seen(1), unknown]
    assert catalog.handlings.record("run", given) == []
    assert all_of(catalog) == given
    assert catalog.handlings.span() == (given[0].started_at, given[1].started_at)
    assert catalog.handlings.counts() == {"door": 2}


def test_a_run_that_is_recorded_twice_is_recorded_once(catalog: Catalog) -> None:
    catalog.handlings.record("run", [seen(1), seen(2)])
    catalog.handlings.record("other", [seen(1, "other", minute=9)])
    assert catalog.handlings.record("run", [seen(1, frames=41)]) == ["footage/run/2.jpg"]
    assert [(h.footage_run, h.frames) for h in all_of(catalog)] == [("run", 41), ("other", 40)]


def test_handlings_are_found_by_time_camera_and_artwork(catalog: Catalog) -> None:
    catalog.handlings.record(
        "run", [seen(1), seen(2, camera="till"), seen(3, artwork_id="a2"), seen(4, artwork_id=None)]
    )
    find = catalog.handlings.between
    second, third = NOON + timedelta(minutes=2), NOON + timedelta(minutes=3)
    assert [h.number for h in find(second, third)] == [2]
    later = NOON + timedelta(days=1)
    assert [h.number for h in find(NOON, later, camera="door")] == [1, 3, 4]
    assert [h.number for h in find(NOON, later, artwork_ids=["a2", "a2", "a9"])] == [3]
    assert find(NOON, later, artwork_ids=[]) == []


def test_the_ledger_says_so_with_it(catalog: Catalog) -> None:
    run_id = catalog.runs.start("footage")
    item = Item("footage", "footage", "digest", "stored")
    catalog.handlings.record("run", [seen(1)], Work(run_id, [item]))
    assert catalog.items.done(run_id, "footage") == {"digest"}


def test_what_has_expired_lacks_picture_and_person_and_still_counts(catalog: Catalog) -> None:
    given = [
        seen(1),
        seen(2, artwork_id="a2"),
        seen(3),
        seen(4, person=8),
        seen(5, artwork_id=None, person=8),
        seen(6, artwork_id=None, person=8),
    ]
    catalog.handlings.record("run", given)
    catalog.handlings.record("other", [seen(1, "other", expires_at=NOON + timedelta(days=60))])
    month, never = NOON + timedelta(days=31), NOON - timedelta(days=99)
    assert catalog.handlings.expired(NOON, never) == {}
    assert list(catalog.handlings.expired(month, never)) == ["run"]
    assert list(catalog.handlings.expired(NOON, month)) == ["other", "run"], "kept for less now"
    assert len(catalog.handlings.expired(month, never)["run"]) == 6
    assert len(catalog.handlings.pictures("run")) == 6
    catalog.handlings.forget_persons("run", month, never)
    assert catalog.handlings.expired(month, never) == {}
    assert catalog.handlings.pictures("run") == {}
    left = [h for h in all_of(catalog) if h.footage_run == "run"]
    assert [h.person for h in left] == [-1, -2, -1, -4, -5, -6]
    assert {(h.crop_key, h.expires_at) for h in left} == {(None, None)}


def test_of_a_stream_what_is_younger_stays(catalog: Catalog) -> None:
    due, later = NOON + timedelta(days=30), NOON + timedelta(days=31)
    catalog.handlings.record("run", [seen(1, expires_at=due), seen(2, expires_at=later)])
    now, never = due + timedelta(hours=1), NOON - timedelta(days=99)
    assert catalog.handlings.expired(now, never) == {"run": ["footage/run/1.jpg"]}
    catalog.handlings.forget_persons("run", now, never)
    assert catalog.handlings.pictures("run") == {2: "footage/run/2.jpg"}
    assert [(h.person, h.expires_at) for h in all_of(catalog)] == [(-1, None), (7, later)]


def test_handlings_are_kept_no_longer_than_wanted(catalog: Catalog) -> None:
    catalog.handlings.record("run", [seen(1), seen(2, crop_key=None), seen(60)])
    assert catalog.handlings.forget_before(NOON + timedelta(minutes=30)) == 2
    assert catalog.handlings.all_pictures() == {"footage/run/60.jpg"}
    assert [h.number for h in all_of(catalog)] == [60]


def test_exports_are_noted(catalog: Catalog) -> None:
    catalog.audit.note("intent", "intent.csv", "2026-11-01 to 2026-11-30", 12)
    catalog.audit.note("footage", "outputs/run_01\x1b[2J", "", 3)
    first, second = catalog.audit.since()
    assert (first.what, first.target, first.rows) == ("intent", "intent.csv", 12)
    assert first.detail == "2026-11-01 to 2026-11-30"
    assert "@" in first.who
    assert second.target == "outputs/run_01[2J"
    assert list(catalog.audit.since(second.at)) == [second]


@pytest.mark.parametrize("change", ["UPDATE audit SET rows = 0", "DELETE FROM audit"])
def test_the_database_keeps_what_was_noted(catalog_url: str, change: str) -> None:
    with closing(open_catalog(catalog_url)) as catalog:
        catalog.audit.note("intent", "intent.csv", "", 12)
    engine = engine_of(catalog_url)
    with pytest.raises(Exception, match="rows of audit stay"), engine.begin() as connection:
        connection.execute(text(change))
    engine.dispose()
