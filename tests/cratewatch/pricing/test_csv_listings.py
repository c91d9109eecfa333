from __future__ import annotations

from pathlib import Path

import pytest

from cratewatch.errors import BadValuesError, CratewatchError, NotFoundError
from cratewatch.pricing.csv_listings import read_listings
from tests.conftest import SHARED_DATA

HEADER = "artist,title,price,media_condition,sleeve_condition,release_page,year,release_format"
PAGE = "https://discogs.com/release/25-A-B"


def written(folder: Path, *lines: str, header: str = HEADER) -> Path:
    file = folder / "listings.csv"
    file.write_text("\n".join((header, *lines)) + "\n")
    return file


def test_a_listing_is_read_as_it_stands(tmp_path: Path) -> None:
    file = written(tmp_path, f"Nichts,Made In Eile,14.99,NM ,,{PAGE},Unknown,LP")
    (found,), currency = read_listings(file)
    listing = found.listing
    assert (found.price, currency) == (14.99, "")
    assert (listing.release, listing.number) == ("25", 25.0)
    assert (listing.media_condition, listing.sleeve_condition) == ("NM", None)
    assert (listing.year, listing.format) == (None, "LP")


@pytest.mark.parametrize(
    ("price", "expected", "currency"),
    [
        ('"1.234,50 \u20ac"', 1234.5, "EUR"),
        ('"$1,234.50"', 1234.5, "USD"),
        ("12", 12, ""),
        ("\u00a38.99", 8.99, "GBP"),
    ],
)
def test_prices_of_each_locale(tmp_path: Path, price: str, expected: float, currency: str) -> None:
    (found,), told = read_listings(written(tmp_path, f"A,B,{price},NM,,{PAGE},,"))
    assert (found.price, told) == (expected, currency)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"A,B,-3,NM,,{PAGE},,", "line 2: price '-3' is not above zero"),
        (f"A,B,0,NM,,{PAGE},,", "line 2: price '0' is not above zero"),
        (f"A,B,cheap,NM,,{PAGE},,", "line 2: price 'cheap' is no amount"),
        (f"A,B,5,splendid,,{PAGE},,", "line 2: media_condition 'splendid' is none that is known"),
        ("A,B,5,NM,,,,", "line 2: release_page is empty"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(BadValuesError, match=said):
        read_listings(written(tmp_path, line))


def test_an_unknown_currency_and_two_currencies_are_refused(tmp_path: Path) -> None:
    header = f"{HEADER},currency"
    with pytest.raises(BadValuesError, match="currency XYZ is none of ISO 4217"):
        read_listings(written(tmp_path, f"A,B,5,NM,,{PAGE},,,XYZ", header=header))
    lines = [f"A,B,5,NM,,{PAGE},,,{code}" for code in ("EUR", "USD")]
    with pytest.raises(CratewatchError, match=r"prices in EUR \(line 2\) and USD \(line 3\)"):
        read_listings(written(tmp_path, *lines, header=header))


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no line below its first"):
        read_listings(written(tmp_path))
    with pytest.raises(CratewatchError, match="the column artist is needed"):
        read_listings(written(tmp_path, header=""))
    with pytest.raises(CratewatchError, match="the column price is needed"):
        read_listings(written(tmp_path, header="artist,title"))
    with pytest.raises(NotFoundError, match="no such file"):
        read_listings(tmp_path / "none.csv")


def test_the_asking_prices_at_hand_are_read_whole() -> None:
    file = SHARED_DATA / "prices" / "discogs_asking_prices.csv"
    if not file.exists():
        pytest.skip("no asking prices here: they are not part of the repository")
    listings, currency = read_listings(file)
    assert (len(listings), currency) == (4851, "")
    assert len({one.listing.release for one in listings}) == 4407
