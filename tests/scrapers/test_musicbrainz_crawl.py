"""Whole crawls of a replayed MusicBrainz and Cover Art Archive."""

import json
from typing import Any

import pytest
from scrapy.http import TextResponse

from benchmarks.musicbrainz_replay import (
    LABEL_MBID,
    Faults,
    MusicBrainzReplay,
    ReplayRow,
    mbid_of,
    read_rows,
)
from cratewatch.sources.musicbrainz.settings import MusicBrainzSource
from scrapers.launch import CrawlProgress
from scrapers.ledger import Ledger
from scrapers.spiders.musicbrainz import MusicBrainzSpider

N_RELEASES = 130
FAULTS = Faults(
    no_front_every=10, merged_every=7, old_listing_every=3, gone_1200_every=11, pages_cut_to=60
)


def source(replay, **fields):
    fast: dict[str, Any] = {"rate_per_s": 200, "concurrency": 8, "retries": 2, "label": LABEL_MBID}
    urls = {"url": replay.url, "archive_url": replay.archive_url}
    return MusicBrainzSource(spider="musicbrainz", **(fast | urls | fields))


@pytest.fixture(scope="module")
def rows(tmp_path_factory, draw_jpeg) -> Any:
    folder = tmp_path_factory.mktemp("covers")
    lines = ["file,discogs_release_id,artist,title,release_date,genre"]
    for n in range(N_RELEASES):
        name = f"titled/{n:03d}.jpg"
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(draw_jpeg(n))
        lines.append(f'{name},,Artist {n},"""Title, {n}""",20{n % 26:02d}-01-22,jazz')
    (folder / "covers.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder, read_rows(folder)


@pytest.fixture(scope="module")
def night(rows, module_workplace):
    place = module_workplace
    with MusicBrainzReplay(rows[0], rows[1], FAULTS) as replay:
        releases = place.crawl("releases", source(replay))
        diff = place.catalog.apply_crawl(place.run_id, "shop", complete=releases.complete)
        covers = place.crawl("covers", source(replay))
        yield replay, releases, diff, covers


def test_all_pages_are_browsed_though_each_is_cut_short(night):
    replay, releases, diff, covers = night
    assert releases.complete
    assert (releases.items, releases.failed) == (N_RELEASES, {})
    assert diff.new == N_RELEASES
    browsed = [path for _, path in replay.requests if path.startswith("/ws/2/")]
    assert [path.rpartition("offset=")[2] for path in browsed] == ["0", "60", "120"]
    assert (releases.requests, covers.requests) == (3, len(replay.requests) - 3)
    included = "artist-credits+labels+media+release-groups+genres"
    assert f"inc={included}&fmt=json&limit=100" in browsed[0]


def test_every_front_is_stored_from_old_and_new_and_merged_listings(night, module_workplace):
    _, _, _, covers = night
    n_fronts = N_RELEASES - N_RELEASES // 10
    assert (covers.items, covers.failed) == (n_fronts, {})
    assert module_workplace.catalog.counts()["covers"] == n_fronts


def test_the_archive_is_not_asked_for_releases_without_front(night):
    replay, *_ = night
    asked = {path.split("/")[3] for _, path in replay.requests if path.startswith("/archive")}
    without = {mbid for mbid in replay.mbids if not replay.has_front(mbid)}
    assert len(without) == N_RELEASES // 10
    assert not asked & without


def test_the_largest_thumbnail_is_fetched(night):
    replay, *_ = night
    images = [path for _, path in replay.requests if path.endswith(".jpg")]
    sizes = {path.rpartition("-")[2] for path in images}
    assert sizes == {"1200.jpg", "500.jpg"}


def test_the_next_size_is_fetched_where_a_thumbnail_is_gone(night, module_workplace):
    replay, *_ = night
    gone = next(i for i in range(10, N_RELEASES, 11) if i % 3 != 2 and i % 5 != 4 and i % 10 != 9)
    asked = [path for _, path in replay.requests if replay.mbids[gone] in path]
    thumbnails = [path.rpartition("-")[2] for path in asked if path.startswith("/archive")]
    assert thumbnails[-2:] == ["1200.jpg", "500.jpg"]
    stored = {cover.source_url for cover in module_workplace.catalog.covers.all()}
    assert any(replay.mbids[gone] in url and url.endswith("-500.jpg") for url in stored)


def test_a_release_with_its_cover(night, module_workplace):
    replay, *_ = night
    catalog = module_workplace.catalog
    ids = [cover.cover_id for cover in catalog.covers.all()]
    releases = {
        r.release_id: r for found in catalog.releases.of_artworks(ids).values() for r in found
    }
    release = releases[f"shop:{replay.mbids[1]}"]
    assert (release.artist, release.title, release.year) == ("Artist 1", "Title, 1", 2001)
    assert (release.label, release.catno) == ("Replay Records", "RR 0001")
    assert release.genres == ("jazz",)
    assert (release.format, release.page_url) == (
        "Vinyl",
        f"{replay.url}/release/{replay.mbids[1]}",
    )


def test_a_second_night_fetches_no_cover(night, module_workplace):
    replay, *_ = night
    asked_before = len(replay.requests)
    module_workplace.next_night()
    report = module_workplace.crawl("covers", source(replay))
    assert (report.items, report.requests) == (0, 0)
    assert len(replay.requests) == asked_before
    assert module_workplace.progress[-1] == CrawlProgress(done=0, planned=0, failed=0)
    assert module_workplace.log_path.read_text().count("Spider closed (finished)") == 3


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"release-count": 2, "releases": [{"id": "a"}, {"id": "a"}]}, "incomplete_listing"),
        ({"release-count": 2, "releases": []}, "incomplete_listing"),
        ({"error": "?"}, "unreadable"),
    ],
)
def test_a_page_that_hides_releases_lets_nothing_be_withdrawn(workplace, answer, reason):
    job = workplace.job("releases", MusicBrainzSource(spider="musicbrainz", label="x"))
    ledger = Ledger(job, workplace.catalog, workplace.progress.append)
    spider = MusicBrainzSpider(job=job, catalog=workplace.catalog, ledger=ledger)
    response = TextResponse("http://127.0.0.1/ws/2/release", body=json.dumps(answer).encode())
    list(spider.parse_page(response, offset=0))
    assert not ledger.complete
    assert ledger.failed == {reason: 1}


def test_an_unknown_label_is_an_error_in_the_words_of_the_service(rows, workplace):
    with MusicBrainzReplay(*rows) as replay:
        report = workplace.crawl("releases", source(replay, label="0" * 36))
    assert not report.complete
    assert (report.items, report.failed) == (0, {"http_404": 1})


def test_the_service_is_obeyed_when_it_says_503(rows, workplace):
    with MusicBrainzReplay(rows[0], rows[1], Faults(rate_per_s=3, pages_cut_to=20)) as replay:
        report = workplace.crawl("releases", source(replay, rate_per_s=100, retries=4))
    assert report.complete
    assert (report.items, report.failed) == (N_RELEASES, {})
    assert report.retries >= 1


def test_the_replay_makes_the_same_ids_every_time():
    row = ReplayRow("titled/x.jpg", "A", "B", "2020", "jazz")
    assert mbid_of(row) == "46713cd5-1d01-5126-a67b-51a01312083b"
