"""cratewatch identifies vinyl albums in CCTV footage.

`cratewatch.open(home)` is the way in for other programs; see docs/python.md.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cratewatch.api import open_home as open

    __version__: str

__all__ = ["__version__", "open"]

# gRPC's own handling of a fork aborts the child before its exec, or blocks the parent, while calls
# are under way: a Ray that cannot start beside an open Milvus. Nothing of ours calls gRPC in a
# forked child. gRPC reads this once, when it is first loaded.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")


def __getattr__(name: str) -> Any:
    """Load what was asked for: the commands import this package, and most of them need neither."""
    if name == "open":
        from cratewatch.api import open_home

        return open_home
    if name == "__version__":
        from importlib.metadata import version

        return version("cratewatch")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
