import gzip

import pytest

from cratewatch.sources.storefront.sitemap import SitemapError, read_sitemap

NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def read(body):
    return read_sitemap(body, "http://s/maps/sitemap.xml")


def urlset(*urls):
    entries = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    return f'<?xml version="1.0"?><urlset {NAMESPACE}>{entries}</urlset>\n'.encode()


def test_a_list_of_pages_once_each_without_fragments():
    sitemap = read(urlset("http://s/a", " http://s/b#x ", "http://s/b", "http://s/a"))
    assert not sitemap.is_index
    assert sitemap.urls == ["http://s/a", "http://s/b"]


def test_an_index():
    body = f"<sitemapindex {NAMESPACE}><sitemap><loc>http://s/1.xml</loc></sitemap></sitemapindex>"
    sitemap = read(body.encode())
    assert sitemap.is_index
    assert sitemap.urls == ["http://s/1.xml"]


def test_gzip():
    assert read(gzip.compress(urlset("http://s/a"))).urls == ["http://s/a"]


def test_one_url_a_line():
    assert read(b"http://s/a\nhttp://s/b\n").urls == ["http://s/a", "http://s/b"]


@pytest.mark.parametrize("body", [urlset(), f"<urlset {NAMESPACE}/>".encode()])
def test_an_empty_list_is_a_list(body):
    assert read(body).urls == []


def test_images_of_a_page_are_no_pages():
    body = urlset("http://s/a").replace(
        b"</loc>",
        b"</loc><image:image xmlns:image='i'><image:loc>http://s/i.jpg</image:loc></image:image>",
    )
    assert read(body).urls == ["http://s/a"]


def test_a_bare_ampersand_is_forgiven():
    assert len(read(urlset("http://s/a?x=1&y=2", "http://s/b")).urls) == 2


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
        read(body)
    assert caught.value.reason == reason


def test_comments_after_the_end_cost_no_time_however_many():
    body = urlset("http://s/a").rstrip()
    assert read(body + b"<!-- made by x -->\n<!-- y -->").urls == ["http://s/a"]
    assert read(body + b"<!---->" * 400 + b"x").urls == ["http://s/a"]


@pytest.mark.parametrize(
    "body",
    [
        urlset("http://s/a?x=1&y=2").decode().encode("utf-16"),
        urlset("http://s/a?x=1&y=2").decode().encode("utf-16-be"),
        urlset("http://s/a?x=1&y=2").decode().encode("utf-32"),
        b"\xef\xbb\xbf" + urlset("http://s/a?x=1&amp;y=2"),
        urlset("http://s/a?x=1&y=2").replace(b"?>", b' encoding="UTF-16"?>', 1),
        urlset("http://s/a?x=1&y=2").replace(b"?>", b' encoding="no-such"?>', 1),
        urlset("http://s/a?x=1&y=2") + b"<script>var x = 1;</script>",
        urlset("http://s/a?x=1&y=2") + b"<br />\n<b>Warning</b>: x & y on line <b>0</b>",
        urlset("http://s/a?x=1&y=2") + bytes(9),
        b"\n\n<b>Notice</b>: headers\n" + urlset("http://s/a?x=1&y=2"),
        gzip.compress(urlset("http://s/a?x=1&y=2")) + b"\n<!-- cached -->",
        gzip.compress(gzip.compress(urlset("http://s/a?x=1&y=2"))),
        urlset("<![CDATA[http://s/a?x=1&y=2]]>"),
        urlset("HTTP://S/a?x=1&#38;y=2"),
        urlset("/a?x=1&y=2"),
        urlset("../a?x=1&y=2"),
        b"<urlset><url>\nhttp://s/a?x=1&y=2\n</url></urlset>",
        b"<sm:urlset><sm:url><sm:loc>/a?x=1&y=2</sm:loc></sm:url></sm:urlset>",
        b"<urlset><URL><LOC>/a?x=1&y=2</LOC></URL></urlset>",
        b"\xef\xbb\xbfhttp://s/a?x=1&y=2\r\n",
        b"# made by x\nHTTP://s/a?x=1&y=2",
    ],
)
def test_one_page_however_it_is_listed(body):
    assert read(body).urls == ["http://s/a?x=1&y=2"]


def test_several_files_in_one():
    assert read(urlset("/a") + urlset("/b")).urls == ["http://s/a", "http://s/b"]
    with pytest.raises(SitemapError, match="no end of urlset"):
        read(urlset("/a") + urlset("/b")[:-12])


def test_what_bears_no_address_is_an_entry_without_one():
    body = urlset("/a", "http://[x]/b", "javascript:void(0)", "", "/c").replace(
        b"</urlset>", b"<url><lastmod>2026</lastmod></url></urlset>"
    )
    entries = [(entry.url, entry.written) for entry in read(body).entries]
    assert entries == [
        ("http://s/a", "/a"),
        (None, "http://[x]/b"),
        (None, "javascript:void(0)"),
        (None, ""),
        ("http://s/c", "/c"),
        (None, ""),
    ]
    assert read(b"http://s/a\nsee below\n").entries[1].written == "see below"


def test_a_bad_entry_harms_no_other():
    body = (
        b"<urlset><url><loc>/a<lastmod>x</url><url><loc>/b</loc><url><loc>/c</loc></url></urlset>"
    )
    assert read(body).urls[1:] == ["http://s/b", "http://s/c"]


def test_feeds_list_the_newest_pages():
    atom = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><link href="http://s/"/><entry>'
        b'<link rel="enclosure" href="/x.mp3"/><link href="/p/1"/></entry></feed>'
    )
    rss = (
        b"<rss><channel><link>http://s/</link><image><url>http://s/i.png</url></image>"
        b"<item><link>/p/1</link></item><item><guid>http://s/p/2</guid></item></channel></rss>"
    )
    rdf = (
        b'<rdf:RDF xmlns="http://purl.org/rss/1.0/"><channel rdf:about="http://s/"/>'
        b'<item rdf:about="http://s/p/1"><title>One</title></item></rdf:RDF>'
    )
    for body, urls in (
        (atom, ["http://s/p/1"]),
        (rss, ["http://s/p/1", "http://s/p/2"]),
        (rdf, ["http://s/p/1"]),
    ):
        sitemap = read(body)
        assert (sitemap.is_index, sitemap.is_feed, sitemap.urls) == (False, True, urls)


def test_language_versions_of_a_page():
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{language}" href="{url}"/>'
        for language, url in (("DE", "/de/a"), ("x-default", "http://s/a"), ("fr", "http://[x]/"))
    )
    body = urlset("/a").replace(b"</url>", links.encode() + b"</url>")
    assert read(body).entries[0].alternates == {"de": "http://s/de/a", "x-default": "http://s/a"}


@pytest.mark.parametrize("unclosed", [b"<!--", b"<![CDATA[", b"<url ", b"<urlset "])
def test_what_never_ends_costs_no_time(unclosed):
    with pytest.raises(SitemapError):
        read(b"<urlset>" + unclosed * 100_000)
