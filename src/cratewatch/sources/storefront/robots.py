"""Which sitemaps a shop's robots.txt names."""

from __future__ import annotations

from protego import Protego

from cratewatch.sources.storefront.addresses import absolute
from cratewatch.sources.storefront.decoding import decode
from cratewatch.sources.storefront.sitemap import Entry


def sitemaps_in(body: bytes, url: str) -> list[Entry]:
    """Return the sitemaps that robots.txt names, each once.

    Args:
        url: Of robots.txt; relative addresses count from it.
    """
    named = dict.fromkeys(Protego.parse(decode(body)).sitemaps)
    return [Entry(absolute(written, url), written) for written in named]
