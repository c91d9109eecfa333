"""Sets Prefect up before it is imported: where its state lives, and that it stays quiet.

Import this module first; it reads no settings of its own and does nothing when imported.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path


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
    (home / "prefect").mkdir(parents=True, exist_ok=True)
