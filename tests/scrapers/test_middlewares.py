from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version

import pytest

from cratewatch.sources.storefront.settings import StorefrontSource
from cratewatch.sources.terms import OPEN
from scrapers.middlewares import Backoff, retry_after_s
from scrapers.settings import manners_towards, scrapy_settings

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Thu, 01 Jan 2026 12:01:30 GMT", 90.0),
        ("Thu, 01 Jan 2026 13:00:00 +0100", 0.0),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.0),
        ("Thu, 01 Jan 2026 12:00:05 -0000", 5.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(value, seconds):
    assert retry_after_s(value, NOW) == seconds


def test_waits_double_up_to_the_most():
    backoff = Backoff(first_s=1.0, most_s=10.0, jitter=0.0)
    assert [backoff.wait_s(retry) for retry in range(1, 7)] == [1, 2, 4, 8, 10, 10]


def test_jitter_only_stretches():
    waits = [Backoff(first_s=1.0, jitter=0.5).wait_s(1) for _ in range(200)]
    assert min(waits) >= 1.0
    assert max(waits) <= 1.5
    assert len(set(waits)) > 1


def test_an_endless_retry_count_has_a_wait():
    assert Backoff(jitter=0.0).wait_s(1000) == 60.0


def test_the_settings_declare_who_asks_and_how_fast(workplace, storefront):
    job = workplace.job("releases", storefront("http://127.0.0.1:1", rate_per_s=4, concurrency=3))
    settings = scrapy_settings(job)
    assert settings["DOWNLOAD_DELAY"] == 0.25
    assert settings["DOWNLOAD_DELAY_JITTER"] == 0
    assert settings["CONCURRENT_REQUESTS_PER_DOMAIN"] == 3
    assert settings["ROBOTSTXT_OBEY"] is True
    assert settings["USER_AGENT"].startswith("cratewatch/")


def test_a_request_says_what_the_terms_of_its_source_want_said():
    class Peculiar(StorefrontSource):
        terms = replace(OPEN, agent="Shopbot/{version} ({contact})")

    source = Peculiar(spider="storefront", url="http://127.0.0.1:1")
    agent = manners_towards(source, "me@shop.example")["USER_AGENT"]
    assert agent == f"Shopbot/{version('cratewatch')} (me@shop.example)"
