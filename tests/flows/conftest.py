"""Fixtures of the tests that run flows."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from flows.orchestration import configure_prefect


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep Prefect's state away from the user's own; import Prefect only after this."""
    with pytest.MonkeyPatch.context() as patch:
        before = set(os.environ)
        configure_prefect(tmp_path_factory.mktemp("prefect"))
        for name in set(os.environ) - before:
            patch.setenv(name, os.environ.pop(name))
        yield
