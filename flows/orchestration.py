"""Sets Prefect up before it is imported: where its state lives, and that it stays quiet.

Import this module first; it reads no settings of its own and does nothing when imported.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from cratewatch.catalog.locking import hold_lock
from cratewatch.errors import BusyError, CratewatchError
from cratewatch.folders import private_folder


def configure_prefect(home: Path) -> None:
    """Keep Prefect's state below home; what the environment already says wins."""
    defaults = {
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
        "PREFECT_INTERNAL_LOGGING_LEVEL": "CRITICAL",
        "PREFECT_SERVER_LOGGING_LEVEL": "ERROR",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "DO_NOT_TRACK": "1",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    logging.getLogger("EventsWorker").setLevel(logging.CRITICAL)  # Prefect's, outside its levels
    private_folder(home / "prefect")


@contextlib.contextmanager
def one_schedule(home: Path) -> Iterator[None]:
    """Keep a second schedule away from the database of the first one's Prefect server.

    Several schedules of one home may share a server that PREFECT_API_URL names.

    Raises:
        CratewatchError: if another process serves a schedule of this home.
    """
    with contextlib.ExitStack() as stack:
        if not os.environ.get("PREFECT_API_URL"):
            try:
                stack.enter_context(hold_lock(home / "schedule.lock"))
            except BusyError as error:
                raise CratewatchError(
                    f"{home}: another schedule of this home is served already; end it, or start a "
                    "Prefect server for both and set PREFECT_API_URL"
                ) from error
        yield
