"""Answers that nobody thought of: nothing escapes, and no good entry beside a bad one is lost.

``CRATEWATCH_EXAMPLES=10000 pytest tests/cratewatch/sources/storefront/test_generated.py`` looks
longer than the usual run does.
"""

import gzip
import json
from contextlib import suppress
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cratewatch.catalog.records import Release
from cratewatch.sources.storefront.feed_product import ProductReader
from cratewatch.sources.storefront.product_data import ProductPage, read_page
from cratewatch.sources.storefront.products_json import FeedError, handle_of, read_products
from cratewatch.sources.storefront.robots import sitemaps_in
from cratewatch.sources.storefront.sitemap import SitemapError, read_sitemap
from cratewatch.sources.storefront.which_product import NoProduct, Visit
from tests.generated import many

pytestmark = pytest.mark.heavy  # half a minute of pages
SHOP = "https://shop.example"
PAGE = f"{SHOP}/p/1"

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["http://[cdn]/x.jpg", "//", "http://h:99999/", "N/A", "1.299,00 €", "{{ sku }}", "&quot;"]
    )
)
NAMES = """
    @id @type @graph @value url name sku image offers price priceSpecification priceCurrency
    availability hasVariant byArtist gtin13 additionalProperty value mainEntity brand genre
    mainEntityOfPage albumRelease validFrom category minValue eligibleQuantity
"""
keys = st.sampled_from(NAMES.split()) | st.text(max_size=8)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4)
)
types = st.sampled_from(["Product", "MusicAlbum", "https://schema.org/Offer", "ItemList", 3, None])
nodes = st.dictionaries(keys, anything, max_size=8).flatmap(
    lambda node: types.map(lambda kind: {**node, "@type": kind})
)
OWN = {"@type": "Product", "name": "Own", "sku": "OWN-1", "url": PAGE, "offers": {"price": "21.50"}}


def script(data):
    return f'<script type="application/ld+json">{data}</script>'


def dumped(data):
    return json.dumps(data).replace("</", "<\\/")


def visit():
    return Visit("shop", PAGE, PAGE, SHOP)


@many
@given(st.lists(nodes, max_size=3), st.lists(st.text(max_size=40), max_size=2))
def test_the_own_product_is_found_beside_anything(others, broken):
    others = [node for node in others if PAGE not in json.dumps(node)]
    scripts = [*map(escape, broken), dumped(others), dumped(OWN)]
    page = read_page("<html>" + "".join(map(script, scripts)), visit())
    assert isinstance(page, ProductPage)
    assert page.release.native_id == "OWN-1"


@many
@given(st.lists(nodes, max_size=4), st.text(max_size=60), anything)
def test_any_page_is_a_release_or_says_why_not(found, text, value):
    body = f'<div itemscope itemtype="https://schema.org/Product"><b itemprop="{escape(text)}">x'
    html = f"<html>{text}{script(dumped(found))}{script(text)}{script(dumped(value))}{body}"
    page = read_page(html, visit())
    if isinstance(page, NoProduct):
        assert page.reason
    else:
        assert Release.from_json(page.release.to_json()) == page.release


@many
@given(st.binary(max_size=200), st.text(max_size=200))
def test_any_bytes_are_read_or_refused(data, text):
    for body in (data, text.encode(), text.encode("utf-16"), gzip.compress(data), data * 50):
        sitemaps_in(body, SHOP + "/robots.txt")
        for read in (lambda body: read_sitemap(body, SHOP), read_products):
            with suppress(SitemapError, FeedError):
                read(body)
    read_page(text, visit())


bad_entries = st.text(max_size=30).map(escape) | st.sampled_from(
    [
        "<loc></loc>",
        "<loc>http://[x]/</loc>",
        "<loc>javascript:x</loc>",
        "<loc><![CDATA[a & b]]></loc>",
        "<loc>&nbsp;&unknown; & &#0;</loc>",
        "<loc>x<priority>1</priority>",
        "<!-- </urlset> -->",
        "<image:image><image:loc>http://s/i.jpg</image:loc></image:image>",
    ]
)


@many
@given(
    st.lists(bad_entries, max_size=6),
    st.sampled_from(["", "\ufeff", "\n\n", "<b>Warning</b>: a & b\n", "<?xml version='1.0'?>"]),
    st.sampled_from(["", "<script>x</script>", "\0\0", "<!-- y -->", "<br/>\n<b>Notice</b>"]),
    st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-8-sig"]),
    st.booleans(),
)
def test_good_entries_of_a_sitemap_are_all_there(bad, before, after, encoding, zipped):
    entries = [f"<url>{entry}</url>" for entry in bad]
    for number in range(len(entries), -1, -1):
        entries.insert(number, f"<url><loc>/p/{number}?a=1&b=2</loc></url>")
    text = f"{before}<urlset>{''.join(entries)}</urlset>{after}"
    body = text.encode(encoding)
    urls = read_sitemap(gzip.compress(body) + b"\n" if zipped else body, SHOP).urls
    assert {f"{SHOP}/p/{number}?a=1&b=2" for number in range(len(bad) + 1)} <= set(urls)


products = st.dictionaries(
    st.sampled_from(
        ["handle", "title", "vendor", "variants", "images", "image", "id", "product_type", "tags"]
    ),
    anything,
)
variants = st.dictionaries(
    st.sampled_from(["sku", "price", "available", "title", "option1", "barcode"]), anything
)


@many
@given(st.lists(products | anything, max_size=5), st.lists(variants | anything, max_size=3))
def test_good_products_of_a_feed_are_all_there(bad, found):
    good = [{"handle": f"h{n}", "title": "A - B", "variants": found} for n in range(len(bad) + 1)]
    mixed = [entry for pair in zip(good, [*bad, None], strict=True) for entry in pair]
    feed = read_products(json.dumps({"products": mixed}).encode())
    assert len(feed.products) + len(feed.bad) == len(mixed)
    assert {f"h{n}" for n in range(len(good))} <= {handle_of(product) for product in feed.products}
    for product in feed.products:
        release = ProductReader(product).release("shop", shop_url=SHOP)
        assert Release.from_json(release.to_json()) == release
