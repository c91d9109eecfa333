"""The demo's HTML report: figures, and queries beside their best five matches."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.demo.misses import Misses
from cratewatch.evaluation.serving import Answer, Evaluation
from cratewatch.lake.lake import Lake
from cratewatch.lake.opening import open_lake
from cratewatch.reports.html import caption, cover_url, picture_url, render
from cratewatch.settings import Settings

SHOWN_RIGHT = 24
SHOWN_MISSES = 24


@dataclass(frozen=True)
class Recall:
    """How well a model answered; intervals are Wilson's, 95 %."""

    model: str
    n_queries: int
    n_covers: int
    recall_at_1: float
    recall_at_1_interval: tuple[float, float]
    recall_at_5: float
    recall_at_5_interval: tuple[float, float]

    @classmethod
    def of(cls, evaluation: Evaluation) -> Recall:
        """Take from an evaluation what the page shows."""
        first, five = evaluation.recall_at_1, evaluation.recall_at_5
        return cls(
            model=evaluation.model,
            n_queries=evaluation.n_queries,
            n_covers=evaluation.n_gallery,
            recall_at_1=first.value,
            recall_at_1_interval=(first.low, first.high),
            recall_at_5=five.value,
            recall_at_5_interval=(five.low, five.high),
        )


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
    before: Recall | None = None
    after: Recall | None = None
    newcomers: dict[str, int] = field(default_factory=dict)
    misses: dict[str, int] = field(default_factory=dict)
    footage: dict[str, int] = field(default_factory=dict)

    def count(self, evaluation: Evaluation, answers: Sequence[Answer]) -> None:
        """Take over what the serving model found in the end, and why it missed."""
        for name, value in vars(Recall.of(evaluation)).items():
            setattr(self, name, value)
        self.chance_at_1 = evaluation.chance_at_1
        explain = Misses(answers).explain
        self.misses = dict(Counter(explain(item).kind for item in answers if not item.right))


def write_report(
    path: Path, settings: Settings, result: DemoResult, answers: Sequence[Answer]
) -> None:
    """Write one self-contained page: result as tables, right answers and misses as pictures."""
    right = [item for item in answers if item.right]
    misses = [item for item in answers if not item.right]
    explain = Misses(answers).explain
    lake = open_lake(settings.lake)
    with closing(open_catalog(settings.catalog_url)) as catalog:
        page = render(
            "cratewatch.demo",
            "report.html.jinja",
            result=asdict(result),
            n_misses=len(misses),
            right=[_row(item, lake, catalog) for item in _spread(right, SHOWN_RIGHT)],
            misses=[
                {**_row(item, lake, catalog), "why": explain(item).line}
                for item in _spread(misses, SHOWN_MISSES)
            ],
        )
    path.write_text(page, encoding="utf-8")


def _spread(answers: Sequence[Answer], count: int) -> list[Answer]:
    """Return up to count answers, evenly over the severities."""
    ordered = sorted(answers, key=lambda item: float(item.sample.label["severity"]))
    step = max(1, len(ordered) / count)
    return [ordered[int(i * step)] for i in range(min(count, len(ordered)))]


def _row(answer: Answer, lake: Lake, catalog: Catalog) -> dict[str, Any]:
    releases = catalog.releases.of_artworks(
        [answer.artwork_id, *(hit.artwork_id for hit in answer.hits)]
    )
    label = answer.sample.label
    return {
        "query": picture_url(Image.open(io.BytesIO(answer.sample.jpeg))),
        "severity": label["severity"],
        "occluded": label["occluded_fraction"],
        "side_px": min(label["size_px"]),
        "truth": {
            "picture": cover_url(lake, label["cover_id"]),
            **caption(releases[answer.artwork_id]),
        },
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
