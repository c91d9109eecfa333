import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.sources.listings_file.listing import Listing, ListingError, ListingReader
from cratewatch.sources.listings_file.objects import read_objects
from cratewatch.sources.listings_file.settings import ListingsFileSource

SOLD: dict[str, Any] = {
    "product_id": "256001",
    "title": "Miles Davis - Nefertiti LP VG+",
    "sold_price": "US $24.50",
    "currency": "USD",
    "sold_date": "Sold  Mar 1, 2026",
    "condition": "Very Good Plus (VG+)",
    "image_urls": ["https://i.ebayimg.com/images/g/a/s-l1600.jpg", "https://i.ebayimg.com/b.jpg"],
    "url": "https://www.ebay.com/itm/256001",
    "seller_name": "nobody",
}


def source(**fields: Any) -> ListingsFileSource:
    return ListingsFileSource(spider="listings_file", file="x.json", **fields)


def read(said: dict[str, Any], **fields: Any) -> Listing:
    return ListingReader("ebay-file", source(**fields), [said]).read(said)


def test_a_sold_listing_becomes_a_release_with_an_image_and_a_price() -> None:
    listing = read(SOLD)
    assert listing.release.release_id == "ebay-file:256001"
    assert listing.release.image_url == "https://i.ebayimg.com/images/g/a/s-l1600.jpg"
    assert listing.release.price is None
    assert listing.price is not None
    price = listing.price
    assert (price.kind, price.price, price.currency) == ("sold", Decimal("24.50"), "USD")
    assert price.observed_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert (price.media_condition, price.release_id) == ("VG+", "ebay-file:256001")
    assert "nobody" not in f"{listing}"


@pytest.mark.parametrize(
    ("change", "amount", "currency"),
    [
        ({"sold_price": 24.5}, "24.50", "USD"),
        ({"sold_price": "1.234,50 €", "currency": ""}, "1234.50", "EUR"),
        ({"sold_price": "1,234.50", "currency": "GBP"}, "1234.50", "GBP"),
        ({"sold_price": None, "price": {"value": "9.99", "currency": "CAD"}, "currency": None},
         "9.99", "CAD"),
        ({"sold_price": "2,800", "currency": "JPY"}, "2800.00", "JPY"),
    ],
)  # fmt: skip
def test_prices_in_the_ways_of_each_country(
    change: dict[str, Any], amount: str, currency: str
) -> None:
    price = read(SOLD | change).price
    assert price is not None
    assert (price.price, price.currency) == (Decimal(amount), currency)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sold_price": "n/a"}, "bad_price"),
        ({"sold_price": "-3"}, "bad_price"),
        ({"sold_price": "0.00"}, "bad_price"),
        ({"sold_price": ""}, "no_price"),
        ({"currency": "Taler", "sold_price": "5"}, "no_currency"),
        ({"sold_date": "lately"}, "bad_date"),
        ({"sold_date": "2098-02-01"}, "bad_date"),
        ({"sold_price": "$5.00 to $9.00"}, "bad_price"),
        ({"sold_date": None}, "no_date"),
        ({"title": " "}, "no_title"),
        ({"product_id": "", "url": ""}, "no_id"),
    ],
)
def test_what_is_no_listing_says_why(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ListingError) as error:
        read(SOLD | change)
    assert error.value.reason == reason


def test_a_lot_has_an_image_and_no_price() -> None:
    listing = read(SOLD | {"title": "Jazz vinyl job lot"})
    assert listing.price is None
    assert listing.release.image_url


def test_columns_of_the_settings_count_before_the_known_ones() -> None:
    columns = {"price": "sale.total", "images": "photo"}
    said = SOLD | {"sale": {"total": "7.00"}, "photo": '["https://a/b.jpg"]'}
    listing = read(said, columns=columns)
    assert listing.price is not None
    assert listing.price.price == Decimal("7.00")
    assert listing.release.image_url == "https://a/b.jpg"


LISTED = [SOLD, SOLD | {"product_id": "256002"}]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", json.dumps(LISTED, indent=1).encode()),
        ("a.jsonl", "\n".join(map(json.dumps, LISTED)).encode()),
        ("a.json", json.dumps({"total": 2, "results": LISTED}).encode()),
        ("a.json.gz", gzip.compress(json.dumps(LISTED).encode())),
        ("a.json", b"\xef\xbb\xbf" + json.dumps(LISTED).encode()),
    ],
)
def test_json_of_any_arrangement(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert [said["product_id"] for _, said in read_objects(tmp_path / name)] == ["256001", "256002"]


def test_csv_with_a_second_header(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    header = "product_id,title,sold_price,currency,sold_date,image_urls\n"
    line = '1,Nefertiti,9.50,EUR,2026-01-02,"[""https://a/1.jpg""]"\n'
    file.write_text(header + line + header + line)
    objects = [said for _, said in read_objects(file)]
    assert len(objects) == 2
    listing = read(objects[0])
    assert listing.release.image_url == "https://a/1.jpg"
    assert read_objects(file)


@pytest.mark.parametrize("name", ["a.json", "a.json.gz"])
def test_a_file_that_is_cut_off_gives_what_came_before(tmp_path: Path, name: str) -> None:
    whole = json.dumps(LISTED).encode() * 50
    data = gzip.compress(whole)[:-40] if name.endswith("gz") else whole[:-40]
    (tmp_path / name).write_bytes(data)
    seen: list[str] = []
    with pytest.raises(CratewatchError, match="cut off"):
        seen.extend(said["product_id"] for _, said in read_objects(tmp_path / name))
    assert name.endswith("gz") or len(seen) == 99


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such file"):
        list(read_objects(tmp_path / "none.json"))


def test_an_object_of_many_blocks_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps([SOLD | {"description": "x" * 500_000}] * 3))
    assert sum(1 for _ in read_objects(file)) == 3
