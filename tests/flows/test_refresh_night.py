"""One night as Prefect runs it: done, skipped or failed, and what its log says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.records import Cover, Diff
from cratewatch.errors import CratewatchError
from cratewatch.gallery.gallery import open_gallery
from cratewatch.settings import Settings, load_settings
from flows.night_news import NightNews, late_sources, tell_late, watch_for_late
from flows.source_report import SourceReport
from flows.timetable import Nights
from tests.late import Late
from tests.listener import Listener, listening
from tests.made_collections import make_collection

if TYPE_CHECKING:
    from prefect import State

renew_model = Late("flows.renew_model")

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
    from flows.refreshing import index_changes

    (shop_home / "cratewatch.toml").write_text("gallery_keep_days = 0\n")
    settings, cover_id = load_settings(home=shop_home), "c" * 64
    cover = Cover(cover_id, cover_id, "shop", "u", 1, 1, "0" * 64, NOW)
    shop_catalog.covers.add(shop_catalog.runs.start("import"), cover, "u")
    shop_catalog.embeddings.mark_embedded("m", [cover_id], "a shard")
    shop_catalog.embeddings.mark_indexed("m", ["a shard"])
    with open_gallery(*settings.gallery) as gallery:
        for name in ("m", "m__2"):
            make_collection(gallery, name, 4)
            gallery.rows.upsert(name, [cover_id], [cover_id], np.eye(1, 4, dtype=np.float32))
            gallery.alias.point_to(name)
    report = index_changes(settings, shop_catalog)
    assert (report.collection, report.rows) == ("m__2", 1)
    with open_gallery(*settings.gallery) as gallery:
        assert gallery.collections.all() == ["m__2"]


def listen_to(home: Path, listener: Listener, more: str = "") -> None:
    address = f"127.0.0.1:{listener.port}"
    told = f'[notify]\nurls = ["json://{address}/"]\nping_url = "http://{address}/id"\n{more}'
    with (home / "cratewatch.toml").open("a") as file:
        file.write(told)


def test_a_bad_night_is_told_with_source_and_reason(
    shop_home: Path, shop_catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening() as listener:
        listen_to(shop_home, listener)
        assert run_night(shop_home, ["shop", "market"], NOW, monkeypatch).is_failed()
    (message,) = listener.messages
    assert message["title"].startswith("cratewatch: shop failed (connection")
    assert ", market failed (" in message["title"]
    (run_id,) = (run["run_id"] for run in shop_catalog.runs.latest(1, "refresh-shop"))
    assert f"cratewatch changes {run_id} lists" in message["message"]
    assert listener.pings == [("GET", "/id/start"), ("POST", "/id/fail")]


def test_a_night_with_nothing_to_do_is_a_good_one(
    shop_home: Path, shop_catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    succeed(shop_catalog, "shop")
    with listening() as listener:
        listen_to(shop_home, listener)
        run_night(shop_home, ["shop"], NOW - timedelta(hours=9), monkeypatch)
    assert (listener.messages, listener.pings) == ([], [("GET", "/id")])


def test_what_cannot_be_sent_is_a_line_in_the_log_and_fails_nothing(
    shop_home: Path,
    shop_catalog: Catalog,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with listening() as listener:
        listen_to(shop_home, listener)
    news = NightNews(load_settings(home=shop_home), ["shop"])
    news.fail(CratewatchError("shop: the disk is full; make room"))
    told = capfd.readouterr().err
    assert "notify: not sent to ping_url at 127.0.0.1: ConnectError" in told
    assert told.count("notify: not sent to ") == 2


def test_a_recovery_is_told_once(shop_home: Path, shop_catalog: Catalog) -> None:
    good = SourceReport("shop", "a-run", diff=Diff(1, 0, 0, 0))
    with listening() as listener:
        listen_to(shop_home, listener)
        for state in ("done", "failed", "done"):  # of the night before
            shop_catalog.runs.finish(shop_catalog.runs.start("refresh-shop"), state, {})
            news = NightNews(load_settings(home=shop_home), ["shop", "market"])
            news.begin()
            news.end([good])
    titles = [message["title"] for message in listener.messages]
    assert titles == ["cratewatch: shop recovered"]
    assert listener.pings == [("GET", "/id/start"), ("GET", "/id")] * 3


def test_only_events_that_are_wanted_are_told(shop_home: Path, shop_catalog: Catalog) -> None:
    refused = SourceReport("shop", "a-run", "no", "would withdraw 61 %", would=Diff(0, 0, 0, 9))
    failed = SourceReport("market", "a-run", "no", "deadline")
    with listening() as listener:
        listen_to(shop_home, listener, 'events = ["refused", "late"]\n')
        NightNews(load_settings(home=shop_home), ["shop"]).end([refused, failed])
    titles = [message["title"] for message in listener.messages]
    assert titles == ["cratewatch: shop refused (would withdraw 61 %)"]


def test_a_source_is_late_if_no_run_since_the_night_has_ended(
    shop_home: Path, shop_catalog: Catalog
) -> None:
    settings, now = load_settings(home=shop_home), datetime.now(UTC)
    assert late_sources(settings, ["shop"], now) == ["shop"]
    shop_catalog.runs.finish(shop_catalog.runs.start("refresh-shop"), "failed", {})
    assert late_sources(settings, ["shop"], now) == []  # that was told already
    assert late_sources(settings, ["shop"], datetime.now(UTC)) == ["shop"]
    shop_catalog.runs.start("refresh-shop")
    assert late_sources(settings, ["shop"], now) == ["shop"]


def test_a_late_night_is_told(
    shop_home: Path, shop_catalog: Catalog, capfd: pytest.CaptureFixture[str]
) -> None:
    async def watch(settings: Settings) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3):
                await watch_for_late(settings, ["shop"], EverySecond("* * * * *", "UTC"))

    with listening() as listener:
        listen_to(shop_home, listener, "late_after_h = 0.0001\n")
        asyncio.run(watch(load_settings(home=shop_home)))
    assert listener.messages[0]["title"].startswith("cratewatch: shop late (the night of ")
    assert "shop: late, the night of " in capfd.readouterr().err


def test_whether_a_night_is_late_cannot_be_told_without_the_catalog(
    shop_home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRATEWATCH_CATALOG_URL", "postgresql://u:s3cret@127.0.0.1:1/away")
    tell_late(load_settings(home=shop_home), ["shop"], NOW)
    said = capfd.readouterr().err
    assert "whether a night is late cannot be told: catalog postgresql://" in said
    assert "s3cret" not in said


def test_a_renewal_that_failed_is_told(shop_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with listening() as listener:
        listen_to(shop_home, listener)
        error = CratewatchError("renewal: the new model is worse; nothing was changed")
        renew_model.say_that_it_failed(error, load_settings(home=shop_home))
        renew_model.say_that_it_failed(error, None)
    titles = [message["title"] for message in listener.messages]
    assert titles == ["cratewatch: renewal failed (the new model is worse)"]
    assert capfd.readouterr().err.count("renewal: failed, renewal: the new model is worse") == 2


class EverySecond(Nights):
    """Nights that come each second."""

    def after(self, moment: datetime) -> datetime:
        return moment + timedelta(seconds=1)
