import json
from decimal import Decimal

import pytest

from cratewatch.sources.storefront.product_data import ProductPage, read_page
from cratewatch.sources.storefront.which_product import NoProduct, Visit

PAGE = "https://shop.example/records/blue-train"


def page(*scripts, head="", body=""):
    tags = "".join(
        f'<script type="application/ld+json">{s if isinstance(s, str) else json.dumps(s)}</script>'
        for s in scripts
    )
    return f"<html><head>{head}{tags}</head><body>{body}</body></html>"


def visit(page_url=PAGE, final_url=None, **fields):
    return Visit("shop", page_url, final_url or page_url, "https://shop.example", **fields)


def read(html, page_url=PAGE, final_url=None, **fields):
    found = read_page(html, visit(page_url, final_url, **fields))
    return found.release if isinstance(found, ProductPage) else None


def refused(html, page_url=PAGE, final_url=None):
    found = read_page(html, visit(page_url, final_url))
    assert isinstance(found, NoProduct)
    return found


def product(**fields):
    return {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": "Blue Train",
        "sku": "BT-1",
        **fields,
    }


def test_every_field_of_a_full_product():
    release = read(
        page(
            product(
                byArtist={"@type": "MusicGroup", "name": "John Coltrane"},
                brand={"@type": "Brand", "name": "Blue Note"},
                gtin13="0602455077561",
                mpn="BLP 1577",
                datePublished="1958-01-03",
                genre=["Jazz", "Hard Bop"],
                countryOfOrigin={"@type": "Country", "name": "US"},
                musicReleaseFormat="https://schema.org/VinylFormat",
                image="/images/bt.jpg#large",
                offers={
                    "@type": "Offer",
                    "price": "24,99",
                    "priceCurrency": "EUR",
                    "availability": "https://schema.org/InStock",
                },
            )
        )
    )
    assert release is not None
    assert json.loads(release.to_json()) == {
        "source": "shop",
        "native_id": "BT-1",
        "title": "Blue Train",
        "artist": "John Coltrane",
        "year": 1958,
        "label": "Blue Note",
        "catno": "BLP 1577",
        "barcode": "0602455077561",
        "country": "US",
        "format": "Vinyl",
        "genres": ["Jazz", "Hard Bop"],
        "page_url": PAGE,
        "image_url": "https://shop.example/images/bt.jpg",
        "price": "24.99",
        "currency": "EUR",
        "in_stock": True,
    }


@pytest.mark.parametrize(
    "wrap",
    [
        lambda p: p,
        lambda p: [p],
        lambda p: {"@context": "https://schema.org", "@graph": [{"@type": "WebSite"}, p]},
        lambda p: {"@type": "WebPage", "mainEntity": p},
        lambda p: {**p, "@type": ["Product", "MusicAlbum"]},
        lambda p: {**p, "@type": "http://schema.org/Product"},
        lambda p: {**p, "@type": "MusicRelease"},
        lambda p: {**p, "@type": "MusicAlbum"},
        lambda p: {**p, "@type": "ProductGroup"},
    ],
)
def test_a_product_is_found_wherever_it_stands(wrap):
    release = read(page(wrap(product())))
    assert release is not None
    assert (release.native_id, release.title) == ("BT-1", "Blue Train")


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        ({"price": 24.99, "priceCurrency": "EUR"}, ("24.99", "EUR", None)),
        ({"price": "1.299,00 €"}, ("1299.00", "EUR", None)),
        ([{"price": "24.99", "priceCurrency": "EUR"}], ("24.99", "EUR", None)),
        (
            {
                "@type": "AggregateOffer",
                "lowPrice": "12.5",
                "highPrice": 30,
                "priceCurrency": "GBP",
            },
            ("12.50", "GBP", None),
        ),
        (
            {"@type": "AggregateOffer", "offers": [{"price": 9, "priceCurrency": "USD"}]},
            ("9.00", "USD", None),
        ),
        (
            {"priceSpecification": {"price": "15", "priceCurrency": "EUR"}},
            ("15.00", "EUR", None),
        ),
        (
            [
                {"price": 8, "priceCurrency": "EUR", "availability": "OutOfStock"},
                {"price": 11, "priceCurrency": "EUR", "availability": "http://schema.org/InStock"},
                {"price": 10, "priceCurrency": "EUR", "availability": "in stock"},
            ],
            ("10.00", "EUR", True),
        ),
        ({"price": 8, "priceCurrency": "EUR", "availability": "SoldOut"}, ("8.00", "EUR", False)),
        ({"availability": "https://schema.org/OutOfStock"}, (None, None, False)),
        ({"price": "on request"}, (None, None, None)),
        ("https://shop.example/offer", (None, None, None)),
        (None, (None, None, None)),
    ],
)
def test_offers(offers, expected):
    release = read(page(product(offers=offers)))
    assert release is not None
    amount, currency, in_stock = expected
    assert release.price == (None if amount is None else Decimal(amount))
    assert (release.currency, release.in_stock) == (currency, in_stock)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("cover.jpg", "https://shop.example/records/cover.jpg"),
        ("//cdn.example/c.jpg", "https://cdn.example/c.jpg"),
        (["", "https://cdn.example/1.jpg", "2.jpg"], "https://cdn.example/1.jpg"),
        ({"@type": "ImageObject", "url": "/i.jpg"}, "https://shop.example/i.jpg"),
        ([{"@type": "ImageObject", "contentUrl": "/c.jpg"}], "https://shop.example/c.jpg"),
        ("data:image/png;base64,AAAA", None),
        (None, None),
    ],
)
def test_images(image, expected):
    release = read(page(product(image=image)))
    assert release is not None
    assert release.image_url == expected


def test_an_image_may_be_named_by_its_id_in_the_graph():
    graph = [
        product(image={"@id": "#primary"}),
        {"@id": "#primary", "@type": "ImageObject", "url": "/p.jpg"},
    ]
    release = read(page({"@graph": graph}))
    assert release is not None
    assert release.image_url == "https://shop.example/p.jpg"


def test_relative_images_belong_to_the_page_after_redirects_and_the_page_to_the_listing():
    release = read(page(product(image="c.jpg")), PAGE, "https://www.shop.example/x/y")
    assert release is not None
    assert release.image_url == "https://www.shop.example/x/c.jpg"
    assert release.page_url == PAGE


@pytest.mark.parametrize(
    ("fields", "artist", "title"),
    [
        ({"byArtist": "John Coltrane"}, "John Coltrane", "Blue Train"),
        ({"byArtist": [{"name": "A"}, {"name": "B"}]}, "A, B", "Blue Train"),
        ({"name": "John Coltrane - Blue Train"}, "John Coltrane", "Blue Train"),
        (
            {"name": "John Coltrane \N{EN DASH} Blue Train - Live"},
            "John Coltrane",
            "Blue Train - Live",
        ),
        (
            {"name": "John Coltrane - Blue Train", "byArtist": "John Coltrane"},
            "John Coltrane",
            "Blue Train",
        ),
        ({"name": "Run-D.M.C."}, None, "Run-D.M.C."),
        ({"name": " Rock &amp;\n Roll "}, None, "Rock & Roll"),
        ({"name": 1999}, None, "1999"),
        ({"name": None}, None, ""),
        (
            {"additionalProperty": [{"name": "Artist", "value": "Lee Morgan"}]},
            "Lee Morgan",
            "Blue Train",
        ),
    ],
)
def test_artist_and_title(fields, artist, title):
    release = read(page(product(**fields)))
    assert release is not None
    assert (release.artist, release.title) == (artist, title)


def test_a_nested_release_fills_in_what_the_album_does_not_say():
    album = {
        "@type": "MusicAlbum",
        "name": "Blue Train",
        "byArtist": [{"@type": "MusicGroup", "name": "John Coltrane"}],
        "offers": {"price": "24.99", "priceCurrency": "EUR", "sku": "BT-1"},
        "albumRelease": {
            "@type": "MusicRelease",
            "catalogNumber": "BLP 1577",
            "recordLabel": {"name": "Blue Note"},
            "datePublished": "1958",
        },
    }
    release = read(page(album))
    assert release is not None
    assert (release.native_id, release.catno) == ("BT-1", "BLP 1577")
    assert (release.label, release.year) == ("Blue Note", 1958)


def test_an_album_beside_the_product_is_the_same_release():
    album = {"@type": "MusicAlbum", "name": "Blue Train", "byArtist": "John Coltrane"}
    release = read(page(product(name="Coltrane, John: Blue Train LP"), album))
    assert release is not None
    assert (release.artist, release.title) == ("John Coltrane", "Blue Train")
    assert release.native_id == "BT-1"


def test_additional_properties_under_the_names_that_people_type():
    properties = {
        "Label": "Blue Note",
        "Cat. No.": "BLP 1577",
        "EAN": "0602455077561",
        "Country of origin": "US",
        "Format": "LP",
        "Genre": "Jazz",
        "Released": "3 January 1958",
    }
    values = [{"@type": "PropertyValue", "name": k, "value": v} for k, v in properties.items()]
    release = read(page(product(additionalProperty=values)))
    assert release is not None
    assert (release.label, release.catno) == ("Blue Note", "BLP 1577")
    assert (release.barcode, release.country) == ("0602455077561", "US")
    assert (release.format, release.genres, release.year) == ("LP", ("Jazz",), 1958)


def test_xhtml_with_its_declaration():
    html = '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>' + page(product(name="Für Élise"))
    release = read(html)
    assert release is not None
    assert release.title == "Für Élise"


def test_without_sku_the_path_is_the_id():
    release = read(page(product(sku=None)), PAGE + "?variant=2")
    assert release is not None
    assert release.native_id == "/records/blue-train?variant=2"


def test_microdata():
    release = read(
        page(
            body="""
            <div itemscope itemtype="https://schema.org/Product">
              <h1 itemprop="name">Blue Train</h1><meta itemprop="sku" content="BT-1">
              <img itemprop="image" src="/bt.jpg">
              <p itemprop="offers" itemscope itemtype="https://schema.org/Offer">
                <span itemprop="price" content="24.99">24,99</span>
                <meta itemprop="priceCurrency" content="EUR">
                <link itemprop="availability" href="https://schema.org/OutOfStock"></p>
            </div>"""
        )
    )
    assert release is not None
    assert (release.native_id, release.title) == ("BT-1", "Blue Train")
    assert (release.price, release.currency) == (Decimal("24.99"), "EUR")
    assert release.in_stock is False
    assert release.image_url == "https://shop.example/bt.jpg"


OPEN_GRAPH = """
<meta property="og:type" content="product">
<meta property="og:title" content="John Coltrane - Blue Train">
<meta property="og:image" content="/bt.jpg">
<meta property="product:price:amount" content="24.99">
<meta property="product:price:currency" content="EUR">
<meta property="product:availability" content="instock">
"""


def test_open_graph_alone():
    release = read(page(head=OPEN_GRAPH))
    assert release is not None
    assert (release.artist, release.title) == ("John Coltrane", "Blue Train")
    assert (release.native_id, release.in_stock) == ("/records/blue-train", True)
    assert (release.price, release.currency) == (Decimal("24.99"), "EUR")
    assert release.image_url == "https://shop.example/bt.jpg"


def test_open_graph_fills_gaps_only():
    release = read(page(product(offers={"price": 1, "priceCurrency": "GBP"}), head=OPEN_GRAPH))
    assert release is not None
    assert (release.title, release.price) == ("Blue Train", Decimal("1.00"))
    assert release.image_url == "https://shop.example/bt.jpg"


@pytest.mark.parametrize(
    "html",
    [
        "",
        "   ",
        "<!-- nothing -->",
        "plain text",
        page(body="<h1>About us</h1>"),
        page({"@type": "Organization", "name": "Shop"}),
        page({"@type": "ItemList", "itemListElement": [product(), product(sku="2")]}),
        page(
            head='<meta property="og:type" content="website"><meta property="og:title" content="x">'
        ),
        page(
            product(url="https://shop.example/records/a"),
            product(url="https://shop.example/records/b"),
        ),
        page("[]"),
        page("3"),
    ],
)
def test_what_is_no_product_page(html):
    assert not refused(html).is_failure


def test_of_several_products_the_one_that_names_the_page_counts():
    other = product(url="https://shop.example/records/other", sku="OTHER")
    release = read(page([other, product(url="/records/blue-train")]))
    assert release is not None
    assert release.native_id == "BT-1"


def test_a_broken_script_does_not_spoil_the_others():
    release = read(page("{'oops': ", product()))
    assert release is not None
    assert release.native_id == "BT-1"


def test_broken_product_data_is_a_failure_not_an_absence():
    found = refused(page('{"@type": "Product", "name": "Blue Tr'))
    assert (found.reason, found.is_failure) == ("no_product", True)
