"""What a crawl understands of one page or listing, field by field, and what it passes over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from cratewatch.catalog.records import Release
from cratewatch.sources.fit import has_endless_image, unfit
from cratewatch.sources.storefront.addresses import host_of, path_key
from cratewatch.sources.storefront.feed_product import ProductReader
from cratewatch.sources.storefront.markup import Markup, kind_of, types_of
from cratewatch.sources.storefront.product_data import (
    ProductPage,
    product_of,
    read_markup_of,
)
from cratewatch.sources.storefront.products_json import FeedError, read_products
from cratewatch.sources.storefront.robots import sitemaps_in
from cratewatch.sources.storefront.said import Account, PassedOver, Syntax
from cratewatch.sources.storefront.settings import StorefrontSource
from cratewatch.sources.storefront.sitemap import Entry, SitemapError, read_sitemap
from cratewatch.sources.storefront.texts import clean_text, squeeze
from cratewatch.sources.storefront.which_product import (
    MUSIC_TYPES,
    PRODUCT_TYPES,
    Visit,
    choose_product,
    not_chosen,
)

Kind = Literal["product", "no_product", "feed", "sitemap", "sitemap_index", "robots", "unreadable"]
NO_FIELDS = {"source", "page_url"}
"""Of a release: what the settings and the request say, no markup."""
_SHOPS = {"Organization", "OnlineStore", "Store", "MusicStore", "LocalBusiness", "WebSite"}


@dataclass(frozen=True)
class Answer:
    """What a shop sent.

    Attributes:
        url: As it was asked for.
        final_url: Where it was found in the end.
        text: Of the body, as the crawl decodes it; "" if it is no text.
    """

    url: str
    final_url: str
    body: bytes
    text: str


@dataclass(frozen=True)
class ProbedField:
    """A field of a release, and where it is said; nothing says it if syntax is None."""

    field: str
    value: Any
    syntax: Syntax | None
    property: str | None


@dataclass(frozen=True)
class ProbedRelease:
    """A release as a crawl would list it.

    Attributes:
        refused: Why the crawl would not keep it all the same, a reason as the ledger has it, or
            None.
    """

    page_url: str
    refused: str | None
    fields: list[ProbedField]
    passed_over: list[PassedOver]


@dataclass(frozen=True)
class Probe:
    """What was understood of one answer.

    Attributes:
        final_url: Where it was found in the end.
        kind: What it was taken for.
        reason: Why there is no release or listing in it, as the ledger has it, or None.
        detail: More about the reason.
        releases: Of a product page one, of a feed all.
        listed: The addresses that a listing names.
        passed_over: What belongs to no release.
        hints: What to look at, in words.
        way: The listings that were read before this one, on the way from the front page.
    """

    url: str
    final_url: str
    kind: Kind
    reason: str | None = None
    detail: str = ""
    releases: list[ProbedRelease] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    way: list[str] = field(default_factory=list)


def understand(answer: Answer, name: str, source: StorefrontSource) -> Probe:
    """Read an answer as the crawl of the source would.

    Args:
        name: Of the source in the settings.
    """
    if not answer.body:
        return _probe(answer, "unreadable", reason="empty")
    path = path_key(answer.final_url).partition("?")[0]
    if path == "/robots.txt":
        return _listing(answer, "robots", sitemaps_in(answer.body, answer.final_url), source)
    if path.endswith(".json") or answer.body.lstrip()[:1] in (b"{", b"["):
        return _feed(answer, name, source)
    try:
        sitemap = read_sitemap(answer.body, answer.final_url)
    except SitemapError as error:
        if error.reason == "not_a_sitemap":
            return _page(answer, name, source)
        return _probe(answer, "unreadable", reason=error.reason, detail=str(error))
    kind: Kind = "sitemap_index" if sitemap.is_index else "sitemap"
    return _listing(answer, kind, sitemap.entries, source)


def _probe(answer: Answer, kind: Kind, **found: Any) -> Probe:
    return Probe(answer.url, answer.final_url, kind, **found)


def _listing(answer: Answer, kind: Kind, entries: list[Entry], source: StorefrontSource) -> Probe:
    host = host_of(source.url)
    listed, passed = [], []
    for entry in entries:
        if entry.url is None:
            why = "it leads nowhere" if entry.written else "it names no address"
        elif kind == "sitemap" and host_of(entry.url) != host:
            why = "it is of another host"
        else:
            listed.append(entry.url)
            continue
        passed.append(PassedOver("listing", "entry", entry.written, why))
    reason = None if listed else "nothing_listed"
    return _probe(answer, kind, listed=listed, passed_over=passed, reason=reason)


def _feed(answer: Answer, name: str, source: StorefrontSource) -> Probe:
    try:
        feed = read_products(answer.body)
    except FeedError as error:
        return _probe(answer, "unreadable", reason="unreadable", detail=str(error))
    releases = []
    for product in feed.products:
        reader = ProductReader(product)
        shop_url = source.url.rstrip("/")
        release = reader.release(name, shop_url=shop_url, brand_is=source.brand_is)
        releases.append(_release(release, reader.account))
    passed = [PassedOver("products.json", "products", bad, "it has no handle") for bad in feed.bad]
    probe = _probe(answer, "feed", releases=releases, passed_over=passed)
    probe.hints.extend(_one_label(releases))
    return probe


def _one_label(releases: list[ProbedRelease]) -> Iterator[str]:
    vendors = Counter(
        item.value for r in releases for item in r.fields if item.property == "vendor"
    )
    if len(vendors) == 1 and vendors.total() >= 5:
        (vendor,) = vendors
        yield f"every product's vendor is {vendor!r}; set brand_is if that is no label"


def _page(answer: Answer, name: str, source: StorefrontSource) -> Probe:
    visit = Visit(name, answer.url, answer.final_url, source.url, brand_is=source.brand_is)
    markup = read_markup_of(answer.text, visit)
    page = product_of(markup, visit)
    passed = list(_left(markup, visit))
    if "typeof=" in answer.text:
        passed.append(PassedOver("page", "RDFa", "", "nothing reads it"))
    if not isinstance(page, ProductPage):
        found = {"reason": page.reason, "detail": page.detail, "passed_over": passed}
        return _probe(answer, "no_product", **found)
    release = _release(page.release, page.account)
    probe = _probe(answer, "product", releases=[release], passed_over=passed)
    place = page.account.places.get("label")
    label = squeeze(page.release.label or "")
    if place and place.property.endswith("brand") and label in _shop_names(markup, answer):
        hint = f"the label {page.release.label!r} is also the shop's name"
        probe.hints.append(f"{hint}; set brand_is if it is no label")
    return probe


def _shop_names(markup: Markup, answer: Answer) -> set[str]:
    names = [markup.open_graph.get("og:site_name"), host_of(answer.final_url).partition(".")[0]]
    shops = [found.node for found in markup.found if types_of(found.node) & _SHOPS]
    names += [clean_text(node.get("name")) for node in shops]
    return {squeeze(name) for name in names if name}


def _left(markup: Markup, visit: Visit) -> Iterator[PassedOver]:
    """Yield what a page says that is of no release of its own."""
    for error, _ in markup.broken:
        yield PassedOver("json-ld", "script", "", f"it is broken: {error}")
    for found, why in not_chosen(markup, visit, choose_product(markup, visit)):
        name = clean_text(found.node.get("name")) or ""
        yield PassedOver(found.syntax, kind_of(found.node), name, why)
    for found in markup.found:
        types = types_of(found.node)
        if types and not types & (PRODUCT_TYPES | MUSIC_TYPES):
            name = clean_text(found.node.get("name")) or ""
            yield PassedOver(found.syntax, kind_of(found.node), name, "it is no product")


def _release(release: Release, account: Account) -> ProbedRelease:
    said = []
    for name in (item.name for item in fields(release) if item.name not in NO_FIELDS):
        place = account.places.get(name)
        value = getattr(release, name)
        where = (place.syntax, place.property) if place else (None, None)
        said.append(ProbedField(name, list(value) if name == "genres" else value, *where))
    passed = list(account.passed)
    if has_endless_image(release):
        image = release.image_url or ""
        passed.append(PassedOver("page", "image_url", image, "no index could hold it"))
    return ProbedRelease(release.page_url or "", unfit(release) or None, said, passed)
