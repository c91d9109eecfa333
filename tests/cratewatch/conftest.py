"""Fixtures of the tests that run commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover
from cratewatch.embedding.loading import load_model
from cratewatch.gallery.gallery import open_gallery
from cratewatch.images import load
from cratewatch.lake.lake import Lake


@pytest.fixture(scope="session")
def run() -> Any:
    """Return a function: a command's arguments to what it did, in a process of its own."""

    def run(
        *arguments: str, stdin: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from cratewatch.commands.app import main; main()", *arguments],
            input=stdin,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100", **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def served(
    home: Path, catalog: Catalog, lake: Lake, imported: list[Cover], tiny_model: str
) -> list[Cover]:
    """The imported covers, indexed and served."""
    embedder = load_model(lake, tiny_model)
    with open_gallery(str(home / "gallery.db")) as gallery:
        gallery.create(tiny_model, 128)
        gallery.upsert(
            tiny_model,
            [cover.cover_id for cover in imported],
            [cover.artwork_id for cover in imported],
            embedder.embed_covers([load(Path(cover.source_url)) for cover in imported]),
        )
        gallery.flush(tiny_model)
        gallery.point_alias(tiny_model)
    return imported
