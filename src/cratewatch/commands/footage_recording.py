"""Keeps what a run of footage saw in the catalog of a home, where there is one."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cratewatch.commands.options import load_settings

if TYPE_CHECKING:
    from cratewatch.settings import Settings


def home_if_any(home: Path | None) -> Settings | None:
    """Return the settings of a home; None where none is named and none is there.

    Raises:
        NotFoundError: if one is named that is none.
    """
    if home is not None:
        return load_settings(home)
    settings = load_settings(None, makes_home=True)
    return settings if settings.has_home else None


def record(settings: Settings, folder: Path, camera: str, what: str) -> None:
    """Record a run's handlings, and that its files were written; say so in a line.

    Args:
        folder: Of the run.
        camera: Its name.
        what: What was looked at.
    """
    from cratewatch.catalog.catalog import open_catalog
    from cratewatch.footage.recording import Filmed, record_run
    from cratewatch.footage.run_folder import HANDLED, filmed_at, read_handlings, read_run
    from cratewatch.lake.opening import open_lake

    handled = (folder / HANDLED).is_file()
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        rows = len(read_handlings(folder)) if handled else 0
        catalog.audit.note("footage", str(folder.absolute()), what, rows)
        if not handled:
            return
        if filmed_at(read_run(folder)) is None:
            sys.stderr.write(f"{what}: not recorded: when was it filmed? give --started-at\n")
            return
        filmed = Filmed(camera, None, settings.crops_keep_days)
        recorded = record_run(folder, catalog, open_lake(settings.lake), filmed)
    sys.stderr.write(f"{what}: {recorded.handlings} handlings recorded in {settings.home}\n")
