"""A probe asks a shop as a crawl does: its rules, its pace, and nobody else."""

import json

import pytest

from cratewatch.errors import CratewatchError
from scrapers.probing import ProbeJob, run_probe
from tests.loopback_site import ELSEWHERE

pytestmark = pytest.mark.heavy

HTML = {"Content-Type": "text/html; charset=utf-8"}
PRODUCT = json.dumps({"@type": "Product", "name": "Blue Train", "sku": "BT-1"})
PAGE = f'<html><script type="application/ld+json">{PRODUCT}</script></html>'


@pytest.fixture
def probe(site, storefront):
    """Return a function: a path of the site to what a probe of it tells."""

    def ask(path, contact="me@shop.example", **settings):
        source = storefront(site.url, **settings)
        return run_probe(ProbeJob(site.url + path, "shop", source, contact))

    return ask


def paths(site):
    return [path for _, path, _ in site.requests]


def test_a_page_is_read_after_the_rules(site, probe):
    site.add("/robots.txt", "User-agent: *\nDisallow: /cart")
    site.add("/p/1", PAGE, headers=HTML)
    found = probe("/p/1")
    assert found["kind"] == "product"
    fields = {item["field"]: item for item in found["releases"][0]["fields"]}
    assert fields["native_id"] == {
        "field": "native_id",
        "value": "BT-1",
        "syntax": "json-ld",
        "property": "Product.sku",
    }
    assert paths(site) == ["/robots.txt", "/p/1"]
    agents = {headers["User-Agent"] for _, _, headers in site.requests}
    assert len(agents) == 1
    assert agents.pop().endswith("(+me@shop.example)")


def test_what_the_rules_forbid_is_not_asked_for(site, probe):
    site.add("/robots.txt", "User-agent: *\nDisallow: /p")
    site.add("/p/1", PAGE, headers=HTML)
    with pytest.raises(CratewatchError, match=r"robots\.txt forbids is not crawled"):
        probe("/p/1")
    assert paths(site) == ["/robots.txt"]


@pytest.mark.parametrize("elsewhere", [url for url in ELSEWHERE if url.startswith("http")])
def test_a_redirect_leads_to_no_other_network(site, probe, elsewhere):
    site.add("/p/1", status=302, headers={"Location": elsewhere})
    with pytest.raises(CratewatchError, match="none of the public network"):
        probe("/p/1")


def test_a_page_that_is_not_there(site, probe):
    with pytest.raises(CratewatchError, match="/p/1: it answers 404"):
        probe("/p/1")
    assert site.count("/p/1") == 1


def test_a_server_that_fails_is_asked_twice(site, probe):
    site.add("/p/1", status=500)
    with pytest.raises(CratewatchError, match="/p/1: it answers 500"):
        probe("/p/1", retries=4)
    assert site.count("/p/1") == 2


def test_of_a_front_page_the_listing_is_sought(site, probe):
    site.add("/robots.txt", "Sitemap: /all.xml")
    names = "".join(f"<sitemap><loc>/{name}.xml</loc></sitemap>" for name in ("blog", "product-1"))
    site.add("/all.xml", f"<sitemapindex>{names}</sitemapindex>")
    site.add("/product-1.xml", "<urlset><url><loc>/p/1</loc></url></urlset>")
    found = probe("/")
    assert (found["kind"], found["listed"]) == ("sitemap", [f"{site.url}/p/1"])
    assert found["way"] == [
        f"{site.url}/robots.txt: names 1",
        f"{site.url}/all.xml: an index of 2, all of which a crawl reads; one of them:",
    ]


def test_a_shop_without_a_sitemap_has_a_feed(site, probe):
    site.add("/sitemap.xml", "<html><h1>Not here</h1></html>", headers=HTML)
    feed = {"products": [{"handle": "a", "title": "A - B"}]}
    site.add("/products.json?limit=250&page=1", json.dumps(feed))
    found = probe("")
    assert (found["kind"], len(found["releases"])) == ("feed", 1)
    assert [line.rpartition(": ")[2] for line in found["way"]] == ["it answers 404", "no_product"]
