"""What `cratewatch changes` tells, and in which forms."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.comparing import RefusedError
from cratewatch.catalog.records import Item, Release
from cratewatch.commands.changes import COLUMNS


def release(number: int, **values: Any) -> Release:
    fields = {"artist": "AC[/]DC", "title": f"Title {number}", "page_url": f"http://shop/{number}"}
    return Release(source="shop", native_id=str(number), **(fields | values))


def night(catalog: Catalog, *releases: Release, share: float = 1.0) -> str:
    run_id = catalog.runs.start("refresh-shop")
    catalog.stage(run_id, releases)
    catalog.items.record(
        run_id, [Item("shop", "page", "http://shop/none", "failed", "http_500", "no")]
    )
    try:
        diff = catalog.apply_crawl(run_id, "shop", complete=True, max_withdrawn_share=share)
    except RefusedError as error:
        catalog.runs.finish(run_id, "failed", {"would": vars(error.would), "error": str(error)})
    else:
        catalog.runs.finish(run_id, "done", {"diff": vars(diff)})
    return run_id


def test_the_last_night_is_listed_release_by_release(
    run: Any, home: Path, catalog: Catalog
) -> None:
    first = night(catalog, release(1), release(2))
    second = night(catalog, release(1, title="Renamed"), release(3))
    told = run("changes", "--home", str(home))
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        f"{second}: done, 1 new, 1 changed, 1 withdrawn",
        "  new        shop:3  AC[/]DC \u2013 Title 3",
        "  changed    shop:1  AC[/]DC \u2013 Renamed: title Title 1 \u2192 Renamed",
        "  withdrawn  shop:2  AC[/]DC \u2013 Title 2",
        "  failed     page http://shop/none: http_500: no",
    ]
    assert "2 new" in run("changes", first, "--home", str(home)).stdout


def test_machines_get_json_or_csv_with_the_same_keys(
    run: Any, home: Path, catalog: Catalog
) -> None:
    night(catalog, release(1), release(2))
    refused = night(catalog, release(3), share=0.1)
    lines = run("changes", "--json", "--home", str(home)).stdout.splitlines()
    found = [json.loads(line) for line in lines]
    assert [row["kind"] for row in found] == ["new", "withdrawn", "withdrawn", "failed"]
    assert all(list(row) == list(COLUMNS) for row in found)
    assert {row["applied"] for row in found} == {False}
    said = run("changes", "--csv", refused, "--home", str(home)).stdout
    rows = list(csv.DictReader(io.StringIO(said)))
    assert [row["title"] for row in rows] == ["Title 3", "Title 1", "Title 2", ""]
    assert {row["applied"] for row in rows} == {"false"}
    shown, why, *_ = run("changes", "--home", str(home)).stdout.splitlines()
    assert shown.endswith("refused, nothing was changed; it would have been 1 new, 2 withdrawn")
    assert why.startswith("  shop: the crawl would withdraw 2 of 2 releases")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "no source was refreshed yet; run `cratewatch refresh SOURCE`"),
        (("2026",), "run '2026' is not in the catalog; the nearest are none yet"),
        (("--json", "--csv"), "--json and --csv: give one of them"),
    ],
)
def test_what_cannot_be_told_says_what_to_do(
    run: Any, home: Path, catalog: Catalog, arguments: tuple[str, ...], line: str
) -> None:
    said = run("changes", *arguments, "--home", str(home))
    assert (said.returncode, said.stderr) == (1, f"cratewatch: {line}\n")
