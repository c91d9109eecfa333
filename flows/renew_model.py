"""Renews the serving model: by hand, or at hours of its own."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from prefect import Flow, State, flow, runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import FlowRun

from cratewatch.errors import CratewatchError
from cratewatch.monitoring.notification import Event
from cratewatch.settings import Settings, load_settings
from flows.artifacts import show_table
from flows.log import log
from flows.night_news import tell
from flows.progress import progress_bar
from flows.retrying import AFTER_AN_OUTAGE
from flows.source_report import in_short
from workers import renewal as stage
from workers.renewal_report import Renewal, RenewalReport


def _say_that_it_crashed(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Prefect calls this where the run was started from, as the run itself is gone."""
    del flow, flow_run
    log(f"renewal: crashed, {state.message}")


@flow(name="renew-model", on_crashed=[_say_that_it_crashed])
def renew_model(home: Path, renewal: Renewal | None = None) -> RenewalReport:
    """Fine-tune the serving model and let the new one serve if it is better; see workers.renewal.

    A run of a deployment says in the log how it ends, as nobody sees what it returns.

    Raises:
        CratewatchError: if a step fails, or another renewal is running. What served before
            serves still.
    """
    settings = None
    try:
        settings = load_settings(home=home)
        report = renew(settings, renewal or Renewal())
    except Exception as error:
        if runtime.deployment.id:
            say_that_it_failed(error, settings)
        raise
    if runtime.deployment.id:
        log(str(report))
    show_table("renewal", "Renewal", {"result": str(report)} | report.as_json())
    return report


def say_that_it_failed(error: Exception, settings: Settings | None) -> None:
    """Say it in the log, and tell whom the settings name."""
    if not isinstance(error, (CratewatchError, OSError)):
        traceback.print_exception(error)  # a bug
    log(f"renewal: failed, {error}")
    if settings:  # without them there is nobody to tell
        tell(settings, [Event("renewal", "failed", in_short(error), str(error))])


@task(cache_policy=NO_CACHE, tags=["gpu"], **AFTER_AN_OUTAGE)
def renew(settings: Settings, renewal: Renewal) -> RenewalReport:
    """Go through all steps; one that is tried again goes on where it was."""
    return stage.renew(settings, renewal, progress_bar)
