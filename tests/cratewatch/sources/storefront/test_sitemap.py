import gzip

import pytest

from cratewatch.sources.storefront.sitemap import SitemapError, read_sitemap

NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def urlset(*urls):
    entries = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    return f'<?xml version="1.0"?><urlset {NAMESPACE}>{entries}</urlset>\n'.encode()


def test_a_list_of_pages_once_each_without_fragments():
    sitemap = read_sitemap(urlset("http://s/a", " http://s/b#x ", "http://s/b", "http://s/a"))
    assert not sitemap.is_index
    assert sitemap.urls == ["http://s/a", "http://s/b"]


def test_an_index():
    body = f"<sitemapindex {NAMESPACE}><sitemap><loc>http://s/1.xml</loc></sitemap></sitemapindex>"
    sitemap = read_sitemap(body.encode())
    assert sitemap.is_index
    assert sitemap.urls == ["http://s/1.xml"]


def test_gzip():
    assert read_sitemap(gzip.compress(urlset("http://s/a"))).urls == ["http://s/a"]


def test_one_url_a_line():
    assert read_sitemap(b"http://s/a\nhttp://s/b\n").urls == ["http://s/a", "http://s/b"]


@pytest.mark.parametrize("body", [urlset(), f"<urlset {NAMESPACE}/>".encode()])
def test_an_empty_list_is_a_list(body):
    assert read_sitemap(body).urls == []


def test_images_of_a_page_are_no_pages():
    body = urlset("http://s/a").replace(
        b"</loc>",
        b"</loc><image:image xmlns:image='i'><image:loc>http://s/i.jpg</image:loc></image:image>",
    )
    assert read_sitemap(body).urls == ["http://s/a"]


def test_a_bare_ampersand_is_forgiven():
    assert len(read_sitemap(urlset("http://s/a?x=1&y=2", "http://s/b")).urls) == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_a_sitemap"),
        (b"nothing here", "not_a_sitemap"),
        (b"<html><body>Not found</body></html>", "not_a_sitemap"),
        (urlset("http://s/a", "http://s/b")[:-20], "truncated"),
        (urlset()[:-12], "truncated"),
        (gzip.compress(urlset(*(f"http://s/{i}" for i in range(500))))[:-40], "truncated"),
        (gzip.compress(b"http://" + bytes(51 * 1024 * 1024)), "too_large"),
    ],
)
def test_half_a_sitemap_is_none(body, reason):
    with pytest.raises(SitemapError) as caught:
        read_sitemap(body)
    assert caught.value.reason == reason


def test_comments_after_the_end_cost_no_time_however_many():
    body = urlset("http://s/a").rstrip()
    assert read_sitemap(body + b"<!-- made by x -->\n<!-- y -->").urls == ["http://s/a"]
    with pytest.raises(SitemapError):
        read_sitemap(body + b"<!---->" * 400 + b"x")
