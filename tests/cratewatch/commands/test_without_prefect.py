"""What a user runs by hand starts no Prefect, nor imports it, here or in Ray's workers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cratewatch.catalog.records import Cover

TRAINING = (
    "--steps 1 --artworks 4 --images-each 2 --sketched 1 --image-px 32 --stages 2 --drawers 0"
)


@pytest.fixture
def no_prefect(tmp_path: Path) -> dict[str, str]:
    """An environment in which importing Prefect fails."""
    (tmp_path / "prefect.py").write_text("raise ImportError('Prefect was imported')\n")
    return {"PYTHONPATH": str(tmp_path)}


@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("synthesize --samples 2", "samples"),
        ("synthesize --samples 2 --plan", "shards"),
        (f"train {TRAINING}", "artworks"),
        ("index", "rows"),
    ],
)
def test_no_command_of_one_stage_needs_prefect(
    run: Any,
    home: Path,
    imported: list[Cover],
    tiny_model: str,
    no_prefect: dict[str, str],
    command: str,
    key: str,
) -> None:
    answer = run(*command.split(), "--json", "--home", str(home), **no_prefect)
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)[key] > 0
    assert "raylet" not in answer.stderr
    assert not (home / "prefect").exists()
