"""A release out of a shop's product page: schema.org Product or music types, or OpenGraph."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cratewatch.catalog.records import Release
from cratewatch.sources.storefront import open_graph
from cratewatch.sources.storefront.addresses import host_of, product_key
from cratewatch.sources.storefront.error_pages import error_of, signature
from cratewatch.sources.storefront.identity import PageFacts
from cratewatch.sources.storefront.markup import (
    Found,
    Markup,
    absolute_url,
    nodes_in,
    read_markup,
)
from cratewatch.sources.storefront.offers import Reading
from cratewatch.sources.storefront.release_reader import ReleaseReader
from cratewatch.sources.storefront.said import Account
from cratewatch.sources.storefront.which_product import NoProduct, Visit, choose_product

_RELATED = ("albumRelease", "releaseOf", "isVariantOf", "itemOffered", "subjectOf", "about")


@dataclass(frozen=True)
class ProductPage:
    """A page that sells a release.

    Attributes:
        facts: What tells it from other pages of the same product.
        account: Where each field is said, and what was passed over.
    """

    release: Release
    facts: PageFacts
    account: Account


def read_page(html: str, visit: Visit, now: datetime | None = None) -> ProductPage | NoProduct:
    """Return what the page sells, or why that cannot be told.

    A record shop's brand is taken for the label; a name of the form "artist - title" is split
    if nothing else names the artist. The title may be empty.

    Args:
        now: Aware; what prices are valid at.
    """
    return product_of(read_markup_of(html, visit), visit, now)


def read_markup_of(html: str, visit: Visit) -> Markup:
    """Return what the page says of itself, and what the listing said of its language versions."""
    markup = read_markup(html, visit.final_url)
    markup.alternates = {**visit.alternates, **markup.alternates}
    return markup


def product_of(
    markup: Markup, visit: Visit, now: datetime | None = None
) -> ProductPage | NoProduct:
    """Do as read_page() does, with what a page says of itself."""
    found = _nodes_of(markup, visit)
    if visit.is_sent_home:
        found = NoProduct("sent_home", f"it leads to {visit.final_url}")
    elif isinstance(found, NoProduct) and (error := error_of(markup)):
        found = NoProduct(error, " ".join(markup.titles))
    if isinstance(found, NoProduct):
        return replace(found, looks=signature(markup))
    reading = Reading(visit.final_url, markup.language, now or datetime.now(UTC))
    reader = ReleaseReader(found, markup, reading)
    release = reader.release(visit)
    reader.account.passed += reader.unread()
    return ProductPage(release, _facts(release, markup, visit), reader.account)


def _nodes_of(markup: Markup, visit: Visit) -> list[Found] | NoProduct:
    """Return the nodes about the page's product; OpenGraph's alone if there is no other."""
    chosen = choose_product(markup, visit)
    shared = open_graph.product_in(markup.open_graph)
    if isinstance(chosen, NoProduct):
        alone = chosen.reason == "not_a_product"
        return shared if shared and (alone or _claims_page(markup, visit)) else chosen
    first, *others = (replace(found, node=markup.resolve(found.node)) for found in chosen)
    return [*_with_related(first), *others, *shared]


def _claims_page(markup: Markup, visit: Visit) -> bool:
    """Whether OpenGraph says that the page is a product's, whatever else it shows."""
    properties = markup.open_graph
    if properties.get("og:type", "").lower() not in open_graph.TYPES:
        return False
    own = filter(None, (visit.page_url, visit.final_url, markup.canonical))
    url = absolute_url(properties.get("og:url"), markup.base_url)
    return url is None or product_key(url) in set(map(product_key, own))


def _facts(release: Release, markup: Markup, visit: Visit) -> PageFacts:
    own_host = host_of(visit.final_url)
    others = [*markup.alternates.values(), *([markup.canonical] if markup.canonical else [])]
    keys = frozenset(product_key(url) for url in others if host_of(url) == own_host)
    return PageFacts(
        visit.page_url,
        visit.final_url,
        markup.language,
        release.image_url,
        keys - {product_key(visit.page_url), product_key(visit.shop_url)},
    )


def _with_related(found: Found) -> list[Found]:
    related = [other for key in _RELATED for other in nodes_in(found.node.get(key))]
    return [found, *(replace(found, node=other) for other in related)]
