"""Scrapy's settings for a crawl or a probe; what a job does not vary stands here once."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from cratewatch.sources.source import Source
from scrapers.addresses import REACH, Reach
from scrapers.launch import CrawlJob

MAX_RESPONSE_BYTES = 64 * 1024 * 1024  # a sitemap may have 50 MB by its protocol

PIPELINES = {
    "scrapers.pipelines.validate.Validate": 100,
    "scrapers.pipelines.resolve_listing.ResolveListing": 200,
    "scrapers.pipelines.fetch_cover.FetchCover": 300,
    "scrapers.pipelines.compare_cover.CompareCover": 350,
    "scrapers.pipelines.deduplicate.Deduplicate": 400,
    "scrapers.pipelines.store_cover.StoreCover": 500,
    "scrapers.pipelines.stage_release.StageRelease": 600,
}

OF_CRAWLS = {
    "scrapers.bounds.Bounds": 40,
    "scrapers.credentials.Authorize": 560,  # below the retries: each has the token of its time
    "scrapers.proxies.Proxies": 565,  # a request that is sent again gets another one
    "scrapers.quotas.Quota": 570,
    "scrapers.pacing.SharedPace": 900,
}


def scrapy_settings(job: CrawlJob) -> dict[str, Any]:
    """Return all that a crawl sets: its manners, bounds, pipelines, log."""
    source = job.source
    manners = manners_towards(source, job.contact)
    middlewares = OF_CRAWLS | manners["DOWNLOADER_MIDDLEWARES"]
    return manners | {
        "CONCURRENT_ITEMS": 8 * source.concurrency,
        "LOG_LEVEL": "INFO",
        "DEFAULT_DROPITEM_LOG_LEVEL": "INFO",
        "ITEM_PIPELINES": PIPELINES,
        "DOWNLOADER_MIDDLEWARES": middlewares,
        "CLOSESPIDER_TIMEOUT": source.deadline_s,
    }


def manners_towards(source: Source, contact: str) -> dict[str, Any]:
    """Return what holds for whatever is asked of a source: pace, patience, robots.txt, reach."""
    return {
        REACH: Reach(source),
        "BOT_NAME": "cratewatch",
        "USER_AGENT": source.terms.user_agent(version("cratewatch"), contact),
        "ROBOTSTXT_OBEY": source.obey_robots,
        # Without jitter the delay is a bound: never more requests than the declared rate.
        "DOWNLOAD_DELAY": 1.0 / source.rate_per_s,
        "DOWNLOAD_DELAY_JITTER": 0.0,
        "CONCURRENT_REQUESTS_PER_DOMAIN": source.concurrency,
        "CONCURRENT_REQUESTS": 8 * source.concurrency,  # those waiting for a retry hold a place
        "DOWNLOAD_TIMEOUT": source.timeout_s,
        "DOWNLOAD_MAXSIZE": MAX_RESPONSE_BYTES,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "RETRY_TIMES": source.retries,
        "REDIRECT_MAX_TIMES": 6,  # archive listing, merged id, https, storage node
        "METAREFRESH_ENABLED": False,
        "COOKIES_ENABLED": False,
        "HTTPCACHE_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "MEMUSAGE_ENABLED": False,
        "DOWNLOAD_HANDLERS": {"file": None, "ftp": None, "s3": None},
        "TWISTED_DNS_RESOLVER": "scrapers.addresses.GuardedResolver",
        "DOWNLOADER_MIDDLEWARES": {
            "scrapers.addresses.AddressRules": 50,
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            "scrapers.middlewares.RobotsRules": 100,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
            "scrapers.middlewares.PatientRetry": 550,
        },
        "EXTENSIONS": {"scrapers.middlewares.CrawlDelay": 500},
    }
