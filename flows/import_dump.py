"""The import of dumps as a flow of Prefect."""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from cratewatch.settings import load_settings
from flows.dump_import import import_dumps
from flows.source_report import SourceReport


@flow(name="import-dump")
def import_dump(home: Path, source: str, files: list[Path], *, covers: bool = True) -> SourceReport:
    """Import dumps as dump_import.import_dumps() does, each of its steps a task."""
    return import_dumps(load_settings(home=home), source, files, covers=covers)
