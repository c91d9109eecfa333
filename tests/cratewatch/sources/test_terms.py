from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from cratewatch.catalog.observations import Observation
from cratewatch.catalog.records import Release
from cratewatch.sources.configured import SPIDERS
from cratewatch.sources.discogs.settings import DiscogsSource
from cratewatch.sources.ebay.settings import EbaySoldSource
from cratewatch.sources.musicbrainz.settings import MusicBrainzSource
from cratewatch.sources.storefront.settings import StorefrontSource
from cratewatch.sources.terms import Terms

RELEASE = Release(source="s", native_id="1", title="t", artist="a", label="l", price=Decimal(1))
PRICE = Observation(
    source="s",
    native_id="1",
    kind="sold",
    title="t",
    price=Decimal(1),
    currency="EUR",
    observed_at=datetime.now(UTC),
    condition="VG+",
    url="u",
)


def ebay(**fields: Any) -> EbaySoldSource:
    keys = {"client_id": "a", "client_secret": "b", "queries": ("x",)}
    return EbaySoldSource(spider="ebay_sold", **(keys | fields))


def test_what_may_not_be_kept_is_left_out_and_what_names_a_thing_is_not() -> None:
    terms = Terms("somebody", fields=frozenset({"artist", "condition"}))
    kept = terms.kept(RELEASE)
    assert (kept.title, kept.artist, kept.label) == ("t", "a", None)
    price = terms.kept_price(PRICE)
    assert (price.price, price.condition, price.url) == (PRICE.price, "VG+", None)


def test_without_such_terms_all_is_kept() -> None:
    assert Terms("somebody").kept(RELEASE) is RELEASE
    assert Terms("somebody").kept_price(PRICE) is PRICE


def test_every_source_says_where_its_terms_stand() -> None:
    assert all(source.terms.said_by for source in SPIDERS.values())


def test_a_pace_above_the_terms_is_refused_unless_this_machine_alone_is_asked() -> None:
    fast: dict[str, Any] = {"label": "x", "token": "t", "rate_per_s": 2.0}
    with pytest.raises(ValidationError, match="rate_per_s is above 1; see https://www"):
        DiscogsSource(spider="discogs", **fast)
    here: dict[str, Any] = {"url": "http://127.0.0.1:1", "site_url": "http://localhost"}
    DiscogsSource(spider="discogs", **(fast | here))
    assert StorefrontSource(spider="storefront", url="https://shop", rate_per_s=50.0)


def test_musicbrainz_is_asked_once_a_second_and_a_mirror_as_often_as_its_owner_likes() -> None:
    fast: dict[str, Any] = {"label": "x", "rate_per_s": 5.0}
    for url in ("https://musicbrainz.org", "https://beta.musicbrainz.org"):
        with pytest.raises(ValidationError, match="rate_per_s is above 1; see https://musicb"):
            MusicBrainzSource(spider="musicbrainz", url=url, **fast)
    assert MusicBrainzSource(spider="musicbrainz", url="https://mirror.example", **fast)


def test_a_shops_robots_txt_is_obeyed_beyond_ones_own_network() -> None:
    shop: dict[str, Any] = {"spider": "storefront", "url": "https://shop", "obey_robots": False}
    with pytest.raises(ValidationError, match=r"robots\.txt is for it \(obey_robots = false\)"):
        StorefrontSource(**shop)
    assert StorefrontSource(**shop, private_network=True)
    assert StorefrontSource(**(shop | {"url": "http://localhost"}))
    assert not ebay().obey_robots  # an API has terms of its own


def test_a_crawl_calls_itself_what_the_terms_say() -> None:
    own = Terms("somebody", agent="Shopbot/{version} ({contact})")
    assert own.user_agent("1.2", "me@shop") == "Shopbot/1.2 (me@shop)"
    assert own.user_agent("1.2", "") == "Shopbot/1.2"
    for source in SPIDERS.values():
        assert source.terms.user_agent("1.2", "me@shop") == "cratewatch/1.2 (+me@shop)"


def test_prices_are_kept_for_the_shorter_of_both_times() -> None:
    assert ebay().prices_kept_days == 90
    assert ebay(keep_days=10).prices_kept_days == 10
    assert ebay(keep_days=400).prices_kept_days == 90
    assert StorefrontSource(spider="storefront", url="https://shop").prices_kept_days is None


def test_models_learn_from_ebay_only_if_the_operator_says_that_they_may() -> None:
    assert not ebay().is_for_training
    assert ebay(may_train=True).is_for_training
    shop = StorefrontSource(spider="storefront", url="https://shop")
    assert shop.is_for_training
    assert not shop.model_copy(update={"may_train": False}).is_for_training
