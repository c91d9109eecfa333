"""Crawls of shops that are honest and odd: listings, languages, pages that are gone for a night."""

import json

from cratewatch.catalog.schema import ReleaseRow
from scrapers.launch import CrawlReport


def page(sku, name, url=None, language="en", image=None):
    data = {"@type": "Product", "sku": sku, "name": f"Ana Vey - {name}", "url": url}
    data["image"] = f"/img/{image or sku}.jpg"
    tag = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    return f'<html lang="{language}"><head>{tag}</head></html>'


def sitemap(*urls, root="urlset", entry="url"):
    return f"<{root}>" + "".join(f"<{entry}>{url}</{entry}>" for url in urls) + f"</{root}>"


def loc(url):
    return f"<loc>{url}</loc>"


def night(place, source) -> tuple[CrawlReport, dict[str, int]]:
    place.next_night()
    report = place.crawl("releases", source)
    diff = place.catalog.apply_crawl(place.run_id, "shop", complete=report.lists_all)
    return report, {name: count for name, count in vars(diff).items() if count}


def titles(place):
    with place.catalog._db.transaction() as session:
        rows = session.query(ReleaseRow).order_by(ReleaseRow.release_id).all()
        return {row.release_id.removeprefix("shop:"): row.title for row in rows}


def test_two_languages_are_one_release_whichever_answers_first(site, workplace, storefront):
    site.add(
        "/sitemap.xml",
        sitemap(loc("/en.xml"), loc("/de.xml"), root="sitemapindex", entry="sitemap"),
    )
    site.add("/en.xml", sitemap(loc("/p/0"), loc("/p/hour")))
    site.add("/de.xml", sitemap(loc("/de/p/0"), loc("/de/p/stunde")))
    for path, sku, name, language, first_slow in (
        ("/p/0", "S0", "Night Train", "en", True),
        ("/p/hour", "S1", "Blue Hour", "en", True),
        ("/de/p/0", "S0", "Nachtzug", "de", False),
        ("/de/p/stunde", "S1", "Blaue Stunde", "de", False),
    ):
        for slow in (first_slow, not first_slow):
            site.add(path, page(sku, name, site.url + path, language), delay_s=1.0 if slow else 0)
    site.add("/p/hour", status=500)
    site.add("/p/0", page(None, "Night Train", image="S0"))
    source = storefront(site.url, retries=0)
    for _ in range(2):
        report, diff = night(workplace, source)
        assert (report.complete, report.items, report.failed) == (True, 2, {})
        assert titles(workplace) == {"S0": "Night Train", "S1": "Blue Hour"}
    assert diff == {"unchanged": 2}
    report, diff = night(workplace, source)  # the first page is broken, the second one away
    assert titles(workplace) == {"S0": "Night Train", "S1": "Blue Hour"}
    assert diff == {"unchanged": 1, "unreachable": 1}


def test_a_listing_in_every_form(site, workplace, storefront):
    robots = f"Sitemap: {site.url}/list.txt\nSitemap: /index.xml\nSitemap: /atom\n"
    robots += "User-agent: *\nDisallow: /private/"
    site.add("/robots.txt", robots.encode("utf-16"))
    site.add("/list.txt", f"\ufeff{site.url}/p/1\n/p/2\n/private/3\nmore to come\n".encode())
    site.add(
        "/index.xml",
        sitemap(
            loc("/utf16.xml"), f"\n{site.url}/tail.xml\n", "", root="sitemapindex", entry="sitemap"
        ),
    )
    site.add("/utf16.xml", sitemap(loc("/p/3"), loc("http://[shop]/p/9")).encode("utf-16"))
    bad = [
        loc("http://elsewhere.example/p/1"),
        loc("mailto:x@shop.example"),
        "<lastmod>2026</lastmod>",
    ]
    site.add("/tail.xml", sitemap(loc("/p/4?a=1&b=2"), *bad) + "<script>x</script>")
    site.add(
        "/atom", '<feed><entry><link href="/p/5"/></entry><entry><title>x</title></entry></feed>'
    )
    for path in ("/p/1", "/p/2", "/p/3", "/p/4?a=1&b=2", "/p/5"):
        site.add(path, page(path[3], f"Title {path[3]}"))
    report, diff = night(workplace, storefront(site.url))
    assert report.complete
    assert report.items == diff["new"] == 5
    assert report.failed == {"bad_url": 3, "no_address": 3, "robots_forbidden": 1}
    assert report.noted == {"other_host": 1}
    examples = workplace.catalog.items.failure_examples(5)
    assert {item["key"] for item in examples["bad_url"]} == {
        "more to come",
        "http://[shop]/p/9",
        "mailto:x@shop.example",
    }
    assert f"{site.url}/tail.xml#entry-4" in {item["key"] for item in examples["no_address"]}


def test_a_listing_of_which_nothing_is_the_shop_s_is_an_error(site, workplace, storefront):
    elsewhere = [loc(f"http://elsewhere.example/p/{n}") for n in range(3)]
    site.add("/sitemap.xml", sitemap(*elsewhere))
    report = workplace.crawl("releases", storefront(site.url))
    assert not report.complete
    assert (report.failed, report.noted) == ({"nothing_listed": 1}, {"other_host": 3})


def test_what_a_feed_of_news_leaves_out_is_not_withdrawn(site, workplace, storefront):
    site.add("/robots.txt", "Sitemap: /rss")
    for paths in (("/p/1", "/p/2"), ("/p/2", "/p/3")):
        items = sitemap(*(f"<link>{path}</link>" for path in paths), root="channel", entry="item")
        site.add("/rss", f"<rss>{items}</rss>")
    for number in "123":
        site.add(f"/p/{number}", page(number, f"Title {number}"))
    for expected in ({"new": 2}, {"new": 1, "unchanged": 1}):
        report, diff = night(workplace, storefront(site.url))
        assert (report.complete, report.lists_all) == (True, False)
        assert diff == expected


def test_one_bad_product_of_a_feed_loses_no_other(site, workplace, storefront):
    def product(handle):
        return {"handle": handle, "title": f"A - {handle}", "variants": [{"sku": "N/A"}]}

    bad = [None, {"title": "No handle"}, {"handle": "x", "variants": 3, "images": [7]}]
    site.add("/products.json?limit=250&page=1", json.dumps({"products": [*bad, product("a")]}))
    site.add("/products.json?limit=250&page=2", json.dumps({"products": [product("b"), bad[1]]}))
    site.add("/products.json?limit=250&page=3", json.dumps({"products": []}))
    report, _ = night(workplace, storefront(site.url))
    assert report.complete
    assert report.failed == {"no_address": 2, "no_title": 1}
    assert titles(workplace) == {"/products/a": "a", "/products/b": "b"}


def test_a_shop_that_sends_its_front_page_instead_changes_nothing(site, workplace, storefront):
    paths = [f"/p/{n}" for n in range(6)]
    site.add("/sitemap.xml", sitemap(*map(loc, paths)))
    site.add("/", page(None, "Album of the Week"))
    site.add("/week", page(None, "Album of the Week"))
    challenge = "<html><title>Just a moment...</title></html>"
    for path, place in zip(paths, ("/", "/?gone=1", "/week", "/week", None, None), strict=True):
        site.add(path, page(path[3], f"Title {path[3]}"))
        if place:
            site.add(path, status=302, headers={"Location": place})
        else:
            site.add(path, challenge)
    site.add("/?gone=1", page(None, "Album of the Week"))
    source = storefront(site.url)
    assert night(workplace, source)[1] == {"new": 6}
    before = titles(workplace)
    for _ in range(2):
        report, diff = night(workplace, source)
        assert report.failed == {"sent_home": 2, "redirected": 2, "challenge": 2}
        assert diff == {"unreachable": 6}
        assert titles(workplace) == before
