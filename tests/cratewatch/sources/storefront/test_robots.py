import pytest

from cratewatch.sources.storefront.robots import sitemaps_in

ROBOTS = (
    "Sitemap: https://shop.example/a.xml\nUser-agent: *\nSITEMAP: /b.xml # all\nsitemap:/b.xml\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_sitemaps_in_every_encoding(encoding, newline):
    body = ROBOTS.replace("\n", newline).encode(encoding)
    found = [entry.url for entry in sitemaps_in(body, "https://shop.example/robots.txt")]
    assert found == ["https://shop.example/a.xml", "https://shop.example/b.xml"]


def test_an_address_that_leads_nowhere_is_told():
    body = b"Sitemap: http://[cdn]/a.xml\nSitemap: file:///dev/stdin\nSitemap: /c.xml"
    found = sitemaps_in(body, "https://shop.example/robots.txt")
    assert [(entry.url, entry.written) for entry in found] == [
        (None, "http://[cdn]/a.xml"),
        (None, "file:///dev/stdin"),
        ("https://shop.example/c.xml", "/c.xml"),
    ]


def test_no_rules():
    assert sitemaps_in(b"<html>not found</html>", "https://shop.example/robots.txt") == []
