"""One night as Prefect runs it: done, skipped or failed, and what its log says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.records import Cover
from cratewatch.gallery.gallery import open_gallery
from cratewatch.settings import load_settings
from tests.made_collections import make_collection

if TYPE_CHECKING:
    from prefect import State

pytestmark = pytest.mark.usefixtures("prefect")
NOW = datetime.now(UTC)


@pytest.fixture
def shop_home(home: Path) -> Path:
    """A home with two sources, both of shops that have closed."""
    home.mkdir()
    source = '[sources.{}]\nspider = "storefront"\nurl = "http://127.0.0.1:1"\nretries = 0\n'
    (home / "cratewatch.toml").write_text(source.format("shop") + source.format("market"))
    return home


@pytest.fixture
def shop_catalog(shop_home: Path) -> Iterator[Catalog]:
    with closing(open_catalog(load_settings(home=shop_home).catalog_url)) as catalog:
        yield catalog


def run_night(
    home: Path, sources: list[str], night: datetime, patch: pytest.MonkeyPatch
) -> State[Any]:
    """Run the flow as if it had been scheduled for that night."""
    from prefect.runtime import flow_run

    from flows.refresh_night import refresh_night

    patch.setitem(flow_run.FIELDS, "scheduled_start_time", lambda: night)
    state: State[Any] = refresh_night(home, sources, return_state=True)
    return state


def succeed(catalog: Catalog, source: str) -> None:
    catalog.runs.finish(catalog.runs.start(f"refresh-{source}"), "done", {})


def test_a_late_night_that_was_made_up_is_skipped(
    shop_home: Path,
    shop_catalog: Catalog,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    succeed(shop_catalog, "shop")
    state = run_night(shop_home, ["shop"], NOW - timedelta(hours=9), monkeypatch)
    assert (state.is_completed(), state.name) == (True, "Skipped")
    assert "shop: skipped, refreshed since it was due" in capfd.readouterr().err
    assert len(shop_catalog.runs.latest()) == 1  # nothing was tried


def test_a_night_is_skipped_while_another_process_writes(
    shop_home: Path,
    shop_catalog: Catalog,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with shop_catalog.one_writer():
        state = run_night(shop_home, ["shop"], NOW, monkeypatch)
    assert (state.is_completed(), state.name) == (True, "Skipped")
    assert "another refresh, import or index is running" in capfd.readouterr().err
    assert shop_catalog.runs.latest() == []


def test_a_night_that_fails_says_why_in_state_report_and_log_and_asks_only_who_is_due(
    shop_home: Path,
    shop_catalog: Catalog,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    night = NOW - timedelta(hours=1)
    succeed(shop_catalog, "market")
    state = run_night(shop_home, ["shop", "market"], night, monkeypatch)
    assert state.is_failed()
    runs = {run["kind"]: run for run in shop_catalog.runs.latest()}
    assert runs["refresh-shop"]["state"] == "failed"
    assert runs["refresh-market"]["state"] == "done"
    assert len(shop_catalog.runs.latest()) == 2  # the market was not asked again
    why = runs["refresh-shop"]["report"]["error"]
    assert why.startswith("shop: not every listing page could be read")
    assert why in (state.message or "")
    assert f"failed, {why}" in capfd.readouterr().err
    # The next night goes on by itself.
    assert run_night(shop_home, ["shop"], NOW + timedelta(days=1), monkeypatch).is_failed()


def test_a_bug_shows_its_traceback_in_the_log(
    shop_home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("flows.refresh_night.last_successes", fail)
    assert run_night(shop_home, ["shop"], NOW, monkeypatch).is_failed()
    log = capfd.readouterr().err
    assert "Traceback" in log
    assert log.splitlines()[-1].endswith("shop: failed, of ours")


def test_a_night_drops_what_the_alias_left_long_ago(shop_home: Path, shop_catalog: Catalog) -> None:
    from flows.refresh_catalog import index_changes

    (shop_home / "cratewatch.toml").write_text("gallery_keep_days = 0\n")
    settings, cover_id = load_settings(home=shop_home), "c" * 64
    cover = Cover(cover_id, cover_id, "shop", "u", 1, 1, "0" * 64, NOW)
    shop_catalog.add_cover(shop_catalog.runs.start("import"), cover, "u")
    shop_catalog.embeddings.mark_embedded("m", [cover_id], "a shard")
    shop_catalog.embeddings.mark_indexed("m", ["a shard"])
    with open_gallery(*settings.gallery) as gallery:
        for name in ("m", "m__2"):
            make_collection(gallery, name, 4)
            gallery.rows.upsert(name, [cover_id], [cover_id], np.eye(1, 4, dtype=np.float32))
            gallery.alias.point_to(name)
    report = index_changes.fn(settings, shop_catalog)
    assert (report.collection, report.rows) == ("m__2", 1)
    with open_gallery(*settings.gallery) as gallery:
        assert gallery.collections.all() == ["m__2"]
