"""What the shop answers to each path on one night, misbehaviour included."""

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from xml.sax.saxutils import escape

from PIL import Image

from cratewatch.demo import bad_images
from cratewatch.demo.covers import cover_file
from cratewatch.demo.pages import error_page, home_page, plain_page, product_page
from cratewatch.demo.stock import (
    DEAD_LINK,
    FORBIDDEN,
    PLAIN_PAGES,
    REDIRECT_LOOP,
    Fault,
    ShopRelease,
    cover_failure,
    page_failure,
)

SITEMAP_INDEX = "/sitemap.xml"
_PAGE_SITEMAP = "/sitemap-pages.xml"
_PRODUCT_SITEMAPS = (
    "/sitemap-products-1.xml",
    "/sitemap-products-2.xml",
    "/sitemap-products-3.xml.gz",
)
_PAGE_REFUSALS = 2
_IMAGE_REFUSALS = 1
_SPOILERS = {
    Fault.IMAGE_UNREADABLE: bad_images.unreadable_jpeg,
    Fault.IMAGE_TRUNCATED: bad_images.cut_short,
}
_SITEMAP_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


@dataclass(frozen=True)
class Answer:
    """What the shop sends back."""

    body: bytes
    content_type: str
    status: HTTPStatus = HTTPStatus.OK
    location: str | None = None
    slow: bool = False


class Storefront:
    """One night of the shop."""

    def __init__(
        self, folder: Path, base_url: str, night: int, releases: list[ShopRelease]
    ) -> None:
        self._folder = folder
        self._base_url = base_url
        self._night = night
        self._pages = {release.page_path: release for release in releases}
        self._images = {release.image_path: release for release in releases}
        self._fixed = self._fixed_answers(releases)

    def answer(self, path: str, attempt: int) -> Answer:
        """Answer a request; attempt is 1 for the first one to this path on any night."""
        if path in self._fixed:
            return self._fixed[path]
        if path in self._pages:
            return self._page(self._pages[path], attempt)
        if path in self._images:
            return self._image(self._images[path], attempt)
        return _error(HTTPStatus.NOT_FOUND)

    def _fixed_answers(self, releases: list[ShopRelease]) -> dict[str, Answer]:
        there, back = REDIRECT_LOOP
        return {
            "/": _html(home_page(releases)),
            "/robots.txt": _plain(self._robots()),
            FORBIDDEN: _html(product_page(releases[0], self._base_url)),
            there: _redirect(back),
            back: _redirect(there),
            **{path: _html(plain_page(path)) for path in PLAIN_PAGES},
            **self._sitemaps(releases),
        }

    def _robots(self) -> str:
        return (
            f"User-agent: *\nDisallow: {FORBIDDEN.rpartition('/')[0]}/\n"
            f"Sitemap: {self._base_url}{SITEMAP_INDEX}\n"
        )

    def _sitemaps(self, releases: list[ShopRelease]) -> dict[str, Answer]:
        products = [*(r.page_path for r in releases), DEAD_LINK, REDIRECT_LOOP[0], FORBIDDEN]
        n = len(_PRODUCT_SITEMAPS)
        lists = {path: products[i::n] for i, path in enumerate(_PRODUCT_SITEMAPS)}
        lists[_PAGE_SITEMAP] = list(PLAIN_PAGES)
        sitemaps = {
            path: _sitemap(path, self._xml("urlset", "url", paths)) for path, paths in lists.items()
        }
        sitemaps[SITEMAP_INDEX] = _sitemap(
            SITEMAP_INDEX, self._xml("sitemapindex", "sitemap", lists)
        )
        return sitemaps

    def _xml(self, root: str, entry: str, paths: Iterable[str]) -> bytes:
        entries = "".join(
            f"<{entry}><loc>{escape(self._base_url + path)}</loc></{entry}>\n" for path in paths
        )
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_SITEMAP_NAMESPACE}">\n'
            f"{entries}</{root}>\n"
        ).encode()

    def _page(self, release: ShopRelease, attempt: int) -> Answer:
        still_ill = release.fault is Fault.PAGE_HEALS and attempt <= _PAGE_REFUSALS
        if still_ill or page_failure(release, self._night):
            return _error(HTTPStatus.INTERNAL_SERVER_ERROR)
        page = product_page(release, self._base_url)
        return _html(page, slow=release.fault is Fault.PAGE_SLOW)

    def _image(self, release: ShopRelease, attempt: int) -> Answer:
        if release.fault is Fault.IMAGE_HEALS and attempt <= _IMAGE_REFUSALS:
            return _error(HTTPStatus.INTERNAL_SERVER_ERROR)
        if cover_failure(release, self._night) == "http_404":
            return _error(HTTPStatus.NOT_FOUND)
        return Answer(
            self._image_bytes(release), "image/jpeg", slow=release.fault is Fault.IMAGE_SLOW
        )

    def _image_bytes(self, release: ShopRelease) -> bytes:
        if release.fault is Fault.IMAGE_IS_TEXT:
            return bad_images.text()
        if release.fault is Fault.IMAGE_BOMB:
            return bad_images.pixel_bomb()
        cover = cover_file(self._folder, release.image)
        if release.fault is Fault.IMAGE_FIFTY_MEGAPIXELS:
            return bad_images.fifty_megapixels(Image.open(cover))
        spoil = _SPOILERS.get(release.fault, bytes)
        return spoil(cover.read_bytes())


def _html(page: str, slow: bool = False) -> Answer:
    return Answer(page.encode(), "text/html; charset=utf-8", slow=slow)


def _plain(text: str) -> Answer:
    return Answer(text.encode(), "text/plain; charset=utf-8")


def _error(status: HTTPStatus) -> Answer:
    return Answer(error_page(status).encode(), "text/html; charset=utf-8", status)


def _redirect(path: str) -> Answer:
    return Answer(b"", "text/html; charset=utf-8", HTTPStatus.FOUND, location=path)


def _sitemap(path: str, xml: bytes) -> Answer:
    if path.endswith(".gz"):
        return Answer(gzip.compress(xml, mtime=0), "application/gzip")
    return Answer(xml, "application/xml")
