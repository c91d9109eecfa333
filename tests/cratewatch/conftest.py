"""Fixtures of the tests that run commands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cratewatch.catalog.records import Cover
from tests.command_line import Answer, run_here
from tests.command_line import run_process as in_a_process

if TYPE_CHECKING:
    from tests.templates import Template


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Return a function: a command's arguments to what it did, in this process."""
    return partial(run_here, monkeypatch)


@pytest.fixture(scope="session")
def run_process() -> Callable[..., Answer]:
    """Return a function: a command's arguments to what it did, in a process of its own."""
    return in_a_process


@pytest.fixture
def served(template: Template, home: Path, imported: list[Cover], tiny_model: str) -> list[Cover]:
    """The imported covers, indexed and served."""
    template.copy_index(home)
    return imported
