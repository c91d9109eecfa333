"""Crawls of a file of listings, and of the images that it names."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from cratewatch.catalog.schema import ReleaseRow
from cratewatch.sources.listings_file.settings import ListingsFileSource


def listing(n: int, image: str, **fields: Any) -> dict[str, Any]:
    return {
        "product_id": str(n),
        "title": f"Artist {n} - Album {n}",
        "sold_price": f"{n}.50",
        "currency": "EUR",
        "sold_date": "2026-03-01",
        "condition": "VG+",
        "image_urls": [image],
    } | fields


@pytest.fixture
def sold(site, workplace, draw_jpeg) -> Any:
    """Return a function that crawls a file of listings, whose images the site has."""

    def source(listings: list[dict[str, Any]], **fields: Any) -> ListingsFileSource:
        file = workplace.folder / "sold.json"
        file.write_text(json.dumps(listings))
        fast: dict[str, Any] = {"rate_per_s": 100, "retries": 0, "obey_robots": False}
        return ListingsFileSource(
            spider="listings_file", file=str(file), url=site.url, **(fast | fields)
        )

    for n in range(3):
        site.add(f"/{n}.jpg", draw_jpeg(n))
    return source


def test_listings_become_releases_prices_and_covers(site, workplace, sold) -> None:
    source = sold([listing(n, f"{site.url}/{n}.jpg") for n in range(1, 3)] + [{"title": "?"}])
    report = workplace.crawl("releases", source)
    assert (report.items, report.failed, report.requests) == (2, {"no_id": 1}, 0)
    assert not report.lists_all, "what a file does not name is not withdrawn"
    workplace.catalog.apply_crawl(workplace.run_id, "shop", complete=report.lists_all)
    assert workplace.catalog.staged_prices.sum_up(workplace.run_id).prices == 2
    assert workplace.catalog.publish_prices(workplace.run_id).new == 2
    assert {str(o.price) for o in workplace.catalog.observations.all()} == {"1.50", "2.50"}
    covers = workplace.crawl("covers", source)
    assert (covers.items, covers.failed) == (2, {})


def test_the_same_file_again_doubles_nothing(site, workplace, sold) -> None:
    source = sold([listing(1, f"{site.url}/1.jpg")])
    for _ in range(2):
        workplace.crawl("releases", source)
        workplace.catalog.apply_crawl(workplace.run_id, "shop", complete=False)
        published = workplace.catalog.publish_prices(workplace.run_id)
        assert published == workplace.catalog.publish_prices(workplace.run_id)
        workplace.next_night()
    assert (published.new, published.known) == (0, 1)


def test_an_image_is_tried_until_it_expires_and_why_it_failed_is_kept(
    site, workplace, sold
) -> None:
    site.add("/gone.jpg", b"signature expired", status=403)
    source = sold([listing(1, f"{site.url}/gone.jpg?Expires=1")], images_expire_days=10)
    site.replies["/gone.jpg?Expires=1"] = site.replies["/gone.jpg"]
    workplace.crawl("releases", source)
    workplace.catalog.apply_crawl(workplace.run_id, "shop", complete=False)
    assert workplace.crawl("covers", source).failed == {"http_403": 1}
    with workplace.catalog._db.transaction() as session:
        long_ago = datetime.now(UTC) - timedelta(days=11)
        session.execute(update(ReleaseRow).values(first_seen=long_ago))
    for _ in range(2):
        workplace.next_night()
        assert workplace.crawl("covers", source).failed == {"expired": 1}
    assert site.count("/gone.jpg?Expires=1") == 1
    (found,) = workplace.catalog.items.failure_details("shop", "cover").values()
    assert found == f"given up after 10 days; the last: http_403 {site.url}/gone.jpg?Expires=1"


def test_a_file_that_is_missing_lets_the_listing_be_incomplete(workplace, tmp_path: Path) -> None:
    source = ListingsFileSource(
        spider="listings_file", file=str(tmp_path / "none.json"), url="http://127.0.0.1:1"
    )
    report = workplace.crawl("releases", source)
    assert (report.complete, report.failed) == (False, {"unreadable": 1})
