"""Which stored images are asked for again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, update

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.database import now
from cratewatch.catalog.records import Cover, Fetched, Release
from cratewatch.catalog.schema import ImageRow

STORED = 10


def url(number: int) -> str:
    return f"http://shop/{number}.jpg"


def release(number: int, image: int | None = None) -> Release:
    image_url = url(number if image is None else image)
    return Release(source="shop", native_id=str(number), title="T", image_url=image_url)


@pytest.fixture
def stored(catalog: Catalog) -> Catalog:
    """A catalog with ten images, number n asked for n days ago; one of them of two releases."""
    run_id = catalog.runs.start("refresh-shop")
    catalog.stage(run_id, [*map(release, range(STORED)), release(100, image=9)])
    catalog.apply_crawl(run_id, "shop", complete=True)
    for number in range(STORED):
        cover = Cover(f"{number:064}", f"{number:064}", "shop", "u", 1, 1, "0" * 64, now())
        fetched = Fetched(url(number), "0" * 64, etag=f'"{number}"')
        catalog.covers.add(run_id, cover, url(number), fetched)
        _asked(catalog, number, now() - timedelta(days=number))
    return catalog


def _asked(catalog: Catalog, number: int, at: datetime) -> None:
    with catalog._db.transaction() as session:
        session.execute(
            update(ImageRow).where(ImageRow.image_url == url(number)).values(checked_at=at)
        )


def due(catalog: Catalog, share: float) -> list[str]:
    return [image.image_url for image in catalog.images.due("shop", share)]


def test_a_share_is_due_the_longest_not_asked_for_first(stored: Catalog) -> None:
    assert due(stored, 0.25) == [url(9), url(8), url(7)]
    assert due(stored, 0.1) == [url(9)]  # none other was last asked for over five days ago
    assert due(stored, 0.0) == due(stored, 0.05) == []
    assert due(stored, 1.0) == [url(number) for number in range(9, 0, -1)]
    assert stored.images.due("market", 1.0) == []


def test_what_was_asked_for_is_not_due_and_keeps_what_it_is_known_by(stored: Catalog) -> None:
    image = stored.images.due("shop", 0.1)[0]
    assert image.fetched == Fetched(url(9), "0" * 64, etag='"9"')
    other = Fetched("http://shop/8-large.jpg", "1" * 64, last_modified="yesterday")
    stored.images.note_checked("shop", {url(9): None, url(8): other})
    assert due(stored, 0.25) == [url(7), url(6), url(5)]
    for number in (9, 8):
        _asked(stored, number, now() - timedelta(days=60))
    known = {one.image_url: one.fetched for one in stored.images.due("shop", 1.0)}
    assert (known[url(9)], known[url(8)]) == (image.fetched, other)


def test_only_what_is_listed_and_stored_is_due(stored: Catalog) -> None:
    run_id = stored.runs.start("refresh-shop")
    moved = [release(n, image=n + 50 if n == 7 else None) for n in range(STORED) if n != 8]
    stored.stage(run_id, [*moved, release(100, image=9)])
    stored.apply_crawl(run_id, "shop", complete=True)
    assert due(stored, 0.25) == [url(9), url(6)]


def test_a_time_by_a_clock_that_was_wrong_is_not_believed(stored: Catalog) -> None:
    _asked(stored, 3, now() + timedelta(days=900))
    assert url(3) in due(stored, 1.0)


def test_an_image_of_which_nothing_is_known_is_asked_for_by_the_age_of_its_cover(
    stored: Catalog,
) -> None:
    with stored._db.transaction() as session:
        session.execute(delete(ImageRow))
    assert due(stored, 1.0) == []
    old = now() - timedelta(days=90)
    cover = Cover("f" * 64, "f" * 64, "shop", "u", 1, 1, "0" * 64, old)
    stored.covers.add(stored.runs.start("refresh-shop"), cover, url(4))
    (image,) = stored.images.due("shop", 1.0)
    assert (image.image_url, image.cover_id, image.fetched) == (url(4), "f" * 64, None)
