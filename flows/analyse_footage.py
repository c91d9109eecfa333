"""The nightly analysis of footage as a flow of Prefect."""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from cratewatch.settings import load_settings
from flows import analysing_footage
from flows.footage_process import analyse_in_process
from flows.footage_report import FootageNight


@flow(name="analyse-footage")
def analyse_footage(home: Path, folders: list[str], camera: str = "") -> FootageNight:
    """Analyse recordings as analysing_footage.analyse_footage() does, its steps tasks."""
    settings = load_settings(home=home)
    return analysing_footage.analyse_footage(settings, folders, camera, analyse_in_process)
