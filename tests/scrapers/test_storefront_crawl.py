"""Whole crawls of loopback shops, each in its own process as a flow starts it."""

import gzip
import io
import json
import socket

import pytest
from PIL import Image

from cratewatch.lake.lake import cover_key
from scrapers.launch import CrawlReport


def sitemap(site, *paths, index=False, other_host=False):
    root, entry = ("sitemapindex", "sitemap") if index else ("urlset", "url")
    entries = "".join(f"<{entry}><loc>{site.url}{path}</loc></{entry}>" for path in paths)
    if other_host:
        entries += "<url><loc>http://127.0.0.1:9/elsewhere</loc></url>"
    return f"<{root}>{entries}</{root}>"


def product_page(sku, image, **fields):
    data = {
        "@type": "Product",
        "sku": sku,
        "name": f"Artist - Title {sku}",
        "image": image,
        "offers": {"price": "24,99", "priceCurrency": "EUR"},
        **fields,
    }
    return f'<html><script type="application/ld+json">{json.dumps(data)}</script></html>'


def tiny_jpeg(side_px):
    buffer = io.BytesIO()
    Image.new("RGB", (side_px, side_px)).save(buffer, "JPEG")
    return buffer.getvalue()


def pixel_bomb():
    jpeg = tiny_jpeg(32)
    size_at = jpeg.index(b"\xff\xc0") + 5
    claimed = (60_000).to_bytes(2, "big") * 2
    return jpeg[:size_at] + claimed + jpeg[size_at + 4 :]


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def shop(module_site, draw_jpeg):
    """A shop that shows each kind of failure once, beside eight releases that are well."""
    site = module_site
    images = {f"/good-{n}.jpg": draw_jpeg(n) for n in range(6)}
    images["/same-bytes.jpg"] = images["/good-0.jpg"]
    images["/same-art.jpg"] = draw_jpeg(1, 128)
    for path, data in images.items():
        site.add(path, data)
    site.add("/heals.jpg", status=500)
    site.add("/heals.jpg", draw_jpeg(50))
    site.add("/broken.jpg", status=500)
    site.add("/slow.jpg", draw_jpeg(51), delay_s=4)
    site.add("/loop.jpg", status=302, headers={"Location": "/loop.jpg?again"})
    site.add("/loop.jpg?again", status=302, headers={"Location": "/loop.jpg"})
    site.add("/empty.jpg")
    site.add("/text.jpg", "no image at all", headers={"Content-Type": "image/jpeg"})
    site.add("/half.jpg", draw_jpeg(52)[:-400])
    site.add("/lost.jpg", draw_jpeg(53)[:200], headers={"Content-Length": "5000"})
    site.add("/bomb.jpg", pixel_bomb())
    site.add("/tiny.jpg", tiny_jpeg(8))
    site.add("/private/cover.jpg", draw_jpeg(54))

    names = "heals broken missing slow loop empty text half lost bomb tiny private/cover"
    covers = [*images, *(f"/{name}.jpg" for name in names.split())]
    covers.append(f"http://127.0.0.1:{closed_port()}/refused.jpg")
    pages = [f"/p/{n}" for n in range(len(covers))]
    for n, image in enumerate(covers):
        site.add(pages[n], product_page(f"s{n}", image))
    site.add("/p/moved", status=301, headers={"Location": "/p/moved-here"})
    site.add("/p/moved-here", product_page("moved", "/good-0.jpg"))
    site.add("/p/heals", status=503)
    site.add("/p/heals", product_page("healed", "/good-1.jpg"))
    site.add("/p/error", status=500)
    site.add("/p/slow", product_page("slow", "/good-1.jpg"), delay_s=4)
    site.add("/p/loop", status=302, headers={"Location": "/p/loop"})
    site.add("/p/blank")
    site.add("/p/untitled", product_page("untitled", "/good-1.jpg", name=""))
    site.add("/p/garbled", product_page("garbled", "/x.jpg").replace("}", ""))
    site.add("/about", "<html><h1>About us</h1></html>")
    site.add("/catalogue.pdf", b"%PDF-1.4", headers={"Content-Type": "application/pdf"})
    others = (
        "/p/moved /p/heals /p/error /p/slow /p/loop /p/blank /p/untitled /p/garbled /p/gone "
        "/private/page /about /catalogue.pdf"
    )

    site.add("/robots.txt", f"User-agent: *\nDisallow: /private/\nSitemap: {site.url}/index.xml\n")
    site.add("/index.xml", sitemap(site, "/1.xml", "/2.xml.gz", index=True))
    site.add("/1.xml", sitemap(site, *pages))
    site.add(
        "/2.xml.gz",
        gzip.compress(sitemap(site, *others.split(), "/p/0#reviews", other_host=True).encode()),
    )
    return site


@pytest.fixture(scope="module")
def first_run(shop, module_workplace, storefront):
    """Both jobs of a night, the diff between them."""
    source = storefront(shop.url, timeout_s=1.5)
    releases = module_workplace.crawl("releases", source)
    diff = module_workplace.catalog.apply_crawl(
        module_workplace.run_id, "shop", complete=releases.complete
    )
    covers = module_workplace.crawl("covers", source)
    return releases, diff, covers


N_COVERS = 8 + 12 + 1  # those that are well, those that fail or heal, the refused one
PAGE_FAILURES = {
    "http_404": 1,
    "http_500": 1,
    "timeout": 1,
    "redirect_loop": 1,
    "empty": 1,
    "no_title": 1,
    "no_product": 1,
    "robots_forbidden": 1,
}
COVER_FAILURES = {
    "http_404": 1,
    "http_500": 1,
    "timeout": 1,
    "redirect_loop": 1,
    "connection": 1,
    "empty": 1,
    "not_an_image": 1,
    "truncated": 2,  # half a file, and half a transfer
    "too_many_pixels": 1,
    "too_small": 1,
    "robots_forbidden": 1,
}


def test_the_releases_are_all_staged(first_run):
    releases, diff, _ = first_run
    assert isinstance(releases, CrawlReport)
    assert releases.complete
    assert releases.items == N_COVERS + 2  # the page that moved and the one that healed
    assert (diff.new, diff.withdrawn) == (N_COVERS + 2, 0)


def test_pages_fail_by_reason(first_run):
    assert first_run[0].failed == PAGE_FAILURES
    assert first_run[0].noted == {"not_a_product": 2, "other_host": 1}


def test_covers_fail_by_reason(first_run):
    covers = first_run[2]
    assert covers.failed == COVER_FAILURES
    assert covers.complete


def test_the_good_covers_are_stored_and_linked(first_run, module_workplace):
    covers = first_run[2]
    assert covers.items == 8 + 1  # and the one that healed
    assert covers.noted == {"same_bytes": 1, "same_artwork": 1}
    stored = module_workplace.catalog.covers.all()
    assert len(stored) == 8  # one pair has the same bytes
    assert len({cover.artwork_id for cover in stored}) == 7
    for cover in stored:
        assert module_workplace.lake.exists(cover_key(cover.cover_id))


def test_the_ledger_names_every_failed_item(first_run, module_workplace):
    recorded = module_workplace.catalog.items.failures_of_run(module_workplace.run_id)
    assert sum(recorded.values()) == sum(PAGE_FAILURES.values()) + sum(COVER_FAILURES.values())
    wanted = module_workplace.catalog.covers.to_fetch("shop")
    assert len(wanted) == sum(COVER_FAILURES.values())


def test_what_robots_txt_forbids_is_never_requested(first_run, shop):
    assert first_run
    assert [path for _, path, _ in shop.requests if path.startswith("/private")] == []


def test_a_failing_page_is_asked_again_as_often_as_declared(first_run, shop):
    assert first_run
    assert shop.count("/p/error") == 2
    assert shop.count("/broken.jpg") == 2
    assert shop.count("/p/gone") == 1


def test_a_page_that_moved_keeps_the_url_under_which_it_is_listed(first_run, module_workplace):
    assert first_run
    catalog = module_workplace.catalog
    ids = [cover.cover_id for cover in catalog.covers.all()]
    releases = [r for found in catalog.releases.of_artworks(ids).values() for r in found]
    (moved,) = [r for r in releases if r.release_id == "shop:moved"]
    assert moved.page_url is not None
    assert moved.page_url.endswith("/p/moved")


def test_the_requests_say_who_asks(first_run, shop):
    assert first_run
    agents = {headers["User-Agent"] for _, _, headers in shop.requests}
    assert len(agents) == 1
    assert agents.pop().startswith("cratewatch/0.")


def test_progress_reaches_the_number_that_was_planned(first_run, module_workplace):
    assert first_run
    ends = [p for p in module_workplace.progress if p.planned and p.done == p.planned]
    assert {end.planned for end in ends} == {N_COVERS + 12, N_COVERS}


def test_the_next_run_asks_for_the_failed_images_only(
    first_run, shop, module_workplace, storefront
):
    assert first_run
    asked_before = len(shop.requests)
    shop.replies["/missing.jpg"] = shop.replies["/good-2.jpg"]
    module_workplace.next_night()
    report = module_workplace.crawl("covers", storefront(shop.url, timeout_s=1.5, retries=0))
    asked = {path for _, path, _ in shop.requests[asked_before:]}
    assert not {path for path in asked if path.startswith(("/good", "/same", "/p/"))}
    assert "/missing.jpg" in asked
    assert report.items == 1
    assert report.failed == {k: v for k, v in COVER_FAILURES.items() if k != "http_404"}


def test_a_shop_without_a_sitemap_is_read_by_its_product_feed(site, workplace, storefront):
    def feed(*numbers):
        products = [
            {
                "handle": f"h{n}",
                "title": f"Title {n}",
                "variants": [{"sku": f"s{n}", "price": "9.00", "available": True}],
            }
            for n in numbers
        ]
        return json.dumps({"products": products})

    site.add("/robots.txt", "User-agent: *\nCrawl-delay: 0.5")
    site.add("/products.json?limit=250&page=1", feed(*range(250)))
    site.add("/products.json?limit=250&page=2", feed(249, 250, 251))
    site.add("/products.json?limit=250&page=3", feed())
    report = workplace.crawl("releases", storefront(site.url))
    assert report.complete
    assert report.items == 252
    assert site.count("/products.json?limit=250&page=4") == 0
    times = [at for at, path, _ in site.requests if path.startswith("/products.json")]
    assert times[-1] - times[0] > 0.9  # twice the delay that robots.txt asks for


def test_a_listing_that_is_cut_short_is_incomplete(site, workplace, storefront):
    site.add("/robots.txt", f"Sitemap: {site.url}/index.xml")
    site.add("/index.xml", sitemap(site, "/1.xml", "/2.xml", index=True))
    site.add("/1.xml", sitemap(site, "/p/1"))
    site.add("/2.xml", sitemap(site, "/p/2")[:-9])
    site.add("/p/1", product_page("s1", None))
    report = workplace.crawl("releases", storefront(site.url))
    assert not report.complete
    assert (report.items, report.failed) == (1, {"truncated": 1})


def test_robots_txt_that_cannot_be_read_forbids_everything(site, workplace, storefront):
    site.add("/robots.txt", status=500)
    site.add("/sitemap.xml", sitemap(site, "/p/1"))
    report = workplace.crawl("releases", storefront(site.url, retries=0))
    assert not report.complete
    assert report.items == 0
    assert {path for _, path, _ in site.requests} == {"/robots.txt"}


def test_a_busy_host_is_left_alone_and_the_rate_is_a_bound(site, workplace, storefront):
    pages = [f"/p/{n}" for n in range(20)]
    site.add("/sitemap.xml", sitemap(site, *pages))
    for n, path in enumerate(pages):
        if n == 12:
            site.add(path, status=429, headers={"Retry-After": "2"})
        site.add(path, product_page(f"s{n}", None))
    report = workplace.crawl("releases", storefront(site.url, rate_per_s=10, concurrency=8))
    assert (report.items, report.failed, report.retries) == (20, {}, 1)
    times = [at for at, _, _ in site.requests]
    for first, tenth in zip(times, times[10:], strict=False):
        assert tenth - first > 0.9  # ten intervals of 0.1 s, less what the machine delays
    refused_at = next(at for at, path, _ in site.requests if path == "/p/12")
    following = min(at for at in times if at > refused_at)
    assert 2.0 <= following - refused_at < 4.0


def test_a_host_that_asks_for_too_long_a_pause_is_not_asked_again(site, workplace, storefront):
    pages = [f"/p/{n}" for n in range(5)]
    site.add("/sitemap.xml", sitemap(site, *pages))
    for path in pages:
        site.add(path, status=503, headers={"Retry-After": "86400"})
    report = workplace.crawl("releases", storefront(site.url, concurrency=1, rate_per_s=5))
    assert report.failed == {"http_503": 5}
    assert sum(path in pages for _, path, _ in site.requests) == 1
