"""A night over PostgreSQL and S3 whose database goes away, and the next that completes it.

tests/scrapers/test_servers_away.py takes servers away from single crawls.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cratewatch.catalog.catalog import open_catalog
from cratewatch.demo.covers import draw_stock
from cratewatch.demo.site import DemoShop
from cratewatch.demo.stock import StockPlan, expected_night, stock_of_night
from cratewatch.lake.location import LakeLocation
from cratewatch.lake.opening import open_lake

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("prefect")]
PLAN = StockPlan(n_releases=40)
PLANNED = expected_night(1, PLAN)
COMMAND = str(Path(sys.executable).with_name("cratewatch"))


def declare(home: Path, shop_url: str, catalog_url: str, lake: LakeLocation) -> None:
    home.mkdir()
    (home / "cratewatch.toml").write_text(
        f'catalog_url = "{catalog_url}"\nlake_path = "{lake.path}"\n'
        f's3_endpoint = "{lake.endpoint}"\ns3_region = "{lake.region}"\n'
        f's3_access_key = "{lake.access_key.get_secret_value()}"\n'
        f's3_secret_key = "{lake.secret_key.get_secret_value()}"\n'
        f'[sources.shop]\nspider = "storefront"\nurl = "{shop_url}"\n'
        "rate_per_s = 40\nretries = 2\n"
    )


@pytest.mark.slow
def test_a_night_that_loses_its_database_ends_with_a_line_and_the_next_completes_it(
    tmp_path: Path, postgres: Any, s3_location: LakeLocation, over_a_wire: Any
) -> None:
    home, database = tmp_path / "home", postgres.create_database()
    draw_stock(tmp_path / "shop", stock_of_night(1, PLAN))
    catalog_url, wire = over_a_wire(database)
    command = [COMMAND, "refresh", "shop", "--json", "--home", str(home)]
    with (
        DemoShop(tmp_path / "shop", plan=PLAN, slow_answer_s=0.1) as shop,
        closing(open_catalog(database)) as catalog,
    ):
        declare(home, shop.url, catalog_url, s3_location)
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as night:
            while catalog.items.states().get("cover", {}).get("stored", 0) < 5:
                assert night.poll() is None, night.communicate()[1]
                time.sleep(0.02)
            wire.cut()
            _, err = night.communicate()
        wire.mend()
        assert night.returncode == 1
        assert "Traceback" not in err
        assert (
            err.strip().splitlines()[-1].startswith("cratewatch: catalog postgresql://watch:***@")
        )
        assert "crate@" not in err  # the password
        again = subprocess.run(command, capture_output=True, text=True, check=False)
        assert again.returncode == 0, again.stderr
        report = json.loads(again.stdout)
        assert (report["diff"]["new"], report["failed"]) == (PLANNED.new, PLANNED.failed)
        covers = {cover.cover_id for cover in catalog.covers.all()}
        assert [run["state"] for run in catalog.runs.latest()] == ["done"]
    assert len(covers) == PLANNED.new_covers
    assert {Path(key).stem for key in open_lake(s3_location).keys("covers")} == covers
