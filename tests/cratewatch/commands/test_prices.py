from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.observations import Observation
from cratewatch.catalog.records import Cover, Release
from tests.command_line import Answer
from tests.cratewatch.pricing.made_listings import made_listings
from tests.pictures import draw_noise

pytestmark = pytest.mark.heavy

Run = Callable[..., Answer]
NOW = datetime.now(UTC)


def sold(release_id: str, price: str, days_ago: int, **values: Any) -> Observation:
    fields: dict[str, Any] = {
        "source": "till",
        "native_id": f"{release_id}/{days_ago}",
        "kind": "sold",
        "title": "Blue Train",
        "price": Decimal(price),
        "currency": "EUR",
        "observed_at": NOW - timedelta(days=days_ago),
        "release_id": release_id,
        "media_condition": "NM",
    }
    return Observation(**(fields | values))


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cratewatch.pricing.training.TREES_OF_PART", 4)


@pytest.fixture
def shop(catalog: Catalog) -> Catalog:
    run_id = catalog.runs.start("refresh-shop")
    named = Release(source="shop", native_id="1", title="Blue Train", artist="John Coltrane")
    catalog.stage(run_id, [named, Release(source="shop", native_id="2", title="Giant Steps")])
    catalog.apply_crawl(run_id, "shop", complete=True)
    prices = [sold("shop:1", price, n) for n, price in enumerate(("20.00", "22.00", "24.00"))]
    catalog.observations.add([*prices, sold("shop:1", "30.00", 400, currency="USD")])
    return catalog


@pytest.fixture
def listings(tmp_path: Path) -> Path:
    """A file in the columns that train-prices and evaluate-prices take."""
    file = tmp_path / "listings.csv"
    header = "artist,title,label_name,release_format,have,want,year,genre,media_condition"
    lines = [
        f"{x.artist},{x.title},{x.label},{x.format.replace(chr(34), '-inch')},{x.have},{x.want},"
        f"{x.year},{x.genre},{x.media_condition},https://discogs.com/release/{x.release}-x,"
        f"{one.price:.2f}"
        for one in made_listings(240)
        for x in [one.listing]
    ]
    file.write_text("\n".join((f"{header},release_page,price", *lines)))
    return file


def test_prices_of_a_release_for_people_and_machines(shop: Catalog, home: Path, run: Run) -> None:
    told = run("prices", "shop:1", "--home", str(home))
    assert told.returncode == 0, told.stderr
    first, *lines = told.stdout.splitlines()
    assert first == "shop:1: 3 sold, 0 asked for"
    assert any("median      22.00 EUR in NM, of 3" in line for line in lines)
    assert "left out: rates: USD cannot be converted without any" in lines[-1]
    answer = run("prices", "shop:1", "shop:2", "--days", "365", "--home", str(home), "--json")
    first, second = map(json.loads, answer.stdout.splitlines())
    assert (first["sold"], first["last_sold"]["value"], second["sold"]) == (3, "20.00", 0)
    table = run("prices", "shop:1", "--home", str(home), "--csv").stdout
    rows = list(csv.DictReader(io.StringIO(table)))
    assert sorted(row["price"] for row in rows) == ["20.00", "22.00", "24.00"]


def test_with_rates_all_prices_count(shop: Catalog, home: Path, tmp_path: Path, run: Run) -> None:
    day = (NOW - timedelta(days=400)).date()
    (home / "rates.csv").write_text(f"Date,USD\n{NOW.date()},2\n{day},1.5\n")
    answer = run(
        "prices", "shop:1", "--home", str(home), "--json", CRATEWATCH_RATES_PATH="rates.csv"
    )
    assert json.loads(answer.stdout)["medians"][0] == {"condition": "NM", "n": 4, "median": "21.00"}
    answer = run(
        *("price", "shop:1", "--currency", "usd", "--home", str(home), "--json"),
        CRATEWATCH_RATES_PATH=str(home / "rates.csv"),
    )
    assert json.loads(answer.stdout)["currency"] == "USD"


def test_what_a_release_is_worth(shop: Catalog, home: Path, run: Run) -> None:
    told = run("price", "shop:1", "--condition", "near mint", "--home", str(home))
    first, second, *shown = told.stdout.splitlines()
    assert first.startswith("shop:1  John Coltrane \u2013 Blue Train: 22.00 EUR in NM, from ")
    assert second == "  by 3 own sales of it"
    assert len(shown) == 3
    answer = run("price", "shop:1", "shop:2", "shop:3", "--home", str(home), "--json")
    assert answer.returncode == 1
    worth, *errors = map(json.loads, answer.stdout.splitlines())
    assert (worth["way"], worth["condition"], worth["n"]) == ("own sales", "VG+", 3)
    assert [error["query"] for error in errors] == ["shop:2", "shop:3"]
    assert "no price of it is known, and there is no model" in errors[0]["error"]


def test_a_model_is_trained_and_prices_what_nobody_sold(
    shop: Catalog, home: Path, listings: Path, run: Run
) -> None:
    trained = run(
        *("train-prices", "--csv", str(listings), "--currency", "EUR"),
        *("--home", str(home), "--json"),
    )
    assert trained.returncode == 0, trained.stderr
    facts = json.loads(trained.stdout)
    assert (facts["n"], facts["releases"], facts["currency"], facts["kind"]) == (
        *(240, 120, "EUR", "asking"),
    )
    assert (home / "lake" / facts["file"]).is_file()
    answer = run("price", "shop:2", "--home", str(home), "--json")
    worth = json.loads(answer.stdout)
    assert worth["way"] == "model"
    assert Decimal(worth["low"]) < Decimal(worth["median"]) < Decimal(worth["high"])
    (home / "lake" / "prices" / "serving.npz").write_bytes(b"no model")
    broken = run("price", "shop:2", "--home", str(home))
    assert broken.returncode == 1
    assert "it holds no price model; train one anew" in broken.stderr


def test_a_picture_is_priced_as_what_it_shows(
    served: list[Cover], cover_folder: Path, home: Path, catalog: Catalog, run: Run
) -> None:
    picture = next(iter(sorted(cover_folder.glob("*.jpg"))))
    release_id = f"import:{picture}"
    catalog.observations.add([sold(release_id, "12.00", n) for n in range(3)])
    answer = run("price", str(picture), "--condition", "NM", "--home", str(home), "--json")
    assert answer.returncode == 0, answer.stderr
    worth = json.loads(answer.stdout)
    assert (worth["query"], worth["release_id"]) == (str(picture), release_id)
    assert (worth["median"], worth["way"]) == ("12.00", "own sales")
    missing = run("price", str(picture.with_name("none.jpg")), "--home", str(home))
    assert missing.returncode == 1
    assert "no such file" in missing.stderr


def test_an_evaluation_tells_all_figures(home: Path, listings: Path, run: Run) -> None:
    answer = run("evaluate-prices", "--csv", str(listings), "--home", str(home), "--json")
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    assert (told["n"], set(told["baselines"])) == (
        240,
        {"global_median", "genre_condition_median", "ridge", "nearest_10"},
    )
    assert told["median_ape"] < told["baselines"]["global_median"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("price", "shop:1", "--condition", "splendid"), "'splendid' is no grade of Goldmine's: M"),
        (("price", "shop:1", "--currency", "XYZ"), "'XYZ' is none of ISO 4217, such as EUR"),
        (("prices", "shop:9"), "shop:9: no such release"),
        (("prices", "shop:1", "--json", "--csv"), "--json and --csv: give one of them"),
        (("train-prices",), "prices, and 100 are needed; import sales by"),
    ],
)
def test_mistakes_are_one_line(
    shop: Catalog, home: Path, run: Run, arguments: tuple[str, ...], said: str
) -> None:
    answer = run(*arguments, "--home", str(home))
    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert said in line


def test_a_file_without_a_currency_is_in_that_of_the_settings(
    shop: Catalog, home: Path, listings: Path, run: Run
) -> None:
    answer = run("train-prices", "--csv", str(listings), "--home", str(home), "--json")
    assert json.loads(answer.stdout)["currency"] == "EUR"
    assert "it says no currency; its prices are taken for EUR" in answer.stderr


def test_a_picture_that_may_show_something_else_is_priced_by_its_neighbours(
    served: list[Cover], cover_folder: Path, home: Path, catalog: Catalog, run: Run, tmp_path: Path
) -> None:
    covers = cover_folder.glob("*.jpg")
    catalog.observations.add([sold(f"import:{cover}", "12.00", 1) for cover in covers])
    stranger = tmp_path / "stranger.png"
    draw_noise(99, 200).save(stranger)
    answer = run("price", str(stranger), "--home", str(home), "--json")
    assert answer.returncode == 0, answer.stderr
    worth = json.loads(answer.stdout)
    assert (worth["release_id"], worth["way"]) == (None, "neighbours")


def test_rows_of_a_source_that_forbids_it_train_nothing(
    shop: Catalog, home: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.observations.add([sold("shop:1", "9.00", n, source="ebay") for n in range(200)])
    monkeypatch.setattr("cratewatch.commands.price_model._forbidden", lambda _: {"ebay"})
    answer = run("train-prices", "--home", str(home))
    assert "train-prices: 0 prices" in answer.stderr
