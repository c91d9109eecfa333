"""What stands behind items that failed."""

from __future__ import annotations

from dataclasses import replace

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.failing import Behind
from cratewatch.catalog.records import Release

BLUE = Release(
    source="shop",
    native_id="1",
    title="Blue Train",
    artist="John Coltrane",
    page_url="http://shop/1",
    image_url="http://shop/1.jpg",
)


def stage(catalog: Catalog, *releases: Release) -> None:
    run_id = catalog.runs.start("refresh-shop")
    catalog.stage(run_id, releases)
    catalog.apply_crawl(run_id, "shop", complete=True)


def test_the_release_of_a_page_an_image_and_a_price(catalog: Catalog) -> None:
    stage(catalog, BLUE, replace(BLUE, native_id="2", title="Blue Train 2", page_url=None))
    blue = Behind("shop:1", "John Coltrane", "Blue Train", None)
    wanted = [
        ("shop", "page", "http://shop/1"),
        ("shop", "cover", "http://shop/1.jpg"),
        ("shop", "check", "http://shop/1.jpg"),
        ("shop", "price", "shop:1"),
    ]
    others = [
        ("other", "page", "http://shop/1"),
        ("shop", "page", "http://shop/3"),
        ("shop", "listing", "http://shop/1"),
        ("footage", "footage", "0"),
    ]
    assert catalog.failing.behind([*wanted, *others]) == dict.fromkeys(wanted, blue)
    assert catalog.failing.behind([]) == {}
