"""A night whose Milvus server is killed during the load, and the next that completes it."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from cratewatch.catalog.catalog import open_catalog
from cratewatch.demo.covers import draw_stock
from cratewatch.demo.site import DemoShop
from cratewatch.demo.stock import StockPlan, expected_night, stock_of_night
from cratewatch.gallery.gallery import open_gallery
from cratewatch.settings import load_settings
from tests.made_collections import make_collection
from tests.milvus_server import MilvusProcess

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect")]
PLAN = StockPlan(n_releases=40)
COMMAND = str(Path(sys.executable).with_name("cratewatch"))


def test_a_night_goes_on_with_a_gallery_that_was_killed_during_its_load(
    home: Path, tiny_model: str, own_milvus: MilvusProcess
) -> None:
    draw_stock(home / "shop", stock_of_night(1, PLAN))
    with open_gallery(own_milvus.uri) as gallery:
        make_collection(gallery, tiny_model, 128)
        gallery.alias.point_to(tiny_model)
    with DemoShop(home / "shop", plan=PLAN) as shop:
        (home / "cratewatch.toml").write_text(
            f'gallery_uri = "{own_milvus.uri}"\n'
            f'[sources.shop]\nspider = "storefront"\nurl = "{shop.url}"\n'
            "rate_per_s = 100\nretries = 2\n"
        )
        command = [COMMAND, "refresh", "shop", "--json", "--home", str(home)]
        with (
            closing(open_catalog(load_settings(home=home).catalog_url)) as catalog,
            subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as night,
        ):
            while not catalog.embeddings.shards(tiny_model, unindexed=True):
                assert night.poll() is None, night.communicate()[1]
                time.sleep(0.005)
            own_milvus.kill()
            own_milvus.start()
            _, said = night.communicate()
        assert "Traceback" not in said
        if night.returncode:
            assert (
                said.strip().splitlines()[-1].startswith(f"cratewatch: gallery {own_milvus.uri}: ")
            )
            again = subprocess.run(command, capture_output=True, text=True, check=False)
            assert again.returncode == 0, again.stderr
    with closing(open_catalog(load_settings(home=home).catalog_url)) as catalog:
        covers = catalog.covers.all()
        assert len(covers) == expected_night(1, PLAN).new_covers
        assert not catalog.embeddings.shards(tiny_model, unindexed=True)
        assert catalog.embeddings.counts(tiny_model).indexed == len(covers)
    with open_gallery(own_milvus.uri) as gallery:
        assert gallery.alias.serving() == tiny_model
        assert gallery.rows.count(tiny_model) == len(covers)
