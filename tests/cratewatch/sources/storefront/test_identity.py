import pytest

from cratewatch.sources.storefront.identity import (
    KnownPage,
    KnownPages,
    PageFacts,
    are_one_product,
    first_language,
    native_id,
)
from cratewatch.sources.storefront.texts import real

SHOP = "https://shop.example"


NOTHING = [
    "N/A", "n.a.", "0", "000", "-", "--", "none", "NULL", "undefined", "tbd", "TBA", "k.A.",
    "?", "{{ sku }}", "[sku]", "%SKU%", "no sku", "not available", "unbekannt", "xxx", "",
]  # fmt: skip


@pytest.mark.parametrize("text", NOTHING)
def test_what_only_fills_the_place_of_an_id(text):
    assert real(text) is None


@pytest.mark.parametrize("text", ["1", "10", "BT-1", "NA-1", "NONE-5", "X1", "0-8", "TBC 12"])
def test_what_is_an_id(text):
    assert real(text) == text


@pytest.mark.parametrize(
    ("numbers", "known", "expected"),
    [
        (["S1"], None, "S1"),
        ([], None, "/p/1"),
        ([], "S1", "S1"),  # one night without markup
        (["S2", "S1"], "S1", "S1"),  # variants in another order
        (["S1"], "/p/1", "/p/1"),  # one night with, others without
        (["S9"], "S1", "S9"),  # another product
    ],
)
def test_an_id_stays(numbers, known, expected):
    assert native_id(f"{SHOP}/p/1", numbers, {}, known) == expected


def test_pages_are_known_however_they_are_spelled():
    known = KnownPages([KnownPage("S1", f"{SHOP}/p/1", is_listed=True)])
    for url in ("http://www.shop.example/p/1/", f"{SHOP}/p/1?utm_source=x", f"{SHOP}/de/p/1"):
        assert known.id_of(url) == "S1"
    assert known.id_of(f"{SHOP}/p/2") is None
    assert known.id_of(f"{SHOP}/p/zwei", [f"{SHOP}/p/1"]) == "S1"


def test_of_two_releases_from_one_page_the_listed_one_counts():
    pages = [
        KnownPage("S1", f"{SHOP}/p/1", is_listed=True),
        KnownPage("S0", f"{SHOP}/p/1", is_listed=False),
    ]
    assert KnownPages(pages).id_of(f"{SHOP}/p/1") == "S1"


def test_language_versions_have_one_path():
    versions = {"en": f"{SHOP}/p/1", "de": f"{SHOP}/de/p/eins", "fr": f"{SHOP}/fr/p/un"}
    for url in versions.values():
        assert first_language(url, versions) == f"{SHOP}/p/1"
        assert first_language(url, versions | {"x-default": f"{SHOP}/fr/p/un"}) == f"{SHOP}/fr/p/un"
    astray = {"en": SHOP, "de": f"{SHOP}/de"}  # a template that errs
    assert first_language(f"{SHOP}/p/1", astray) == f"{SHOP}/p/1"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (PageFacts("/p/1", "/p/1"), PageFacts("/de/p/1", "/de/p/1"), True),
        (
            PageFacts("/p/1", "/p/1"),
            PageFacts("/c/x/1", "/c/x/1", alternates=frozenset({"/p/1"})),
            True,
        ),
        (PageFacts("/p/a", "/p/a", "en", "i"), PageFacts("/p/b", "/p/b", "de-at", "i"), True),
        (PageFacts("/p/a", "/p/a", "en", "i"), PageFacts("/p/b", "/p/b", "en-us", "i"), False),
        (PageFacts("/p/a", "/p/a", "en"), PageFacts("/p/b", "/p/b", "de"), False),
        (PageFacts("/cd/1", "/cd/1"), PageFacts("/lp/1", "/lp/1"), False),
    ],
)
def test_two_pages_of_one_product(one, other, expected):
    one, other = (
        page._replace(page_url=SHOP + page.page_url, final_url=SHOP + page.final_url)
        for page in (one, other)
    )
    assert are_one_product(one, other) is expected
    assert are_one_product(other, one) is expected
