"""What `cratewatch releases` and `cratewatch show` print."""

import csv
import io
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.database import now
from cratewatch.catalog.records import Cover, ListedRelease, Release

KEYS = list(ListedRelease.__dataclass_fields__)


@pytest.fixture(autouse=True)
def _shop(catalog: Catalog) -> None:
    """Two releases, of which one has a cover."""
    run_id = catalog.runs.start("refresh-shop")
    blue = Release(
        source="shop",
        native_id="12",
        artist="Miles Davis",
        title="Kind of Blue",
        year=1959,
        label="Columbia",
        catno="CL 1355",
        format="LP",
        genres=("Jazz", "Modal"),
        image_url="i",
        price=Decimal("24.90"),
        currency="EUR",
    )
    debut = Release(source="shop", native_id="13", artist="Björk", title="Debut", in_stock=False)
    catalog.stage(run_id, [blue, debut])
    catalog.apply_crawl(run_id, "shop", complete=True)
    catalog.covers.add(
        run_id, Cover("ab12" * 16, "ab12" * 16, "shop", "i", 9, 9, "0" * 64, now()), "i"
    )


def test_releases_are_a_line_each(run: Any, home: Path) -> None:
    told = run("releases", "--home", str(home))
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        "shop:13  Björk \u2013 Debut · sold out",
        "shop:12  Miles Davis \u2013 Kind of Blue (1959) · Columbia CL 1355 · LP · 24.90 EUR",
    ]
    assert run("releases", "bjork", "--home", str(home)).stdout.startswith("shop:13  ")


def test_machines_get_releases_as_json_or_csv(run: Any, home: Path) -> None:
    line = run("releases", "miles", "--json", "--home", str(home)).stdout
    found = json.loads(line)
    assert list(found) == KEYS
    assert (found["price"], found["genres"]) == ("24.90", ["Jazz", "Modal"])
    said = run("releases", "--year", "1959", "--csv", "--home", str(home)).stdout
    (row,) = csv.DictReader(io.StringIO(said))
    assert list(row) == KEYS
    assert (row["release_id"], row["genres"]) == ("shop:12", "Jazz; Modal")


def test_nothing_found_is_said_and_a_mistaken_filter_is_an_error(run: Any, home: Path) -> None:
    nothing = run("releases", "coltrane", "--json", "--home", str(home))
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert nothing.stderr == "none of 2 listed releases is that; take fewer words or filters\n"
    wrong = run("releases", "--source", "shpo", "--home", str(home))
    assert wrong.returncode == 1
    assert "--source: no release has 'shpo'; near it is shop" in wrong.stderr


@pytest.mark.parametrize("what", ["shop:12", "ab12", "ab12" * 16])
def test_all_of_one_is_shown(run: Any, home: Path, what: str) -> None:
    told = run("show", what, "--home", str(home))
    assert told.returncode == 0, told.stderr
    assert "Kind of Blue" in told.stdout
    assert " UTC" in told.stdout
    assert "()" not in told.stdout
    found = json.loads(run("show", what, "--json", "--home", str(home)).stdout)
    assert found["cover"]["cover_id"] == "ab12" * 16
    assert set(found) in (
        {"release", "offers", "cover", "same_artwork", "items"},
        {"cover", "releases", "embeddings", "items"},
    )


def test_what_is_not_there_is_told_with_what_is_near(run: Any, home: Path) -> None:
    said = run("show", "shop:1", "--home", str(home))
    assert said.returncode == 1
    assert said.stderr == (
        "cratewatch: show: no release or cover is called 'shop:1'; near it is shop:12, shop:13; "
        "`cratewatch releases WORDS` finds release_ids\n"
    )


@pytest.mark.heavy
def test_a_reader_that_has_seen_enough_is_no_error(home: Path, catalog: Catalog) -> None:
    run_id = catalog.runs.start("refresh-shop")
    catalog.stage(
        run_id, [Release(source="shop", native_id=str(n), title="t" * 900) for n in range(999)]
    )
    catalog.apply_crawl(run_id, "shop", complete=True)
    command = "from cratewatch.commands.app import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", command, "releases", "--json", "--home", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1
