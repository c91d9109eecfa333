"""The crawl of covers into an S3 lake: the child process opens it from the job's settings."""

import os
from dataclasses import replace

import pytest

from cratewatch.catalog.records import Release
from cratewatch.errors import CratewatchError
from cratewatch.lake.lake import cover_key
from cratewatch.lake.opening import open_lake
from scrapers.launch import CrawlJob, run_crawl

SLEEVES = 3


@pytest.fixture
def covers_job(site, workplace, storefront, draw_jpeg, s3_location):
    site.add("/robots.txt", "")
    for number in range(SLEEVES):
        site.add(f"/{number}.jpg", draw_jpeg(number), headers={"Content-Type": "image/jpeg"})
    releases = [
        Release(
            source="shop", native_id=str(n), title="Blue Train", image_url=f"{site.url}/{n}.jpg"
        )
        for n in range(SLEEVES)
    ]
    workplace.catalog.stage(workplace.run_id, releases)
    workplace.catalog.apply_crawl(workplace.run_id, "shop", complete=True)
    return replace(workplace.job("covers", storefront(site.url)), lake=s3_location)


def test_covers_are_stored_in_the_bucket(covers_job, workplace, s3_location):
    report = run_crawl(covers_job)
    assert (report.items, report.failed) == (SLEEVES, {})
    stored = sorted(cover_key(cover.cover_id) for cover in workplace.catalog.covers.all())
    assert list(open_lake(s3_location).keys("covers")) == stored
    assert len(stored) == SLEEVES
    assert not os.path.lexists(workplace.lake.root)


def test_a_store_that_is_away_ends_the_crawl_and_the_next_one_completes_it(
    covers_job, workplace, s3_location
):
    away = replace(covers_job, lake=replace(s3_location, path="s3://no-such-bucket/crates"))
    message = r"cannot write covers/.*; create the bucket"
    with pytest.raises(CratewatchError, match=message) as error:
        run_crawl(away)
    assert "a-secret-key" not in str(error.value)
    assert workplace.catalog.covers.all() == []
    assert run_crawl(covers_job).items == SLEEVES
    assert "a-secret-key" not in workplace.log_path.read_text()


def test_a_job_takes_the_keys_of_the_store_along(covers_job):
    assert CrawlJob.from_json(covers_job.to_json()) == covers_job
    assert "a-secret-key" not in repr(covers_job)
