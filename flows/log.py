"""The log of a schedule."""

from __future__ import annotations

import sys
from datetime import UTC, datetime


def log(line: str) -> None:
    """Write one line with the time to standard error, where the log of a schedule goes."""
    sys.stderr.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {' '.join(line.splitlines())}\n")
    sys.stderr.flush()
