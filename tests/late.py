"""Modules that take seconds to import, for tests that only some processes of a run get to.

Each process of pytest-xdist imports the files of all tests before the first one runs.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Late:
    """A module that is imported when one of its names is first asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # pytest asks everything in a file of tests whether it is one
            raise AttributeError(name)
        return getattr(import_module(self._name), name)
