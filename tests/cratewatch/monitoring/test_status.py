from pathlib import Path

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Item
from cratewatch.monitoring.status import whose_listing_failed
from cratewatch.settings import load_settings


def test_a_source_whose_listing_failed_is_told(empty_home: Path, catalog: Catalog) -> None:
    run_id = catalog.runs.start("refresh-shop")
    listing = Item("shop", "listing", "https://shop.example/sitemap.xml", "failed", "http_500")
    page = Item("other", "page", "https://other.example/p/1", "failed", "http_500")
    catalog.items.record(run_id, [listing, page])
    settings = load_settings(home=empty_home)
    assert whose_listing_failed(settings, ["shop", "other", "new"]) == ["shop"]
