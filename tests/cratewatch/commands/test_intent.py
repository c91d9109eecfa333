from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover
from cratewatch.commands.intent import _lines
from cratewatch.intent.report import AlbumIntent, IntentReport, PeriodIntent
from tests.command_line import Answer
from tests.cratewatch.intent.made_days import at, held, sold

NOVEMBER = ("--from", "2026-11-01", "--to", "2026-11-30")
DAY = date(2026, 11, 2)
TILL = "date,time,title,sku,price,currency\n"


@pytest.fixture
def shop(catalog: Catalog, home: Path, imported: list[Cover]) -> Path:
    """Return a home in which a cover was held twice, and bought once."""
    (home / "cratewatch.toml").write_text('timezone = "Europe/Berlin"\n')
    catalog.handlings.record("run", [held(imported[0], at(2, hour)) for hour in (9, 10)])
    return home


def test_what_was_imported_is_told(
    run: Callable[..., Answer], shop: Path, catalog: Catalog, imported: list[Cover], tmp_path: Path
) -> None:
    catalog.observations.add([sold(imported[0], at(2, 11)), sold(imported[1], at(1, month=12))])
    page, table = tmp_path / "intent.html", tmp_path / "intent.csv"
    answer = run(
        "intent", *NOVEMBER, "--report", str(page), "--csv", str(table), "--home", str(shop)
    )
    assert answer.returncode == 0, answer.stderr
    assert "bought 1, 0.0 of them unseen; brought back 0; 50% [6% to 94%]" in answer.stdout
    (row,) = csv.DictReader(table.read_text("utf-8").splitlines())
    assert (row["handlers"], row["bought"], row["conversion"]) == ("2.0", "1", "0.5")
    assert "<title>Handled and sold, 2026-11-01 to 2026-11-30</title>" in page.read_text()
    answer = run("intent", *NOVEMBER, "--json", "--home", str(shop))
    told = json.loads(answer.stdout)
    assert (told["timezone"], told["tills"]) == ("Europe/Berlin", ["till"])
    assert [hour["name"] for hour in told["by_hour"]] == ["10", "11"]

    answer = run("audit", "--json", "--home", str(shop))
    exports = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [(e["what"], e["target"], e["rows"]) for e in exports] == [
        ("intent", str(page), 1),
        ("intent", str(table), 1),
    ]
    assert "2026-11-01 to 2026-11-30" in run("audit", "--home", str(shop)).stdout
    assert not run("audit", "--since", "2199-01-01", "--home", str(shop)).stdout


@pytest.mark.parametrize(
    ("handlers", "bought", "lines"),
    [
        (0.04, 0, ["  and 1 more; --csv has all"]),
        (0.04, 2, ["    <0.1      1 s  Blue Train, bought 2"]),
        (0.0, 1, ["     0.0      1 s  Blue Train, bought 1"]),
        (0.06, 0, ["     0.1      1 s  Blue Train, bought 0"]),
    ],
)
def test_the_list_says_no_album_was_handled_that_was_not(
    handlers: float, bought: int, lines: list[str]
) -> None:
    period = PeriodIntent(DAY, DAY, 1, 1, handlers, 0.0, 1.0, handlers, bought, 0, 0, 0, 0.0, None)
    numbers = (None, handlers, 0.0, 1.0, handlers, bought, 0, 0.0, None, 0.0, None, None)
    album = AlbumIntent("a" * 64, None, None, None, "Blue Train", *numbers, False, False)
    told = IntentReport("UTC", "EUR", (), period, None, False, False, (album,), (), (), (), ())
    said = list(_lines(told))
    assert said[said.index("albums by handlers:") + 1 :] == lines


def test_a_file_of_the_till_stands_for_what_was_imported(
    run: Callable[..., Answer], shop: Path, catalog: Catalog, imported: list[Cover], tmp_path: Path
) -> None:
    catalog.observations.add([sold(imported[0], at(2, 11))])
    file = tmp_path / "till.csv"
    sku = imported[0].source_url
    file.write_text(
        f"{TILL}2026-11-02,10:30,x,{sku},9.50,EUR\n2026-11-02,10:30,x,{sku},9.50,EUR\n"
        "2026-11-02,10:31,x,,y,EUR\n"
    )
    answer = run("intent", *NOVEMBER, "--sales", str(file), "--json", "--home", str(shop))
    told = json.loads(answer.stdout)
    assert told["period"]["bought"] == 2, "two lines that say the same are two sales"
    assert any("bad_price 1) are left out" in note for note in told["notes"])
    assert len(list(catalog.observations.all())) == 1, "nothing is imported"


def test_what_other_sources_sold_was_not_sold_here(
    run: Callable[..., Answer], shop: Path, catalog: Catalog, imported: list[Cover]
) -> None:
    source = '[sources.shop]\nspider = "storefront"\nurl = "https://shop.example"\n'
    (shop / "cratewatch.toml").write_text(source)
    both = [sold(imported[0], at(2, 11), source=name) for name in ("shop", "counter")]
    catalog.observations.add(both)
    answer = run("intent", *NOVEMBER, "--json", "--home", str(shop))
    assert json.loads(answer.stdout)["tills"] == ["counter"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--from", "2026-11-30", "--to", "2026-11-01"), "swap them"),
        (("--from", "soon", "--to", "2026-11-01"), "--from: 'soon' is no day"),
        (("--from", "2026-01-01", "--to", "2026-01-31"), "no handlings from 2026-01-01"),
        ((*NOVEMBER, "--report", "x.pdf"), "does not end in .html"),
        ((*NOVEMBER, "--csv", "no/such/folder.csv"), "is no folder"),
        ((*NOVEMBER, "--sales", "no-such.csv"), "no-such.csv"),
        ((*NOVEMBER, "--till", "A B", "--sales", "x.csv"), "till 'A B'"),
        ((*NOVEMBER, "--currency", "GOLD"), "none of ISO 4217"),
    ],
)
def test_bad_input_is_one_line(
    run: Callable[..., Answer], shop: Path, options: tuple[str, ...], said: str
) -> None:
    answer = run("intent", *options, "--home", str(shop))
    assert answer.returncode == 1
    assert said in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_a_till_file_of_another_shape(
    run: Callable[..., Answer], shop: Path, tmp_path: Path
) -> None:
    file = tmp_path / "x.csv"
    file.write_text("colour,weight\nred,3\n")
    answer = run("intent", *NOVEMBER, "--sales", str(file), "--home", str(shop))
    assert (answer.returncode, "no row names a date and a price" in answer.stderr) == (1, True)
    assert not run("audit", "--home", str(shop)).stdout, "nothing was exported"
