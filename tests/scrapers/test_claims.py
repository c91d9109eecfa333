"""Whichever order pages are answered in, the same one has the release."""

from itertools import permutations

import pytest

from cratewatch.catalog.records import Release
from cratewatch.sources.storefront.addresses import address_key
from cratewatch.sources.storefront.identity import PageFacts
from scrapers.claims import Claims

SHOP = "http://shop.example"


def claim(path, final=None, sku="S", **facts):
    url = SHOP + path
    release = Release(source="shop", native_id=sku, title=path, page_url=url)
    return release, PageFacts(url, SHOP + (final or path), **facts)


def fates(claims, known=None, listed=None, *, may_replace=True):
    """Return what became of each path in the end."""
    held = Claims({"shop:S": SHOP + known} if known else {}, {})
    verdicts = [verdict for one in claims for verdict in held.claim(*one)]
    paths = listed if listed is not None else [one[0].title for one in claims]
    keys = {address_key(SHOP + path) for path in paths}
    verdicts += held.settle(keys, lambda _: may_replace)
    return {v.page_key.removeprefix(SHOP): v.fate for v in verdicts if v.fate != "waits"}


def in_any_order(claims, **kwargs):
    found = [fates(order, **kwargs) for order in permutations(claims)]
    assert all(fate == found[0] for fate in found)
    return found[0]


def test_two_languages_are_one_release_from_the_page_that_names_none():
    found = in_any_order([claim("/p/1"), claim("/de/p/1"), claim("/fr/p/1")])
    assert found == {"/p/1": "kept", "/de/p/1": "same_product", "/fr/p/1": "same_product"}


def test_two_products_with_one_number_are_a_failure_of_the_later_address():
    assert in_any_order([claim("/p/b"), claim("/p/a")]) == {"/p/a": "kept", "/p/b": "duplicate_id"}


@pytest.mark.parametrize("known", ["/de/p/1", "/p/1"])
def test_the_page_that_the_catalog_knows_keeps_the_release(known):
    found = in_any_order([claim("/p/1"), claim("/de/p/1")], known=known)
    assert found[known] == "kept"
    assert sorted(found.values()) == ["kept", "same_product"]


def test_another_page_takes_over_once_the_known_one_is_gone_but_not_if_it_only_failed():
    claims = [claim("/p/2"), claim("/de/p/2")]
    assert in_any_order(claims, known="/p/1")["/p/2"] == "kept"
    found = in_any_order(claims, known="/p/1", may_replace=False)
    assert found == {"/p/2": "same_product", "/de/p/2": "same_product"}


def test_pages_that_lead_elsewhere():
    alone = claim("/p/1", "/records/1")
    assert in_any_order([alone]) == {"/p/1": "kept"}
    listed = in_any_order([alone, claim("/records/1", sku="T")])
    assert listed == {"/p/1": "same_product", "/records/1": "kept"}
    both = in_any_order([alone, claim("/p/2", "/records/1", sku="T"), claim("/p/3", sku="U")])
    assert both == {"/p/1": "redirected", "/p/2": "redirected", "/p/3": "kept"}


def test_a_slash_or_a_host_is_no_other_address():
    url = "https://www.shop.example/p/1/?utm_source=x"
    release, facts = claim("/p/1")
    held = Claims({}, {})
    assert [v.fate for v in held.claim(release, facts._replace(final_url=url))] == ["kept"]
