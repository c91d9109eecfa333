"""Fixtures of the tests that run flows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.orchestration import configure_prefect
from tests.prefect_program import AUTH


@pytest.fixture(scope="session", autouse=True)
def _crawls_are_forked(crawls_are_forked: None) -> None:
    pass


@pytest.fixture(scope="session")
def prefect(
    server: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Have the Prefect server that all tests share."""
    with pytest.MonkeyPatch.context() as patch:
        before = set(os.environ)
        configure_prefect(tmp_path_factory.mktemp("prefect"))
        for name in set(os.environ) - before:
            patch.setenv(name, os.environ.pop(name))
        patch.setenv("PREFECT_API_URL", server("prefect"))
        patch.setenv("PREFECT_API_AUTH_STRING", AUTH)
        from prefect.context import refresh_global_settings_context

        from flows import retrying

        refresh_global_settings_context()  # another test may have imported Prefect before
        patch.setitem(retrying.AFTER_AN_OUTAGE, "retry_delay_seconds", [0.0, 0.0])  # is read once
        yield


class Processes:
    """What runs on this machine."""

    @staticmethod
    def below(pid: int) -> set[int]:
        """Return the ids of the processes below a process."""
        children: dict[int, list[int]] = {}
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(status.read_text().rpartition(") ")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):  # it has just ended
                continue
            children.setdefault(parent, []).append(int(status.parent.name))
        found, todo = set[int](), [pid]
        while todo:
            below = children.get(todo.pop(), [])
            found.update(below)
            todo += below
        return found

    @staticmethod
    def alive(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False


@pytest.fixture(scope="session")
def processes() -> type[Processes]:
    return Processes
