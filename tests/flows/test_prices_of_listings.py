"""Prices that come with a listing: published with it, or not at all."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from cratewatch.catalog.catalog import open_catalog
from cratewatch.monitoring.notification import Event
from cratewatch.settings import Settings, load_settings
from flows import night_news
from flows.night_news import NightNews
from flows.refreshing import RefreshError, refresh


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    source = {"spider": "listings_file", "file": str(tmp_path / "sold.json"),
              "url": "http://127.0.0.1:1"}  # fmt: skip
    return load_settings(home=tmp_path / "home", sources={"sold": source})


def list_sold(settings: Settings, numbers: Sequence[int], condition: str = "VG+") -> None:
    listings = [
        {
            "product_id": str(n),
            "title": f"Artist {n} - Album {n}",
            "sold_price": f"{n + 1}.50",
            "currency": "EUR",
            "sold_date": "2026-03-01",
            "condition": condition,
        }
        for n in numbers
    ]
    file: str = settings.sources["sold"].file
    Path(file).write_text(json.dumps(listings))


def prices(settings: Settings) -> int:
    return sum(open_catalog(settings.catalog_url).observations.counts().values())


@pytest.mark.heavy
def test_a_run_that_brings_far_less_publishes_no_price_and_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_sold(settings, range(40))
    (report,) = refresh(settings, ["sold"])
    assert report.published is not None
    assert (report.published.new, prices(settings)) == (40, 40)
    list_sold(settings, range(100, 110))
    with pytest.raises(RefreshError, match="10 prices came, and 40 in a run of the last week") as e:
        refresh(settings, ["sold"])
    assert prices(settings) == 40
    (report,) = e.value.reports
    assert (report.reason, report.published) == ("10 prices instead of 40", None)
    assert report.diff is not None
    assert report.diff.new == 10, "what is listed is not in doubt"
    told: list[Event] = []
    monkeypatch.setattr(night_news, "tell", lambda _, events: told.extend(events))
    NightNews(settings, ["sold"]).fail(e.value)
    assert [str(event) for event in told] == ["sold refused (10 prices instead of 40)"]
    list_sold(settings, range(40), condition="")
    with pytest.raises(RefreshError, match="media_condition says something in 0% of the prices"):
        refresh(settings, ["sold"])
    list_sold(settings, range(45))
    (report,) = refresh(settings, ["sold"])
    assert prices(settings) == 45
