"""The demo's home: emptied for each run, and never a folder that something else made."""

from __future__ import annotations

import shutil
from pathlib import Path

from cratewatch.errors import CratewatchError

MARKER = ".cratewatch-demo"


def empty_home(home: Path) -> None:
    """Leave home there and empty.

    Raises:
        CratewatchError: if it holds something that no demo made.
    """
    if home.exists() and any(home.iterdir()):
        if not (home / MARKER).exists():
            raise CratewatchError(
                f"demo: {home} is not empty and no demo made it; choose another --home"
            )
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    (home / MARKER).touch()
