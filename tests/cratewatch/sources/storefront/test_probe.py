"""What is told of one answer: each field with its place, and what was passed over."""

import gzip
import json

import pytest

from cratewatch.sources.storefront.probe import Answer, understand
from cratewatch.sources.storefront.settings import StorefrontSource

SHOP = "https://corner.example"
PAGE = f"{SHOP}/p/blue-train"


def probe(body, url=PAGE, final_url=None, **settings):
    text = body if isinstance(body, str) else body.decode(errors="replace")
    data = body.encode() if isinstance(body, str) else body
    source = StorefrontSource(spider="storefront", url=SHOP, **settings)
    return understand(Answer(url, final_url or url, data, text), "corner", source)


def page(*nodes, head="", body=""):
    scripts = (
        f'<script type="application/ld+json">{n if isinstance(n, str) else json.dumps(n)}</script>'
        for n in nodes
    )
    return f"<html><head>{head}{''.join(scripts)}</head><body>{body}</body></html>"


def product(**fields):
    return {"@type": "Product", "name": "Blue Train", "sku": "BT-1", **fields}


def places(found):
    (release,) = found.releases
    return {item.field: f"{item.syntax} {item.property}" for item in release.fields if item.syntax}


def values(found):
    return {item.field: item.value for item in found.releases[0].fields}


def why(found):
    """Return what was passed over, of the page and of its first release, with the reason."""
    of_releases = [passed for release in found.releases for passed in release.passed_over]
    return {(passed.property, passed.value): passed.why for passed in found.passed_over} | {
        (passed.property, passed.value): passed.why for passed in of_releases
    }


def test_every_field_names_its_markup() -> None:
    head = '<meta property="og:type" content="product"><meta property="og:image" content="/a.jpg">'
    found = probe(
        page(
            product(
                byArtist="John Coltrane",
                brand={"name": "Blue Note"},
                gtin13="0602455077561",
                category=["Vinyl > Jazz > Hard Bop"],
                additionalProperty=[{"name": "Cat. No.", "value": "BLP 1577"}],
                offers={"price": "24.99", "priceCurrency": "EUR"},
            ),
            head=head,
        )
    )
    assert found.kind == "product"
    assert places(found) == {
        "native_id": "json-ld Product.sku",
        "title": "json-ld Product.name",
        "artist": "json-ld Product.byArtist",
        "label": "json-ld Product.brand",
        "catno": "json-ld Product.additionalProperty[Cat. No.]",
        "barcode": "json-ld Product.gtin13",
        "genres": "json-ld Product.category",
        "image_url": "open-graph og:image",
        "price": "json-ld Product.offers.price",
        "currency": "json-ld Product.offers.priceCurrency",
    }
    assert values(found)["genres"] == ["Jazz", "Hard Bop"]
    assert [item.field for item in found.releases[0].fields if item.syntax is None] == [
        "year",
        "country",
        "format",
        "in_stock",
    ]


def test_microdata_and_a_name_that_is_split() -> None:
    body = (
        '<div itemscope itemtype="https://schema.org/Product">'
        '<h1 itemprop="name">John Coltrane - Blue Train</h1></div>'
    )
    assert places(probe(page(body=body))) == {
        "native_id": "page address",
        "title": "microdata Product.name, after the dash",
        "artist": "microdata Product.name, before the dash",
    }


def test_what_is_passed_over_has_its_reason() -> None:
    found = probe(
        page(
            product(
                name="John Coltrane - Blue Train",
                brand="John Coltrane",
                mpn="N/A",
                category="Vinyl",
                aggregateRating={"ratingValue": 5},
                offers=[
                    {"price": "24.99", "name": "LP"},
                    {"price": "9.99", "name": "CD"},
                    {"price": "20.00", "name": "LP", "availability": "SoldOut"},
                ],
            ),
            {"@type": "Product", "name": "Other", "url": "/p/other"},
            {"@type": "BreadcrumbList"},
            "{'oops'",
            body="<h1>Blue Train</h1><p typeof='Product'>",
        )
    )
    passed = why(found)
    broken = passed.pop(("script", ""))
    assert broken.startswith("it is broken: ")
    assert passed == {
        ("Product.brand", "John Coltrane"): "no label: it is the artist",
        ("Product.mpn", "N/A"): "no catno: it only fills the place",
        ("Product.category", "Vinyl"): "no genres: a medium, or a shelf for any music",
        ("Product.offers.price", "9.99"): "no price: it is of cd",
        ("Product.offers.price", "20.00"): "no price: it is sold out",
        ("Product", "aggregateRating"): "nothing reads it",
        ("Product", "Other"): "it names another page",
        ("BreadcrumbList", ""): "it is no product",
        ("RDFa", ""): "nothing reads it",
    }


def test_two_labels_are_one_that_counts_and_one_that_does_not() -> None:
    found = probe(page(product(recordLabel={"name": "Blue Note"}, brand="Corner")))
    assert values(found)["label"] == "Blue Note"
    assert why(found)["Product.brand", "Corner"] == (
        "no label: Product.recordLabel counts before it"
    )
    assert not found.hints


@pytest.mark.parametrize(
    ("brand", "brand_is", "artist", "label"),
    [
        ("Blue Note", "label", None, "Blue Note"),
        ({"@type": "MusicGroup", "name": "John Coltrane"}, "label", "John Coltrane", None),
        ({"@type": "Person", "name": "John Coltrane"}, "label", "John Coltrane", None),
        ("Vinyl", "label", None, None),
        ("N/A", "label", None, None),
        ("John Coltrane", "artist", "John Coltrane", None),
        ("Corner", "shop", None, None),
    ],
)
def test_a_brand_is_not_always_the_label(brand, brand_is, artist, label) -> None:
    found = values(probe(page(product(brand=brand)), brand_is=brand_is))
    assert (found["artist"], found["label"]) == (artist, label)


def test_a_label_that_is_the_shops_name_is_worth_a_look() -> None:
    (hint,) = probe(page(product(brand="Corner"))).hints
    assert "'Corner' is also the shop's name" in hint
    site = '<meta property="og:site_name" content="Rough Trade">'
    assert probe(page(product(brand="Rough Trade"), head=site)).hints
    assert not probe(page(product(brand="Blue Note"), head=site)).hints


@pytest.mark.parametrize(
    ("category", "genres"),
    [
        ("Jazz", ["Jazz"]),
        ("Home > Records > Rock / Pop", ["Rock", "Pop"]),
        (["Vinyl", "New Wave"], ["New Wave"]),
        ({"@type": "CategoryCode", "name": "Folk, World, & Country"}, ["Folk, World, & Country"]),
        ("Media > Music & Sound Recordings > Records & LPs", []),
        ("https://shop.example/shelf/3", []),
        ("New Arrivals", []),
        ("855", []),
    ],
)
def test_shelves_that_are_genres(category, genres) -> None:
    assert values(probe(page(product(category=category))))["genres"] == genres


def test_a_genre_counts_before_a_category() -> None:
    found = probe(page(product(genre=["Jazz", "Soul"], category="Funk")))
    assert values(found)["genres"] == ["Jazz", "Soul"]
    assert why(found)["Product.category", "Funk"].startswith("no genres: Product.genre counts")


def feed_product(number, **fields):
    return {
        "handle": f"h{number}",
        "title": f"A{number} - T{number}",
        "vendor": "Corner",
        "variants": [{"sku": f"S{number}", "price": "9.00", "available": True}],
        **fields,
    }


def test_a_feed_names_what_its_tags_say() -> None:
    tags = ["genre:Jazz", "Genre: Soul", "Label_Verve", "year:1962", "sale"]
    feed = {"products": [feed_product(1, tags=tags, product_type="Vinyl"), {"id": 7}]}
    found = probe(json.dumps(feed), f"{SHOP}/products.json")
    assert found.kind == "feed"
    told = values(found)
    assert told["genres"] == ["Jazz", "Soul"]
    assert (told["label"], told["year"], told["artist"]) == ("Verve", 1962, "A1")
    assert places(found)["label"] == "products.json tags[Label]"
    assert places(found)["native_id"] == "products.json variants.sku"
    passed = why(found)
    assert passed["tags", "sale"] == "they do not say of what, as genre:Jazz does"
    assert passed["vendor", "Corner"] == "no label: tags[Label] counts before it"
    assert passed["products", "7"] == "it has no handle"


def test_one_vendor_for_everything_is_worth_a_look() -> None:
    feed = json.dumps({"products": [feed_product(number) for number in range(5)]})
    (hint,) = probe(feed, f"{SHOP}/products.json").hints
    assert "every product's vendor is 'Corner'" in hint
    told = probe(feed, f"{SHOP}/products.json", brand_is="shop")
    assert {item.value for r in told.releases for item in r.fields if item.field == "label"} == {
        None
    }


def test_listings() -> None:
    entries = "<url><loc>/p/1</loc></url><url><loc>http://[x]/</loc></url><url></url>"
    body = f"<urlset>{entries}<url><loc>https://other.example/1</loc></url></urlset>"
    found = probe(gzip.compress(body.encode()), f"{SHOP}/sitemap.xml.gz")
    assert (found.kind, found.listed) == ("sitemap", [f"{SHOP}/p/1"])
    assert sorted(why(found).values()) == [
        "it is of another host",
        "it leads nowhere",
        "it names no address",
    ]
    index = "<sitemapindex><sitemap><loc>/a.xml</loc></sitemap></sitemapindex>"
    assert probe(index, f"{SHOP}/sitemap.xml").kind == "sitemap_index"
    robots = probe("Sitemap: /s.xml", f"{SHOP}/robots.txt")
    assert (robots.kind, robots.listed) == ("robots", [f"{SHOP}/s.xml"])


@pytest.mark.parametrize(
    ("body", "url", "kind", "reason"),
    [
        ("", PAGE, "unreadable", "empty"),
        ('{"errors": 1}', f"{SHOP}/products.json", "unreadable", "unreadable"),
        ("<urlset><url>", f"{SHOP}/sitemap.xml", "unreadable", "truncated"),
        ("<urlset></urlset>", f"{SHOP}/sitemap.xml", "sitemap", "nothing_listed"),
        (page(body="<h1>About us</h1>"), PAGE, "no_product", "not_a_product"),
        (page(body="<h1>Just a moment</h1>"), PAGE, "no_product", "challenge"),
        (page({"@type": "ItemList", "x": [product()]}), PAGE, "no_product", "lists_products"),
    ],
)
def test_what_has_no_release(body, url, kind, reason) -> None:
    found = probe(body, url)
    assert (found.kind, found.reason, found.releases) == (kind, reason, [])


def test_a_release_that_the_crawl_would_refuse_says_so() -> None:
    (release,) = probe(page(product(name=None))).releases
    assert release.refused == "no_title"
    image = f"/{'x' * 3000}.jpg"
    (release,) = probe(page(product(image=image))).releases
    assert release.refused is None
    assert release.passed_over[-1].why == "no index could hold it"
