import pytest

from cratewatch.sources.storefront.addresses import (
    absolute,
    address_key,
    host_of,
    is_home,
    path_of,
    product_key,
    without_language,
)

BASE = "https://shop.example/records/a"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("b", "https://shop.example/records/b"),
        (" /b#top\n", "https://shop.example/b"),
        ("//cdn.example/b", "https://cdn.example/b"),
        ("HTTP://Shop.Example:8080/B?c=D", "http://shop.example:8080/B?c=D"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("https://plattenläden.example/ü", "https://plattenläden.example/ü"),
        ("http://[cdn_url]/2.jpg", None),
        ("http://{{cdn}}/2.jpg", None),
        ("http://h:99999/", None),
        ("http://h:port/", None),
        ("http:///x", None),
        ("javascript:void(0)", None),
        ("mailto:a@shop.example", None),
        ("file:///etc/passwd", None),
        ("data:image/png;base64,AAAA", None),
    ],
)
def test_an_address_in_full(address, expected):
    assert absolute(address, BASE) == expected


@pytest.mark.parametrize(
    "other",
    [
        "HTTP://SHOP.EXAMPLE/p/%C3%BC?a=1&b=2",
        "https://www.shop.example:443/p/ü/?b=2&a=1",
        "https://shop.example/p/u\N{COMBINING DIAERESIS}?a=1&b=2&utm_source=x&gclid=1",
        "https://shop.example//p/%c3%bc?a=1&b=2&ref=home#reviews",
    ],
)
def test_spellings_of_one_address(other):
    assert address_key(other) == address_key("https://shop.example/p/ü?a=1&b=2")


def test_what_tells_addresses_apart():
    pages = ["/p/1", "/p/2", "/p/1?variant=3", "/P/1", "/p/1/2", "/"]
    urls = [f"https://shop.example{page}" for page in pages]
    urls += ["https://shop.example:8080/p/1", "https://de.shop.example/p/1"]
    assert len(set(map(address_key, urls))) == len(urls)
    assert product_key(urls[0]) == product_key(urls[2])


def test_hosts():
    assert host_of("https://www.Plattenläden.example/x") == host_of(
        "http://xn--plattenlden-s8a.example:80"
    )
    assert host_of("http://127.0.0.1:81") != host_of("http://127.0.0.1:82")
    assert host_of("mailto:x") == ""


@pytest.mark.parametrize("url", ["/de/p/1", "/de-at/p/1/", "/p/1?lang=de", "/p/1?variant=2"])
def test_what_only_chooses_a_language(url):
    assert without_language(f"https://shop.example{url}") == "/p/1"


@pytest.mark.parametrize("url", ["/cd/1", "/lp/1", "/mc/1", "/de", "/dearest/1"])
def test_shelves_are_no_languages(url):
    assert without_language(f"https://shop.example{url}") == url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.example", True),
        ("https://shop.example/index.php?utm_source=x", True),
        ("https://shop.example/de-at/", True),
        ("https://shop.example/?p=12", False),
        ("https://shop.example/new", False),
    ],
)
def test_the_front_page(url, expected):
    assert is_home(url, "https://shop.example/") is expected


def test_the_front_page_of_a_shop_below_a_path():
    shop = "https://example.org/shop/"
    assert is_home("https://example.org/shop", shop)
    assert is_home("https://example.org/", shop)
    assert not is_home("https://example.org/shop/p/1", shop)


def test_an_id_is_written_as_the_shop_writes_it():
    assert path_of("https://shop.example/p/Ü/?variant=2") == "/p/Ü?variant=2"
    assert path_of("https://shop.example") == "/"
    assert path_of("https://shop.example/de/p/1") == path_of("https://shop.example/p/1?lang=de")
