from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.monitoring.health import is_late, problems

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
BEFORE = datetime(2026, 11, 29, 3, tzinfo=UTC)
LAST_NIGHT = "2026-11-30T03:00:00+00:00"
WELL = {"state": "done", "last_success": LAST_NIGHT}
SERVES = {"serving": "m", "found_themselves": {"found": 64, "of": 64}}


def wrong(sources: dict[str, Any], gallery: dict[str, Any], covers: int = 100) -> list[str]:
    status = {"sources": sources, "gallery": gallery, "catalog": {"covers": covers}}
    return problems(status, 26.0, NOW)


def test_all_is_well() -> None:
    assert wrong({"shop": WELL}, SERVES) == []
    assert wrong({}, {"serving": None}, covers=0) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (WELL | {"state": "failed", "error": "shop: too slow"}, "shop: failed: too slow"),
        (WELL | {"state": "failed", "error": None}, "shop: failed: no reason was recorded"),
        (WELL | {"last_success": "2026-11-29T03:00:00+00:00"}, "shop: late: the last good run"),
        ({"state": "never ran", "last_success": None}, "shop: has never been refreshed"),
    ],
)
def test_a_source_that_is_not(source: dict[str, Any], said: str) -> None:
    (line,) = wrong({"a": WELL, "shop": source}, SERVES)
    assert line.startswith(said)


@pytest.mark.parametrize(
    ("state", "good", "began", "late"),
    [
        ("done", NOW, NOW, False),
        ("done", BEFORE, BEFORE, True),
        ("failed", BEFORE, NOW, False),  # which is told as a failure
        ("failed", BEFORE, BEFORE, True),
        ("running", BEFORE, NOW, True),
        ("running", None, NOW, True),
    ],
)
def test_a_source_is_late_if_no_run_since_has_ended(
    state: str, good: datetime | None, began: datetime, late: bool
) -> None:
    last_success = good and good.isoformat()
    source = {"state": state, "last_success": last_success, "started_at": began.isoformat()}
    assert is_late(source, NOW) is late


def test_a_gallery_that_is_not() -> None:
    assert wrong({}, {"error": "gallery: away"}) == ["gallery: away"]
    assert wrong({"shop": WELL | {"state": "running"}}, {"error": "another process has it"}) == []
    assert "none serves" in wrong({}, {"serving": None})[0]
    lost = SERVES | {"found_themselves": {"found": 60, "of": 64}}
    assert "4 of 64 covers do not find themselves" in wrong({}, lost)[0]


def test_the_command_says_why_and_fails(run: Any, empty_home: Path, catalog: Catalog) -> None:
    assert run("status", "--check", "--home", str(empty_home)).returncode == 0
    (empty_home / "cratewatch.toml").write_text(
        '[sources.shop]\nspider = "storefront"\nurl = "https://shop.example"\n'
    )
    run_id = catalog.runs.start("refresh-shop")
    catalog.runs.finish(run_id, "failed", {"error": "shop: 401 of 402 releases are gone\nmore"})
    said = run("status", "--check", "--home", str(empty_home))
    assert (said.returncode, said.stdout) == (1, "")
    assert "shop: failed: 401 of 402 releases are gone" in said.stderr
    assert "shop error" in run("status", "--home", str(empty_home)).stdout
