"""Starts Prefect for the commands that run flows."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cratewatch.settings import Settings


def prefect(
    settings: Settings, database: str = "prefect.db"
) -> contextlib.AbstractContextManager[Callable[[], None]]:
    """Have Prefect for the flows; the block imports them, then waits by the function it gets."""
    from flows.orchestration import configure_prefect
    from flows.prefect_server import prefect_server
    from flows.pruning import prune_database

    configure_prefect(settings.home)
    prune_database(settings.home / "prefect" / database, settings.logs_keep_days)
    return prefect_server(settings.home, database)
