"""The nightly refresh as a flow of Prefect."""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from cratewatch.settings import load_settings
from flows.refreshing import refresh
from flows.source_report import SourceReport


@flow(name="refresh-catalog")
def refresh_catalog(
    home: Path, sources: list[str], *, only_failed: bool = False
) -> list[SourceReport]:
    """Refresh sources as refreshing.refresh() does, each of its steps a task."""
    return refresh(load_settings(home=home), sources, only_failed=only_failed)
