"""Steps outside of Prefect: plain calls, patient after an outage. Inside, test_retries.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cratewatch.errors import CratewatchError, UnavailableError
from flows import steps
from flows.steps import in_a_flow, step
from scrapers.launch import CrawlDiedError


class Work:
    """Fails with one error after the other, then returns its argument."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    def __call__(self, value: int) -> int:
        if self.errors:
            raise self.errors.pop(0)
        return value


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "WAITS_S", (0.0, 0.0))


def test_after_an_outage_a_step_is_tried_again() -> None:
    work = Work(UnavailableError("away"), CrawlDiedError("killed"))
    assert not in_a_flow()
    assert step(again=True)(work)(7) == 7


@pytest.mark.parametrize(
    ("again", "errors"),
    [
        (True, [UnavailableError("away")] * 3),
        (True, [CratewatchError("wrong")]),
        (False, [UnavailableError("away")]),
    ],
)
def test_but_not_for_ever_nor_after_what_will_not_pass(
    again: bool, errors: list[Exception]
) -> None:
    with pytest.raises(type(errors[0])):
        step(again=again)(Work(*errors))(7)


def test_a_refresh_by_hand_needs_no_prefect(tmp_path: Path) -> None:
    (tmp_path / "prefect.py").write_text("raise ImportError('Prefect was imported')\n")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "cratewatch.toml").write_text(
        '[sources.shop]\nspider = "storefront"\nurl = "http://127.0.0.1:9"\nretries = 0\n'
    )
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from cratewatch.commands.app import app_for
from cratewatch.commands.boundary import run_command
arguments = ["refresh", "shop", "--home", {str(tmp_path / "home")!r}]
sys.exit(run_command(app_for(arguments), arguments))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={name: value for name, value in os.environ.items() if "PREFECT" not in name},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "cratewatch: shop: not every listing page could be read" in ran.stderr
    assert not (tmp_path / "home" / "prefect").exists()
