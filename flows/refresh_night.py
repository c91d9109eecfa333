"""One night of a schedule: the refresh, unless it has been done or another one is running."""

from __future__ import annotations

import contextlib
import traceback
from pathlib import Path
from typing import Any

from prefect import Flow, State, flow, runtime
from prefect.client.schemas.objects import FlowRun
from prefect.states import Completed

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.runs import prices_kind, refresh_kind
from cratewatch.errors import BusyError, CratewatchError
from cratewatch.settings import Settings, load_settings
from flows.log import log
from flows.night_news import NightNews
from flows.refresh_catalog import refresh_catalog
from flows.refreshing_prices import refresh_prices
from flows.timetable import LastSuccess, due


def _say_that_it_crashed(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Prefect calls this where the run was started from, as the run itself is gone."""
    del flow
    sources = flow_run.parameters["sources"]
    log(f"{_names(sources)}: crashed, {state.message}")
    with contextlib.suppress(CratewatchError):  # without settings there is nobody to tell
        settings = load_settings(home=Path(flow_run.parameters["home"]))
        NightNews(settings, sources).fail(CratewatchError(f"crashed: {state.message}"))


@flow(name="refresh-night", on_crashed=[_say_that_it_crashed])
def refresh_night(home: Path, sources: list[str], prices: list[str] | None = None) -> State[Any]:
    """Refresh the sources that no good run has refreshed since this night was due, then prices.

    Args:
        prices: Sources that are asked for prices, whatever became of the others.

    Returns:
        A completed state. It is named Skipped if nothing was left to do, or if another process
        was writing.

    Raises:
        CratewatchError: if the refresh fails. What was served before is served still.
    """
    try:
        return _refresh(home, sources)
    finally:
        if prices:
            _ask_for_prices(home, prices)


def _ask_for_prices(home: Path, sources: list[str]) -> None:
    """Ask sources for prices, and tell how that went."""
    settings = load_settings(home=home)
    news = NightNews(settings, sources, prices_kind)
    news.begin()
    try:
        reports = refresh_prices(settings, sources)
    except BusyError as error:
        _skipped(sources, str(error))
        return
    except CratewatchError as error:
        log(f"{_names(sources)}: failed, {error}")
        news.fail(error)
        raise
    for report in reports:
        log(str(report))
    news.end(reports)


def _refresh(home: Path, sources: list[str]) -> State[Any]:
    night = runtime.flow_run.scheduled_start_time
    log(f"{_names(sources)}: the night of {night:%Y-%m-%d %H:%M} UTC begins")
    news = None
    try:
        settings = load_settings(home=home)
        news = NightNews(settings, sources)
        waiting = due(sources, night, last_successes(settings, sources))
        if not waiting:
            news.nothing_to_do()
            return _skipped(sources, "refreshed since it was due")
        news.begin()
        reports = refresh_catalog.fn(settings.home, waiting)
    except BusyError as error:
        return _skipped(sources, str(error))
    except Exception as error:
        if not isinstance(error, (CratewatchError, OSError)):
            traceback.print_exc()  # a bug
        log(f"{_names(sources)}: failed, {error}")
        if news:
            news.fail(error)
        raise
    for report in reports:
        log(str(report))
    news.end(reports)
    return Completed(message="; ".join(map(str, reports)))


def last_successes(settings: Settings, sources: list[str]) -> LastSuccess:
    """Return a function that knows when the latest good run of each source began."""
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        return {source: catalog.runs.last_success(refresh_kind(source)) for source in sources}.get


def _skipped(sources: list[str], why: str) -> State[Any]:
    log(f"{_names(sources)}: skipped, {why}")
    return Completed(name="Skipped", message=why)


def _names(sources: list[str]) -> str:
    return ", ".join(sources)
