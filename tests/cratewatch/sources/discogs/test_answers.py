import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from cratewatch.catalog.records import Release
from cratewatch.sources.discogs.prices import read_stats, read_suggestions
from cratewatch.sources.discogs.releases import (
    error_message,
    image_path,
    read_list_page,
    release_from_json,
)
from tests.conftest import SHARED_DATA

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SITE = "https://www.discogs.com"
RECORDED = SHARED_DATA / "fixtures" / "discogs"
recorded = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded answers are not here")
NEFERTITI: dict[str, Any] = {
    "id": 23036210,
    "title": "Nefertiti",
    "year": 1968,
    "country": "US",
    "artists": [{"name": "Miles Davis (2)", "anv": "", "join": "&"},
                {"name": "Gil Evans", "anv": "G. Evans", "join": ","}, {"name": "X (3)"}],
    "labels": [{"name": "Columbia (4)", "catno": "CS 9594"}, {"name": "CBS", "catno": "none"}],
    "formats": [{"name": "Vinyl", "qty": "2", "descriptions": ["LP", "Album"]}],
    "genres": ["Jazz"],
    "styles": ["Modal", "Jazz"],
    "identifiers": [{"type": "Matrix / Runout", "value": "1A"},
                    {"type": "Barcode", "value": "0 74646 42182 1"}],
    "images": [{"type": "secondary", "uri": "https://i/b.jpeg"},
               {"type": "primary", "uri": "https://i/a.jpeg"}],
}  # fmt: skip


def test_a_release() -> None:
    release = release_from_json(NEFERTITI, "discogs", SITE)
    assert release.artist == "Miles Davis & G. Evans, X"
    assert (release.label, release.catno) == ("Columbia", "CS 9594")
    assert release.barcode == "074646421821"
    assert (release.format, release.genres) == ("2xVinyl, LP, Album", ("Jazz", "Modal"))
    assert (release.year, release.country) == (1968, "US")
    assert release.page_url == "https://www.discogs.com/release/23036210"
    assert release.image_url == "https://i/a.jpeg"
    assert release.price is None, "what the market asks is no price of this shop"


@pytest.mark.parametrize("key", sorted(NEFERTITI.keys() - {"id"}))
@pytest.mark.parametrize("value", [None, "", [], {}, [None], 7])
def test_a_release_with_something_odd_in_it_is_one_still(key: str, value: Any) -> None:
    assert release_from_json(NEFERTITI | {key: value}, "discogs", SITE).native_id == "23036210"


def test_a_release_without_an_id_is_none() -> None:
    with pytest.raises(ValueError, match="without an id"):
        release_from_json({"title": "x"}, "discogs", SITE)


def test_a_catalogue_number_that_is_none_is_none() -> None:
    data = NEFERTITI | {"labels": [{"name": "Not On Label", "catno": "none"}]}
    assert release_from_json(data, "discogs", SITE).catno is None


def test_an_image_is_the_same_under_another_signature_and_size() -> None:
    one = "https://i.discogs.com/qzXD/rs:fit/g:sm/q:40/h:150/w:150/czM6Ly9k/LWRhdGE.jpeg"
    other = "https://i.discogs.com/MB40/rs:fit/g:sm/q:90/h:600/w:600/czM6Ly9k/LWRhdGE.jpeg"
    assert image_path(one) == image_path(other) == "czM6Ly9k/LWRhdGE.jpeg"
    assert image_path("https://i/a.jpeg") == "https://i/a.jpeg"


def test_a_page_of_a_search_leaves_out_what_is_no_release() -> None:
    results = [{"type": "artist", "id": 1}, {"type": "release", "id": 2}, {"type": "release"}, 7]
    pagination = {"page": 1, "pages": 3, "items": 250}
    body = json.dumps({"pagination": pagination, "results": results}).encode()
    page = read_list_page(body)
    assert (page.ids, page.page, page.pages, page.items) == (["2"], 1, 3, 250)


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"{}", b'{"results": 3}', b"[" * 9999])
def test_what_is_no_page_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  several parsers' own words
        read_list_page(body)


RELEASE = Release(source="discogs", native_id="7", title="Nefertiti")


def test_prices_of_the_market() -> None:
    money = {"currency": "USD", "value": 2.09}
    body = {"lowest_price": money, "num_for_sale": 26, "blocked_from_sale": False}
    asked = read_stats(json.dumps(body).encode(), RELEASE, NOW)
    assert asked is not None
    assert (asked.kind, asked.price, asked.quantity) == ("asking", Decimal("2.09"), 26)
    nothing = {"lowest_price": None, "num_for_sale": None, "blocked_from_sale": False}
    assert read_stats(json.dumps(nothing).encode(), RELEASE, NOW) is None
    with pytest.raises(ValueError, match="no marketplace statistics"):
        read_stats(b'{"message": "?"}', RELEASE, NOW)


@pytest.mark.parametrize(
    "said",
    [
        *(5, "5 USD", {}, {"value": 5}, {"value": "-3", "currency": "USD"}),
        *({"value": 0, "currency": "USD"}, {"value": 5, "currency": "XQQ"}),
    ],
)
def test_a_lowest_price_that_is_none_is_said_to_be_none(said: Any) -> None:
    body = json.dumps({"lowest_price": said, "num_for_sale": 2}).encode()
    with pytest.raises(ValueError, match="lowest_price is no price"):
        read_stats(body, RELEASE, NOW)


def test_suggestions_are_for_each_condition_and_nothing_else() -> None:
    body = json.dumps({"Near Mint (NM or M-)": {"currency": "USD", "value": 12.8118613}})
    (found,) = read_suggestions(body.encode(), RELEASE, NOW)
    assert (found.kind, found.media_condition) == ("suggestion", "NM")
    assert found.price == Decimal("12.81")
    assert list(read_suggestions(b"{}", RELEASE, NOW)) == []
    with pytest.raises(ValueError, match="no condition"):
        list(read_suggestions(b'{"message": "?"}', RELEASE, NOW))


def test_what_the_service_says_of_an_error() -> None:
    assert error_message(b'{"message": "Release not found."}') == "Release not found."
    assert error_message(b"<html>") == ""


@recorded
def test_recorded_releases_and_pages() -> None:
    modern = json.loads((RECORDED / "modern_release_2022/release_23036210.json").read_bytes())
    release = release_from_json(modern, "discogs", SITE)
    assert (release.artist, release.title) == ("A Tribe Called Quest", "The Low End Theory")
    assert (release.label, release.catno, release.year) == ("Jive", "19439937541", 2022)
    for file in (RECORDED / "client_tests/database").iterdir():
        assert read_list_page(file.read_bytes()).items
    (versions,) = (RECORDED / "client_tests/masters/4242").iterdir()
    assert read_list_page(versions.read_bytes()).ids == ["79", "1657054"]
    for file in (RECORDED / "client_tests/releases").glob("*.json"):
        assert release_from_json(json.loads(file.read_bytes()), "discogs", SITE).title


@recorded
def test_recorded_prices() -> None:
    samples = RECORDED / "official_docs_samples"
    asked = read_stats((samples / "marketplace_stats_1.json").read_bytes(), RELEASE, NOW)
    assert asked is not None
    assert asked.quantity == 26
    nothing = (samples / "marketplace_stats_none_for_sale.json").read_bytes()
    assert read_stats(nothing, RELEASE, NOW) is None
    suggested = (samples / "marketplace_price_suggestions_1.json").read_bytes()
    prices = {s.media_condition: s.price for s in read_suggestions(suggested, RELEASE, NOW)}
    seventeenths = {"M": 19, "NM": 17, "VG+": 13, "VG": 9, "G+": 5, "G": 3, "F": 2, "P": 1}
    assert prices.keys() == seventeenths.keys()
    for grade, n in seventeenths.items():
        assert abs(prices[grade] - prices["NM"] * n / 17) < Decimal("0.01")
