import asyncio
import hashlib
from datetime import UTC, datetime

import pytest
from scrapy.exceptions import DropItem

from cratewatch.catalog.records import Fetched, Release
from cratewatch.images.covers import prepare_cover
from cratewatch.lake.lake import cover_key
from cratewatch.sources.dumps.settings import DumpSource
from cratewatch.sources.storefront.settings import StorefrontSource
from scrapers.fetching import FetchError
from scrapers.items import CoverItem
from scrapers.ledger import UNSAVED_ITEMS
from scrapers.pipelines.compare_cover import CompareCover
from scrapers.pipelines.deduplicate import Deduplicate
from scrapers.pipelines.fetch_cover import FetchCover
from scrapers.pipelines.resolve_listing import ResolveListing, listings_of
from scrapers.pipelines.stage_release import StageRelease
from scrapers.pipelines.store_cover import StoreCover
from scrapers.pipelines.validate import Validate
from scrapers.rechecks import Rechecks

URL = "http://shop.example/c.jpg"
SHOP = StorefrontSource(spider="storefront", url="http://shop.example")
ARCHIVE = listings_of(DumpSource(spider="dump", service="musicbrainz"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def ledger(workplace):
    return workplace.ledger()


def release(n=1, **fields):
    values = {"source": "shop", "native_id": f"r{n}", "title": "Blue Train", **fields}
    return Release(**values)


def cover(**fields):
    return CoverItem("shop", URL, **fields)


def serve(answers):
    async def fetch(url):
        answer = answers[url]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return fetch


def serve_images(answers):
    fetch = serve(answers)

    async def fetch_image(url, known):
        data = await fetch(url)
        return data, Fetched(url, hashlib.sha256(data).hexdigest())

    return fetch_image


def store_cover(workplace, ledger):
    catalog = workplace.catalog
    rechecks = Rechecks(workplace.job("covers", SHOP), catalog, ledger)
    return StoreCover(workplace.run_id, workplace.lake, catalog, ledger, rechecks)


def drop_reason(ledger, workplace):
    ledger.save()
    assert workplace.catalog.items.failures_of_run(workplace.run_id) == dict(ledger.failed)
    return next(iter(ledger.failed))


def test_validate_passes_what_is_well(ledger):
    for item in (release(), cover()):
        assert Validate(ledger).process_item(item) is item
    assert not ledger.failed


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (release(title=""), "no_title"),
        (release(native_id="x" * 1100), "id_too_long"),
        (CoverItem("shop", "ftp://shop.example/c.jpg"), "bad_url"),
    ],
)
def test_validate_drops(ledger, workplace, item, reason):
    with pytest.raises(DropItem):
        Validate(ledger).process_item(item)
    assert drop_reason(ledger, workplace) == reason


def test_validate_keeps_a_release_whose_image_has_an_endless_address(ledger):
    endless = release(image_url="http://shop.example/" + "x" * 2700)
    assert Validate(ledger).process_item(endless) == release()
    assert ledger.noted == {"image_url_too_long": 1}


def test_endless_names_are_cut(ledger):
    long = release(title="x" * 10**6, genres=("y" * 5000,) * 500)
    assert (len(long.title), len(long.genres), len(long.genres[0])) == (1000, 64, 1000)


def test_a_release_refused_by_its_page_is_not_withdrawn(workplace):
    """The failure bears the page's URL, by which the diff knows what it could not see."""
    catalog = workplace.catalog
    listed = release(page_url="http://shop.example/p")
    catalog.stage(workplace.run_id, [listed])
    catalog.apply_crawl(workplace.run_id, "shop", complete=True)
    workplace.next_night()
    ledger = workplace.ledger()
    with pytest.raises(DropItem):
        Validate(ledger).process_item(release(title="", page_url="http://shop.example/p"))
    ledger.save()
    diff = catalog.apply_crawl(workplace.run_id, "shop", complete=True)
    assert (diff.withdrawn, diff.unreachable) == (0, 1)


def test_a_listing_is_resolved_to_its_fronts(ledger):
    listing = b'{"images": [{"front": true, "image": "http://127.0.0.1/f.jpg"}]}'
    pipeline = ResolveListing(serve({URL: listing}), ledger, ARCHIVE)
    item = asyncio.run(pipeline.process_item(cover()))
    assert (item.image_url, item.download_urls) == (URL, ("http://127.0.0.1/f.jpg",))


def test_an_image_url_is_no_listing(ledger):
    pipeline = ResolveListing(serve({}), ledger, None)
    assert asyncio.run(pipeline.process_item(cover())).download_urls == ()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (FetchError("http_404", URL), "http_404"),
        (b"<html>", "bad_listing"),
        (b"[" * 100_000, "bad_listing"),
        (b'{"images": []}', "no_front"),
    ],
)
def test_a_listing_that_leads_nowhere(ledger, workplace, answer, reason):
    pipeline = ResolveListing(serve({URL: answer}), ledger, ARCHIVE)
    with pytest.raises(DropItem):
        asyncio.run(pipeline.process_item(cover()))
    assert drop_reason(ledger, workplace) == reason


def test_fetch_cover_takes_the_releases_own_url(ledger, draw_jpeg):
    pipeline = FetchCover(serve_images({URL: draw_jpeg(1)}), ledger)
    item = asyncio.run(pipeline.process_item(cover()))
    assert item.stored is not None
    assert (item.stored.width_px, item.fetched.url) == (64, URL)


GONE = FetchError("http_404", "http://a/1200.jpg")
FRONTS = ("http://a/1200.jpg", "http://a/500.jpg", "http://a/250.jpg")


@pytest.mark.parametrize("first", [GONE, FetchError("http_403", ""), b"", b"%PDF-1.4", b"<html>"])
def test_fetch_cover_tries_the_next_size_when_one_is_gone(ledger, draw_jpeg, first):
    answers = dict(zip(FRONTS, (first, draw_jpeg(1), draw_jpeg(2)), strict=True))
    pipeline = FetchCover(serve_images(answers), ledger)
    item = asyncio.run(pipeline.process_item(cover(download_urls=FRONTS)))
    assert item.stored is not None
    assert item.fetched.url == FRONTS[1]
    assert not ledger.failed


@pytest.mark.parametrize("reason", ["timeout", "connection", "http_503", "http_429"])
def test_fetch_cover_takes_no_worse_size_for_one_that_may_come_back(
    ledger, workplace, draw_jpeg, reason
):
    answers = dict(zip(FRONTS, (GONE, FetchError(reason, ""), draw_jpeg(1)), strict=True))
    with pytest.raises(DropItem):
        asyncio.run(
            FetchCover(serve_images(answers), ledger).process_item(cover(download_urls=FRONTS))
        )
    assert drop_reason(ledger, workplace) == reason


def test_fetch_cover_records_the_first_failure_under_the_url_of_the_releases(ledger, workplace):
    answers = dict(zip(FRONTS, (GONE, b"", b"text"), strict=True))
    with pytest.raises(DropItem, match=URL):
        asyncio.run(
            FetchCover(serve_images(answers), ledger).process_item(cover(download_urls=FRONTS))
        )
    assert drop_reason(ledger, workplace) == "http_404"


@pytest.mark.parametrize(("data", "reason"), [(b"", "empty"), (b"text", "not_an_image")])
def test_fetch_cover_refuses(ledger, workplace, data, reason):
    with pytest.raises(DropItem):
        asyncio.run(FetchCover(serve_images({URL: data}), ledger).process_item(cover()))
    assert drop_reason(ledger, workplace) == reason


def test_deduplicate_knows_bytes_and_artwork(ledger, workplace, draw_jpeg):
    pipeline = Deduplicate(workplace.catalog, workplace.lake, ledger)
    small, large, other = (prepare_cover(draw_jpeg(*a)) for a in ((1, 64), (1, 128), (2, 64)))
    assert small.cover_id != large.cover_id
    artworks = [
        pipeline.process_item(cover(stored=stored)).artwork_id
        for stored in (small, large, other, small)
    ]
    assert artworks == [small.cover_id, small.cover_id, other.cover_id, small.cover_id]
    assert ledger.noted == {"same_bytes": 1, "same_artwork": 1}


def test_deduplicate_knows_what_earlier_crawls_stored(ledger, workplace, draw_jpeg):
    stored, rescan = prepare_cover(draw_jpeg(1, 64)), prepare_cover(draw_jpeg(1, 128))
    item = cover(stored=stored, artwork_id="the-first-scan")
    asyncio.run(store_cover(workplace, ledger).process_item(item))
    pipeline = Deduplicate(workplace.catalog, workplace.lake, ledger)
    assert pipeline.process_item(cover(stored=stored)).artwork_id == "the-first-scan"
    assert pipeline.process_item(cover(stored=rescan)).artwork_id == "the-first-scan"


def test_store_cover_writes_and_links(ledger, workplace, draw_jpeg):
    catalog = workplace.catalog
    catalog.stage(workplace.run_id, [release(1, image_url=URL), release(2, image_url=URL)])
    catalog.apply_crawl(workplace.run_id, "shop", complete=True)
    stored = prepare_cover(draw_jpeg(1))
    item = cover(stored=stored, artwork_id=stored.cover_id, fetched=Fetched("http://a/f.jpg", "0"))
    asyncio.run(store_cover(workplace, ledger).process_item(item))
    assert workplace.lake.read(cover_key(stored.cover_id)) == stored.data
    (kept,) = catalog.covers.all()
    assert (kept.cover_id, kept.source_url) == (stored.cover_id, "http://a/f.jpg")
    assert catalog.covers.to_fetch("shop") == []
    assert catalog.counts()["releases_without_cover"] == 0
    assert ledger.items == 1


def test_stage_release_keeps_the_rest_when_the_spider_closes(ledger, workplace):
    pipeline = StageRelease(ledger)
    for n in range(UNSAVED_ITEMS + 3):
        pipeline.process_item(release(n, page_url=f"http://shop.example/{n}"))
    assert len(workplace.catalog.staged(workplace.run_id)) >= UNSAVED_ITEMS
    pipeline.close_spider()
    assert ledger.items == len(workplace.catalog.staged(workplace.run_id)) == UNSAVED_ITEMS + 3
    assert workplace.catalog.items.states() == {"page": {"fetched": UNSAVED_ITEMS + 3}}
    diff = workplace.catalog.apply_crawl(workplace.run_id, "shop", complete=True)
    assert diff.new == UNSAVED_ITEMS + 3
    assert workplace.catalog.items.states() == {"page": {"stored": UNSAVED_ITEMS + 3}}


def test_an_id_that_two_pages_claim_stays_with_the_first_and_is_reported(ledger, workplace):
    pipeline = StageRelease(ledger)
    for page in ("http://shop.example/a", "http://shop.example/b", "http://shop.example/a"):
        pipeline.process_item(release(page_url=page))
    pipeline.close_spider()
    assert dict(ledger.failed) == {"duplicate_id": 1}
    assert workplace.catalog.apply_crawl(workplace.run_id, "shop", complete=True).new == 1


def test_a_killed_crawl_is_gone_on_with_where_it_was_written(workplace):
    """Also the owner of an id is remembered: its second page stays a failure."""
    first = workplace.ledger()
    pages = [f"http://shop.example/{n}" for n in range(4)]
    assert first.plan("page", pages) == pages
    first.stage(release(0, page_url=pages[0]))
    first.advance("page", pages[1])  # no product
    first.fail("page", pages[2], "http_500")
    first.save()
    second = workplace.ledger()
    assert second.plan("page", pages) == pages[2:]
    assert (second.done, second.planned, second.items) == (2, 4, 1)
    second.stage(release(0, page_url=pages[3]))
    second.save()
    assert dict(second.failed) == {"duplicate_id": 1}
    assert workplace.catalog.items.states() == {"page": {"failed": 2, "fetched": 2}}


def test_a_retry_takes_only_what_failed_and_leaves_ids_that_others_own(workplace):
    run = workplace.ledger()
    run.fail("page", "http://shop.example/a", "http_500")
    run.fail("page", "http://shop.example/b", "duplicate_id")
    run.advance("page", "http://shop.example/c")
    run.save()
    retry = workplace.ledger(job="failed_pages")
    pages = [f"http://shop.example/{name}" for name in "abcd"]
    assert retry.plan("page", pages) == ["http://shop.example/a"]
    again = workplace.ledger(job="failed_pages")  # the first was killed
    assert again.plan("page", pages) == ["http://shop.example/a"]


def test_what_could_not_be_staged_makes_the_crawl_incomplete(ledger, workplace, monkeypatch):
    def stage(*_):
        raise OSError("disk full")

    monkeypatch.setattr(workplace.catalog, "stage", stage)
    pipeline = StageRelease(ledger)
    pipeline.process_item(release())
    with pytest.raises(OSError, match="disk full"):
        pipeline.close_spider()
    assert not ledger.complete


def test_pipelines_leave_the_other_items_alone(ledger, workplace):
    item = release()
    for pipeline in (
        ResolveListing(serve({}), ledger, ARCHIVE),
        FetchCover(serve_images({}), ledger),
        CompareCover(workplace.lake),
        store_cover(workplace, ledger),
    ):
        assert asyncio.run(pipeline.process_item(item)) is item
    assert Deduplicate(workplace.catalog, workplace.lake, ledger).process_item(item) is item
    assert StageRelease(ledger).process_item(cover()).image_url == URL
    assert ledger.items == 0


def test_many_products_that_are_gone_in_one_way_are_an_error_page(ledger, workplace):
    for n in range(3):
        ledger.lose(f"http://shop.example/{n}", "maintenance tonight")
    for n in range(3, 5):
        ledger.lose(f"http://shop.example/{n}", f"gone: {n}")
    ledger.settle(ended=True)
    ledger.save()
    assert dict(ledger.failed) == {"error_page": 3, "product_gone": 2}
    assert workplace.catalog.items.failures() == dict(ledger.failed)


@pytest.mark.parametrize(
    ("failure", "title"),
    [(None, "B"), ("http_404", "B"), ("http_500", None), ("product_gone", None)],
)
def test_a_release_moves_to_its_other_page_if_the_first_is_no_longer_listed(
    workplace, failure, title
):
    first, second = (f"http://shop.example/{name}" for name in "ab")
    catalog = workplace.catalog
    catalog.stage(workplace.run_id, [release(page_url=first, title="A")])
    catalog.apply_crawl(workplace.run_id, "shop", complete=True)
    workplace.next_night()
    ledger = workplace.ledger()
    ledger.plan("page", [first, second])
    ledger.stage(release(page_url=second, title="B"))
    if failure:
        ledger.fail("page", first, failure)
    ledger.settle(ended=True)
    ledger.save()
    assert len(catalog.staged(workplace.run_id)) == (title is not None)
