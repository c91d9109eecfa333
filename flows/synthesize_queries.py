"""Draws a run of query shards."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from cratewatch.datasets.run_report import CONTACT_SHEET, RunReport
from cratewatch.settings import Settings, load_settings
from flows.artifacts import show_table
from flows.progress import progress_bar
from flows.retrying import AFTER_AN_OUTAGE
from workers.query_runs import synthesize
from workers.run_request import RunRequest


@flow(name="synthesize-queries")
def synthesize_queries(home: Path, wanted: RunRequest) -> RunReport:
    """Draw queries of the covers of a split; see workers.query_runs.synthesize()."""
    report = draw(load_settings(home=home), wanted)
    sheet = {"contact sheet": f"{report.folder}/{CONTACT_SHEET}"}
    show_table("queries", "Queries", report.as_json() | sheet)
    return report


@task(cache_policy=NO_CACHE, tags=["gpu"], **AFTER_AN_OUTAGE)
def draw(settings: Settings, wanted: RunRequest) -> RunReport:
    """Draw all shards that are not done; a concurrency limit on the tag gpu bounds such tasks."""
    with progress_bar("synthesize") as advance:
        return synthesize(settings, wanted, advance)
