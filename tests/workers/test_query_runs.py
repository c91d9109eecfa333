"""Runs that Ray has no part in."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cratewatch.catalog.records import Cover
from cratewatch.settings import load_settings
from workers.query_runs import synthesize
from workers.run_request import RunRequest


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".json"}


def test_a_run_of_one_shard_is_drawn_without_ray_and_pytorch(
    home: Path, imported: list[Cover], tmp_path: Path
) -> None:
    code = f"""
import json, sys
from pathlib import Path
from cratewatch.settings import load_settings
from workers.query_runs import synthesize
from workers.run_request import RunRequest
report = synthesize(load_settings(home=Path({str(home)!r})), RunRequest(6, seed=3))
print(json.dumps([report.samples, sorted({{"ray", "torch", "scipy"}} & sys.modules.keys())]))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == [6, []]


@pytest.mark.usefixtures("ray_cluster")
def test_it_has_the_bytes_that_ray_draws(home: Path, imported: list[Cover], tmp_path: Path) -> None:
    here, by_ray = tmp_path / "a" / "run", tmp_path / "b" / "run"
    settings = load_settings(home=home)
    synthesize(settings, RunRequest(6, seed=3, out=here))
    elsewhere = settings.model_copy(update={"ray_address": "auto"})  # the fixture's is taken
    synthesize(elsewhere, RunRequest(6, seed=3, out=by_ray))
    assert files(here) == files(by_ray)
