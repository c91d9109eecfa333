"""Whose page it is: by hand, each kind of page once."""

import json

import pytest

from cratewatch.sources.storefront.identity import KnownPage, KnownPages
from cratewatch.sources.storefront.product_data import ProductPage, read_page
from cratewatch.sources.storefront.which_product import NoProduct, Visit

SHOP = "https://shop.example"
PAGE = f"{SHOP}/p/blue-hour"


def product(sku="OWN", name="Ana Vey - Blue Hour", **fields):
    return {"@type": "Product", "sku": sku, "name": name, **fields}


def related(sku="R", name="Other - Thing", **fields):
    return product(sku, name, **fields)


def page(*nodes, head="", body=""):
    scripts = "".join(
        f'<script type="application/ld+json">{json.dumps(node)}</script>' for node in nodes
    )
    return f"<html><head>{head}{scripts}</head><body>{body}</body></html>"


def microdata(sku, name, url=""):
    link = f'<link itemprop="url" href="{url}">' if url else ""
    return (
        f'<div itemscope itemtype="https://schema.org/Product">{link}'
        f'<b itemprop="name">{name}</b><meta itemprop="sku" content="{sku}"></div>'
    )


def read(html, page_url=PAGE, final_url=None, known=()):
    visit = Visit("shop", page_url, final_url or page_url, SHOP, KnownPages(known))
    return read_page(html, visit)


def sku_of(html, *args, **kwargs):
    found = read(html, *args, **kwargs)
    assert isinstance(found, ProductPage), found
    return found.release.native_id


def refusal(html, *args, **kwargs):
    found = read(html, *args, **kwargs)
    assert isinstance(found, NoProduct), found
    return found.reason, found.is_failure


@pytest.mark.parametrize(
    "names",
    [
        {"url": PAGE},
        {"url": "/p/blue-hour/"},
        {"url": "http://WWW.SHOP.EXAMPLE/p/blue%2Dhour?utm_source=feed#top"},
        {"url": PAGE + "?variant=7"},
        {"url": PAGE + "?ref=1"},
        {"url": {"@id": PAGE}},
        {"@id": PAGE + "#product"},
        {"mainEntityOfPage": PAGE},
        {"mainEntityOfPage": {"@type": "WebPage", "@id": PAGE}},
        {"offers": {"price": 9, "url": PAGE}},
        {"offers": {"@type": "AggregateOffer", "offers": [{"price": 9, "url": PAGE}]}},
    ],
)
def test_of_two_products_the_one_that_names_the_page(names):
    for others in (related(), related(url="/p/other"), related(offers={"url": "/p/other"})):
        assert sku_of(page([others, product(**names)])) == "OWN"
        assert sku_of(page([product(**names), others])) == "OWN"


def test_the_page_may_have_another_address_of_its_own():
    html = page(
        related(), product(url="/records/7"), head='<link rel="canonical" href="/records/7">'
    )
    assert sku_of(html) == "OWN"


@pytest.mark.parametrize("canonical", ["/", "https://elsewhere.example/records/7"])
def test_a_canonical_link_that_errs_makes_no_product(canonical):
    html = page(product(url="/records/7"), head=f'<link rel="canonical" href="{canonical}">')
    assert refusal(html) == ("other_product", True)


def test_the_main_entity_is_the_page_s_own():
    html = page([related(), {"@type": "ItemPage", "mainEntity": product()}])
    assert sku_of(html) == "OWN"


@pytest.mark.parametrize(
    "nothing", ["#product", SHOP + "/#/schema/product/3", "_:b0", "gid://shop/Product/1", SHOP]
)
def test_what_names_no_page(nothing):
    assert sku_of(page(product(**{"@id": nothing}))) == "OWN"
    assert sku_of(page(product(**{"@id": nothing, "url": PAGE}), related())) == "OWN"


def test_a_leftover_of_a_template_is_taken_if_there_is_nothing_better():
    leftover = product(url="http://[shop]/p/9")
    assert sku_of(page(leftover)) == "OWN"
    assert sku_of(page(related("A"), product("9", url="http://[shop]/p/9"))) == "A"


def test_a_lone_product_of_another_page():
    assert refusal(page(related(url="/p/other"))) == ("other_product", True)
    teaser = related(url="/p/other", mainEntityOfPage=SHOP + "/elsewhere")
    assert refusal(page(teaser)) == ("other_product", True)


def test_teasers_whose_ids_are_made_from_the_list_s_address():
    teasers = [related(str(n), f"T{n}", **{"@id": f"{PAGE}#{n}", "url": f"/p/{n}"}) for n in "12"]
    assert refusal(page(*teasers)) == ("lists_products", False)


@pytest.mark.parametrize(
    "html",
    [
        page([related("1", url="/p/1"), related("2", "Two", url="/p/2")]),
        page(body=microdata("1", "One") + microdata("2", "Two")),
        page({"@type": "CollectionPage"}, related()),
        page({"@type": "BlogPosting", "headline": "New"}, related()),
        page(related(), head='<meta property="og:type" content="article">'),
    ],
)
def test_lists_and_articles(html):
    assert refusal(html) == ("lists_products", False)


def test_one_teaser_below_the_headline_of_a_shelf():
    html = page(related(name="Ana Vey - Blue Hour"), body="<h1>New arrivals</h1>")
    assert refusal(html) == ("other_product", True)


def test_of_several_without_address_the_one_in_the_headline():
    body = (
        "<h1>Ana Vey - Blue Hour</h1>"
        + microdata("R", "Other")
        + microdata("OWN", "Ana Vey - Blue Hour")
    )
    assert sku_of(page(body=body)) == "OWN"


def test_of_several_without_address_the_one_that_the_catalog_knows():
    body = microdata("R", "Other") + microdata("OWN", "Blue Hour")
    assert sku_of(page(body=body), known=[KnownPage("OWN", PAGE, is_listed=True)]) == "OWN"


def test_a_front_page_has_no_product_of_its_own():
    assert refusal(page(product()), SHOP + "/") == ("lists_products", False)
    assert refusal(page(product()), PAGE, SHOP + "/?gone=1") == ("sent_home", True)
    assert refusal(page(product()), PAGE, SHOP + "/de/") == ("sent_home", True)
    assert refusal(page(), PAGE, SHOP) == ("sent_home", True)


def test_json_ld_and_microdata_of_one_product_are_one():
    html = page(
        product(offers={"price": 9, "priceCurrency": "EUR"}),
        body='<div itemscope itemtype="https://schema.org/Product"><b itemprop="name">Blue Hour</b>'
        '<meta itemprop="gtin13" content="4012345678901"></div>',
    )
    found = read(html)
    assert isinstance(found, ProductPage)
    release = found.release
    assert (release.native_id, release.barcode) == ("OWN", "4012345678901")
    assert str(release.price) == "9.00"


def test_a_second_script_about_the_product_fills_in():
    html = page(product(url=PAGE), product(None, genre="Dub"), related())
    found = read(html)
    assert isinstance(found, ProductPage)
    assert (found.release.native_id, found.release.genres) == ("OWN", ("Dub",))


def test_a_product_that_is_broken_is_not_replaced_by_another():
    broken = '<script type="application/ld+json">{"@type": "Product", "name": "Own"</script>'
    assert refusal(page(related(), head=broken)) == ("no_product", True)
    assert sku_of(page(product(url=PAGE), head=broken)) == "OWN"
    assert sku_of(page(head=broken, body=microdata("OWN", "Own"))) == "OWN"
    headline = "<h1>Ana Vey - Blue Hour (LP)</h1>"
    assert sku_of(page(product(), head=broken, body=headline)) == "OWN"
    assert refusal(page(related(name="Ana Vey - Dusk"), head=broken, body=headline)) == (
        "no_product",
        True,
    )


@pytest.mark.parametrize(
    "script", ["", "undefined", '{"@type": "BlogPosting", "headline": "12" x"}']
)
def test_broken_scripts_about_something_else(script):
    html = f'<script type="application/ld+json">{script}</script><h1>News</h1>'
    assert refusal(html) == ("not_a_product", False)


def test_opengraph_speaks_of_the_page_if_the_rest_is_of_others():
    head = '<meta name="og:type" content="product"><meta name="og:title" content="Blue Hour">'
    html = page(related("1", url="/p/1"), related("2", "Two", url="/p/2"), head=head)
    found = read(html)
    assert isinstance(found, ProductPage)
    assert found.release.title == "Blue Hour"
    broken = '<script type="application/ld+json">{"@type": "Product", "name": "12" x"}</script>'
    assert isinstance(read(page(head=head + broken)), ProductPage)
    elsewhere = head + '<meta property="og:url" content="/p/other">'
    assert refusal(page(related(url="/p/1"), head=elsewhere)) == ("other_product", True)


def test_products_within_a_list_are_shown_and_none_is_the_page_s():
    element = {"@type": "ListItem", "item": related()}
    assert refusal(page({"@type": "ItemList", "itemListElement": [element]})) == (
        "lists_products",
        False,
    )
    assert refusal(page({"@type": "MusicGroup", "album": [{"@type": "MusicAlbum"}]})) == (
        "lists_products",
        False,
    )


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Just a moment...", "challenge"),
        ("Attention Required! | Cloudflare", "challenge"),
        ("404 Not Found", "error_page"),
        ("Seite nicht gefunden", "error_page"),
        ("We'll be back soon", "error_page"),
        ("Service Temporarily Unavailable", "error_page"),
        ("Error establishing a database connection", "error_page"),
    ],
)
def test_errors_that_are_answered_with_200(title, reason):
    assert refusal(page(head=f"<title>{title}</title>")) == (reason, True)
    teaser = related(url="/p/other")
    assert refusal(page(teaser, body=f"<h1>{title}</h1>")) == (reason, True)


@pytest.mark.parametrize(
    "title", ["About us", "A moment in time", "Errors and omissions", "The 405s"]
)
def test_what_is_no_error(title):
    assert refusal(page(head=f"<title>{title}</title>")) == ("not_a_product", False)
