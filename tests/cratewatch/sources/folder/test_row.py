from typing import Any

import pytest
from pydantic import ValidationError

from cratewatch.sources.folder.row import Row


def read(column: str, text: str) -> Any:
    return getattr(Row.model_validate({"file": "a.jpg", column: text}), column)


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("1973", 1973),
        ("1973.0", 1973),
        ("1.973E+3", 1973),
        (" 1973 ", 1973),
        ("1973,0", 1973),
        ("0", None),
        ("0.0", None),
        ("", None),
        (" ", None),
    ],
)
def test_years(text: str, year: int | None) -> None:
    assert read("year", text) == year


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("24.90", "24.90"),
        ("1E+2", "100"),
        ("1.5e1", "15"),
        ("2.5E-1", "0.25"),
        ("24,90", "24.90"),
        ("1,234.50", "1234.50"),
        (" 5 ", "5"),
        ("-0", "0"),
    ],
)
def test_prices(text: str, price: str) -> None:
    assert str(read("price", text)) == price


@pytest.mark.parametrize("text", ["", " "])
def test_no_price(text: str) -> None:
    assert read("price", text) is None


@pytest.mark.parametrize(
    "text", ["sNaN", "-sNaN1", "NaN", "Infinity", "1e400", "1e-99", "1,234", "٣", "1 000", "1e9"]
)
def test_what_is_no_price(text: str) -> None:
    with pytest.raises(ValidationError, match="is not a"):
        read("price", text)


@pytest.mark.parametrize(
    ("text", "barcode"),
    [
        ("0600116822123", "0600116822123"),
        ("600116822123.0", "600116822123"),
        ("6.00116822123E+11", "600116822123"),
        ("6 00116 82212 3", "6 00116 82212 3"),
        ("", None),
    ],
)
def test_barcodes(text: str, barcode: str | None) -> None:
    assert read("barcode", text) == barcode


@pytest.mark.parametrize(
    ("text", "genres"),
    [
        ("Jazz; Hard Bop; ", ("Jazz", "Hard Bop")),
        (";; ;", ()),
        ("Jazz;Jazz ;\u00a0Soul\u00a0", ("Jazz", "Soul")),
        ("Folk, World", ("Folk, World",)),
    ],
)
def test_genres(text: str, genres: tuple[str, ...]) -> None:
    assert read("genre", text) == genres


def test_text_bears_no_blanks_about_it_and_a_file_its_own() -> None:
    row = Row.model_validate({"file": " a.jpg ", "title": " A ", "artist": "  "})
    assert (row.file, row.title, row.artist) == (" a.jpg ", "A", None)
