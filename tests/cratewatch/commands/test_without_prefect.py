"""What a user runs by hand starts no Prefect, nor imports it, here or in Ray's workers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cratewatch.catalog.records import Cover

COMMANDS = {
    "synthesize --samples 2 --plan": "shards",
    "synthesize --samples 2": "samples",
    "train --steps 1 --artworks 4 --images-each 2 --sketched 1 --image-px 32 --stages 1"
    " --backbone mobilenet_v1 --drawers 0": "artworks",
    "index": "rows",
}

# One after the other in one process with one cluster, whose starts would take most of the time.
RUN_ALL = """
import json, sys
from pathlib import Path
from cratewatch.commands.app import app_for
from cratewatch.commands.boundary import run_command
from workers.cluster import ray_cluster

home, *commands = sys.argv[1:]
with ray_cluster("local", Path(home) / "ray"):
    for command in commands:
        arguments = [*command.split(), "--json", "--home", home]
        if code := run_command(app_for(arguments), arguments):
            sys.exit(code)
"""


QUICK = {command: key for command, key in COMMANDS.items() if not command.startswith("train")}


@pytest.fixture
def _no_prefect_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever other tests have imported, an import of Prefect fails now."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("flows", "prefect"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "prefect", None)


# Threads of the Prefect of earlier tests in this process end in the middle of it, and miss theirs.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.usefixtures("ray_cluster", "_no_prefect_here")
@pytest.mark.slow
def test_no_quick_command_of_one_stage_needs_prefect(
    run: Any, home: Path, imported: list[Cover], tiny_model: str
) -> None:
    for command, key in QUICK.items():
        answer = run(*command.split(), "--json", "--home", str(home))
        assert answer.returncode == 0, answer.stderr
        assert json.loads(answer.stdout)[key] > 0
    assert not (home / "prefect").exists()


@pytest.mark.slow
def test_no_command_of_one_stage_needs_prefect_nor_do_its_workers(
    home: Path, imported: list[Cover], tiny_model: str, tmp_path: Path
) -> None:
    (tmp_path / "prefect.py").write_text("raise ImportError('Prefect was imported')\n")
    ran = subprocess.run(
        [sys.executable, "-c", RUN_ALL, str(home), *COMMANDS],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    for line, key in zip(ran.stdout.splitlines(), COMMANDS.values(), strict=True):
        assert json.loads(line)[key] > 0
    assert "raylet" not in ran.stderr
    assert not (home / "prefect").exists()
