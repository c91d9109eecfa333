"""The demo's HTML report: figures, and queries beside their best five matches."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.evaluation.serving import Answer
from cratewatch.lake.lake import Lake
from cratewatch.lake.opening import open_lake
from cratewatch.reports.html import caption, cover_url, picture_url, render
from cratewatch.settings import Settings

SHOWN_RIGHT = 24
SHOWN_MISSES = 24


@dataclass
class DemoResult:
    """What the demo found, as report.json holds it."""

    n_releases: int = 0
    night1: dict[str, Any] = field(default_factory=dict)
    night2: dict[str, Any] = field(default_factory=dict)
    n_queries: int = 0
    n_covers: int = 0
    recall_at_1: float = 0.0
    recall_at_1_interval: tuple[float, float] = (0.0, 0.0)
    recall_at_5: float = 0.0
    recall_at_5_interval: tuple[float, float] = (0.0, 0.0)
    chance_at_1: float = 0.0
    model: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


def write_report(
    path: Path, settings: Settings, result: DemoResult, answers: Sequence[Answer]
) -> None:
    """Write one self-contained page: result as tables, right answers and misses as pictures."""
    right = [item for item in answers if item.right]
    misses = [item for item in answers if not item.right]
    catalog = open_catalog(settings.catalog_url)
    lake = open_lake(settings.lake)
    try:
        page = render(
            "cratewatch.demo",
            "report.html.jinja",
            result=asdict(result),
            n_misses=len(misses),
            misses=[_row(item, lake, catalog) for item in _spread(misses, SHOWN_MISSES)],
            right=[_row(item, lake, catalog) for item in _spread(right, SHOWN_RIGHT)],
        )
    finally:
        catalog.close()
    path.write_text(page, encoding="utf-8")


def _spread(answers: Sequence[Answer], count: int) -> list[Answer]:
    """Return up to count answers, evenly over the severities."""
    ordered = sorted(answers, key=lambda item: float(item.sample.label["severity"]))
    step = max(1, len(ordered) / count)
    return [ordered[int(i * step)] for i in range(min(count, len(ordered)))]


def _row(answer: Answer, lake: Lake, catalog: Catalog) -> dict[str, Any]:
    releases = catalog.releases_of([answer.artwork_id, *(hit.artwork_id for hit in answer.hits)])
    true_id = answer.sample.label["cover_id"]
    return {
        "query": picture_url(Image.open(io.BytesIO(answer.sample.jpeg))),
        "severity": answer.sample.label["severity"],
        "occluded": answer.sample.label["occluded_fraction"],
        "truth": {
            "picture": cover_url(lake, true_id),
            **caption(releases[answer.artwork_id]),
        },
        "right": answer.right,
        "matches": [
            {
                "picture": cover_url(lake, hit.cover_id),
                "score": hit.score,
                "right": hit.artwork_id == answer.artwork_id,
                **caption(releases[hit.artwork_id]),
            }
            for hit in answer.hits
        ],
    }
