from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.sources.till.reading import SalesFile
from cratewatch.sources.till.sale import Refusal, Sale
from cratewatch.sources.till.settings import Till

NO_SETTINGS = Till()
SQUARE = (
    "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,"
    "Discounts,Net Sales,Tax,Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,"
    "Location,Dining Option,Customer ID,Customer Name,Customer Reference ID"
)
SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Currency,Subtotal,Created at,Lineitem quantity,"
    "Lineitem name,Lineitem price,Lineitem sku,Lineitem discount,Billing Name,Cancelled at"
)
GERMAN = Till(
    columns={
        "receipt": "Bon",
        "date": "Datum",
        "time": "Uhrzeit",
        "title": "Artikel",
        "quantity": "Menge",
        "price": "Einzelpreis",
    },
    currency="EUR",
    timezone="Europe/Berlin",
)


def read(folder: Path, data: str | bytes, till: Till = NO_SETTINGS) -> list[Sale | Refusal]:
    file = folder / "sales.csv"
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return list(SalesFile(file, till))


def sales(folder: Path, data: str | bytes, till: Till = NO_SETTINGS) -> list[Sale]:
    found = read(folder, data, till)
    assert all(isinstance(line, Sale) for line in found), found
    return [line for line in found if isinstance(line, Sale)]


def test_an_export_of_square_is_known(tmp_path: Path) -> None:
    (sold, returned) = sales(
        tmp_path,
        f"{SQUARE}\n"
        "2026-09-13,10:02:11,Eastern Time (US & Canada),LP,Blue Train,2,Regular,BT-1,,$36.00,"
        "-$3.00,$33.00,$2.40,SQA1x,PA1,iPad,,,Payment,Fair,,CUST1,Dee Example,\n"
        "2026-09-20,09:00:00,Eastern Time (US & Canada),LP,Blue Train,-1,Regular,BT-1,,-$16.50,"
        "$0.00,-$16.50,-$1.20,SQB2y,PB2,iPad,,,Refund,Fair,,CUST1,Dee Example,\n",
    )
    assert (sold.title, sold.sku, sold.quantity) == ("Blue Train", "BT-1", 2)
    assert (sold.price, sold.currency) == (Decimal("16.50"), "USD")
    assert sold.sold_at == datetime(2026, 9, 13, 14, 2, 11, tzinfo=UTC)
    assert (returned.quantity, returned.price) == (-1, Decimal("16.50"))
    assert "Dee" not in f"{sold}{returned}"


def test_an_order_of_shopify_says_what_holds_for_it_once(tmp_path: Path) -> None:
    lines = read(
        tmp_path,
        f"{SHOPIFY}\n"
        "#1,a@example.com,paid,2026-08-12,EUR,47,2026-08-12 16:24:51 +0500,2,Kind of Blue,16.00,K,"
        "2.00,Ada,\n"
        "#1,a@example.com,,,,,,1,Sketches,20.00,S,,,\n"
        "#2,b@example.com,refunded,,EUR,9,2026-08-13 10:00:00 +0500,1,Bitches Brew,9.00,B,,Bo,\n"
        "#3,c@example.com,partially_refunded,,EUR,9,2026-08-14 10:00:00 +0500,1,Nefertiti,9,N,,C,\n"
        "#4,d@example.com,paid,,EUR,9,2026-08-14 10:00:00 +0500,1,Nefertiti,9,N,,C,2026-08-15\n",
    )
    sold = [line for line in lines if isinstance(line, Sale)]
    assert [(s.title, s.price, s.quantity) for s in sold] == [
        ("Kind of Blue", Decimal("15.00"), 2),
        ("Sketches", Decimal("20.00"), 1),
        ("Nefertiti", Decimal("9.00"), 1),
    ]
    assert sold[0].sold_at == sold[1].sold_at == datetime(2026, 8, 12, 11, 24, 51, tzinfo=UTC)
    assert {sale.currency for sale in sold} == {"EUR"}
    assert [line.reason for line in lines if isinstance(line, Refusal)] == ["not_sold"] * 2


def test_an_order_of_discogs_tells_release_and_condition(tmp_path: Path) -> None:
    (sale,) = sales(
        tmp_path,
        "order_date,order_num,buyer,release_id,artist,title,label,catno,media_condition,"
        "sleeve_condition,price,currency,status\n"
        "2026-03-01 14:22:05,1-77,ada,249504,Rick Astley,Never Gonna Give You Up,RCA,PB 41447,"
        "Very Good Plus (VG+),Generic,2.50,GBP,Shipped\n",
    )
    assert (sale.release_id, sale.named) == ("249504", "Rick Astley - Never Gonna Give You Up")
    assert (sale.media_condition, sale.sleeve_condition) == ("Very Good Plus (VG+)", "Generic")


def test_a_till_of_its_own_columns_with_commas_in_windows_1252(tmp_path: Path) -> None:
    text = (
        "Plattenkiste GmbH; Umsätze;;;;\n\n"
        "Bon;Datum;Uhrzeit;Artikel;Menge;Einzelpreis;Bemerkung\n"
        "17;03.04.2026;18:05;Café Bleu;1;1.234,50 €;\n"
        "18;13.04.2026;09:30;Blue, Train;2;12,90;Kunde Müller\n"
    )
    first, second = sales(tmp_path, text.encode("cp1252"), GERMAN)
    assert first.title == "Café Bleu"
    assert first.sold_at == datetime(2026, 4, 3, 18, 5, tzinfo=ZoneInfo("Europe/Berlin"))
    assert (first.price, first.currency) == (Decimal("1234.50"), "EUR")
    assert (second.title, second.quantity, second.price) == ("Blue, Train", 2, Decimal("12.90"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_whatever_encoding_it_is_in(tmp_path: Path, encoding: str) -> None:
    text = "date;title;price;currency\n2026-01-02;Café;9,50;EUR\n"
    assert [s.title for s in sales(tmp_path, text.encode(encoding))] == ["Café"]


@pytest.mark.parametrize("amount", ["-12,90", "12,90-", "(12,90)", "-12,90 €", "\u221212,90"])
def test_what_was_brought_back_has_a_negative_quantity(tmp_path: Path, amount: str) -> None:
    (sale,) = sales(tmp_path, f"date;title;price;currency\n2026-01-02;Nefertiti;{amount};EUR\n")
    assert (sale.quantity, sale.price) == (-1, Decimal("12.90"))


def test_a_file_with_two_headers_changes_its_columns_in_the_middle(tmp_path: Path) -> None:
    text = (
        "date,title,price,currency\n2026-01-02,Nefertiti,9.50,EUR\n"
        "date,title,price,currency\n2026-01-03,Nefertiti,9.50,EUR\n"
        "title,price,currency,date\nSorcerer,8.00,EUR,2026-02-01\n"
    )
    found = sales(tmp_path, text)
    assert [(s.title, s.sold_at.month) for s in found] == [
        ("Nefertiti", 1),
        ("Nefertiti", 1),
        ("Sorcerer", 2),
    ]


def test_the_same_line_has_the_same_id_in_every_export_and_a_second_one_another(
    tmp_path: Path,
) -> None:
    header, line = "date,title,price,currency\n", "2026-01-02,Nefertiti,9.50,EUR\n"
    other = "2026-01-01,Sorcerer,7.00,EUR\n"
    (once,) = sales(tmp_path, header + line)
    first, _, second = sales(tmp_path, header + line + other + line)
    assert once.native_id == first.native_id != second.native_id


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2026-01-02,Nefertiti,soon,EUR", "bad_price"),
        ("2026-01-02,Nefertiti,free,EUR", "zero_price"),
        ("2026-01-02,Nefertiti,,EUR", "no_price"),
        ("2026-01-02,Nefertiti,0.00,EUR", "zero_price"),
        ("2026-01-02,Nefertiti,9.50,", "no_currency"),
        ("2026-01-02,Nefertiti,9.50,Taler", "no_currency"),
        ("2026-02-30,Nefertiti,9.50,EUR", "bad_date"),
        ("2098-02-01,Nefertiti,9.50,EUR", "bad_date"),
        ("0001-01-01,Nefertiti,9.50,EUR", "bad_date"),
        ("3/4/2026,Nefertiti,9.50,EUR", "bad_date"),
        (",Nefertiti,9.50,EUR", "no_date"),
        ("2026-01-02,,9.50,EUR", "no_title"),
        ("2026-01-02,Job lot 20 LPs jazz,90.00,EUR", "lot"),
    ],
)
def test_a_line_that_is_no_sale_says_why(tmp_path: Path, line: str, reason: str) -> None:
    (found,) = read(tmp_path, f"date,title,price,currency\n{line}\n")
    assert isinstance(found, Refusal)
    assert found.reason == reason


def test_one_date_that_leaves_no_doubt_tells_the_order_of_all(tmp_path: Path) -> None:
    text = "date,title,price,currency\n3/4/2026,A,9.50,EUR\n"
    assert [s.sold_at.month for s in sales(tmp_path, f"{text}28/4/2026,B,9,EUR\n")] == [4, 4]
    assert [s.sold_at.month for s in sales(tmp_path, text, Till(date_order="mdy"))] == [3]


def test_a_double_album_is_no_lot(tmp_path: Path) -> None:
    text = "date,title,price,currency\n2026-01-02,Bitches Brew (2 LPs),30,EUR\n"
    assert sales(tmp_path, text)


def test_a_file_that_is_none_of_sales_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CratewatchError, match="no row names a date and a price; the first is a, b"):
        read(tmp_path, "a,b\n1,2\n")
    with pytest.raises(CratewatchError, match="no row names Bon, Datum"):
        read(tmp_path, "a,b\n1,2\n", GERMAN)
    with pytest.raises(NotFoundError, match="no such file"):
        SalesFile(tmp_path / "none.csv", NO_SETTINGS)
    with pytest.raises(CratewatchError, match="must name `date`"):
        read(tmp_path, "a,b\n", Till(columns={"title": "a"}))
