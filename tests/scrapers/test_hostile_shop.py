"""A shop that means harm: where it leads, what it costs, and how long."""

import json

import pytest

from tests.loopback_site import ELSEWHERE, Connections


def page(sku: str, image: str) -> str:
    product = {"@type": "Product", "sku": sku, "name": f"Artist - {sku}", "image": image}
    return f'<html><script type="application/ld+json">{json.dumps(product)}</script></html>'


def sitemap(urls) -> str:
    entries = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    return f"<urlset>{entries}</urlset>"


def test_nothing_but_the_shop_is_asked(
    site, workplace, storefront, draw_jpeg, tmp_path, monkeypatch
):
    connections = Connections(tmp_path, monkeypatch)
    lines = [f"Sitemap: {url}" for url in (*ELSEWHERE, f"{site.url}/sitemap.xml")]
    site.add("/robots.txt", "\n".join(lines))
    for number, url in enumerate(ELSEWHERE):
        site.add(f"/moved-{number}", status=302, headers={"Location": url})
        site.add(f"/image-{number}", page(f"image-{number}", url))
        site.add(f"/moved-image-{number}", page(f"mi-{number}", f"{site.url}/moved-{number}"))
    site.add("/good", page("good", f"{site.url}/good.jpg"))
    site.add("/good.jpg", draw_jpeg(1))
    names = [
        f"{kind}-{n}" for kind in ("moved", "image", "moved-image") for n in range(len(ELSEWHERE))
    ]
    site.add("/sitemap.xml", sitemap(f"{site.url}/{name}" for name in ("good", *names)))

    source = storefront(site.url)
    listing = workplace.crawl("releases", source)
    assert not listing.complete
    workplace.catalog.apply_crawl(workplace.run_id, "shop", complete=False)
    covers = workplace.crawl("covers", source)

    assert connections.hosts() <= {"127.0.0.1"}
    assert covers.items == 1
    staged = workplace.catalog.covers.all()
    assert len(staged) == 1
    assert staged[0].source_url == f"{site.url}/good.jpg"
    # What is no http at all is no address of a sitemap, and a redirect there is not followed.
    assert listing.failed == {"bad_url": 5, "http_302": 5, "address_refused": 6}


def test_a_shop_that_keeps_one_waiting_is_left_at_its_deadline(site, workplace, storefront):
    site.add("/robots.txt", "")
    urls = [f"{site.url}/slow-{n}" for n in range(40)]
    site.add("/sitemap.xml", sitemap(urls))
    for n in range(40):
        site.add(f"/slow-{n}", page(f"slow-{n}", ""), delay_s=1.0)
    report = workplace.crawl("releases", storefront(site.url, deadline_s=2.0, concurrency=2))
    assert not report.complete
    assert report.failed["deadline"] == 1
    assert report.requests < 2 + len(urls)


def test_a_crawl_that_does_not_end_is_ended(site, workplace, storefront, monkeypatch):
    monkeypatch.setattr("scrapers.launch.DEADLINE_GRACE_S", -9.0)
    site.add("/robots.txt", "", delay_s=30.0)
    source = storefront(site.url, deadline_s=10.0, timeout_s=60.0)
    with pytest.raises(Exception, match="after its deadline"):
        workplace.crawl("releases", source)


def test_a_shop_that_only_fails_is_given_up(site, workplace, storefront):
    site.add("/robots.txt", "")
    site.add("/sitemap.xml", sitemap(f"{site.url}/broken-{n}" for n in range(400)))
    for n in range(400):
        site.add(f"/broken-{n}", "no", status=403)
    report = workplace.crawl("releases", storefront(site.url, give_up_after=10, retries=0))
    assert not report.complete
    assert report.failed["gave_up"] == 1
    assert report.requests < 100


def test_pages_that_are_gone_are_no_reason_to_give_up(site, workplace, storefront):
    site.add("/robots.txt", "")
    site.add("/sitemap.xml", sitemap(f"{site.url}/gone-{n}" for n in range(40)))
    report = workplace.crawl("releases", storefront(site.url, give_up_after=10, retries=0))
    assert report.complete
    assert report.failed == {"http_404": 40}


def test_a_shop_that_floods_is_left(site, workplace, storefront):
    site.add("/robots.txt", "")
    site.add("/sitemap.xml", sitemap(f"{site.url}/large-{n}" for n in range(200)))
    for n in range(200):
        site.add(f"/large-{n}", "x" * 100_000)
    report = workplace.crawl("releases", storefront(site.url, max_bytes=1_000_000, retries=0))
    assert not report.complete
    assert report.failed["too_many_bytes"] == 1
    assert report.requests < 100


def test_a_listing_without_end_is_left(site, workplace, storefront):
    site.add("/robots.txt", f"Sitemap: {site.url}/0.xml")
    for n in range(60):
        entry = f"<sitemap><loc>{site.url}/{n + 1}.xml</loc></sitemap>"
        site.add(f"/{n}.xml", f"<sitemapindex>{entry}</sitemapindex>")
    report = workplace.crawl("releases", storefront(site.url, max_listings=20))
    assert not report.complete
    assert report.failed["too_many_listings"] == 1
    assert report.requests < 30


def test_more_pages_than_may_be_are_left_out(site, workplace, storefront):
    site.add("/robots.txt", f"Sitemap: {site.url}/sitemap.xml")
    site.add("/sitemap.xml", sitemap(f"{site.url}/{n}" for n in range(40)))
    for n in range(40):
        site.add(f"/{n}", page(f"sku-{n}", ""))
    report = workplace.crawl("releases", storefront(site.url, max_pages=15))
    assert not report.complete
    assert (report.items, report.failed) == (15, {"too_many_pages": 1})
