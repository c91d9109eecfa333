"""Writes the page. It holds pictures of covers, so that it is for its user's eyes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.records import ListedRelease
from cratewatch.evaluation.grid import PAINTED, GridEvaluation, Row
from cratewatch.evaluation.misses import Miss, Scored
from cratewatch.evaluation.protocol.cells import TABLE_CELLS, Cell
from cratewatch.lake.lake import Lake
from cratewatch.lake.opening import open_lake
from cratewatch.reports.grid import curves
from cratewatch.reports.html import caption, cover_url, picture_url, render
from cratewatch.settings import Settings

SHOWN = 4


def write_report(
    folder: Path, settings: Settings, evaluation: GridEvaluation, misses: Sequence[Miss]
) -> Path:
    """Write one self-contained page into the folder, named after the model, and return its path."""
    catalog = open_catalog(settings.catalog_url)
    releases = catalog.releases.of_artworks(sorted({a for miss in misses for a in _artworks(miss)}))
    catalog.close()
    lake = open_lake(settings.lake)
    everything = [row for row in evaluation.rows if row.protocol == "everything"]
    page = render(
        "cratewatch.reports.grid",
        "report.html.jinja",
        evaluation=evaluation,
        painted=evaluation.hands == PAINTED,
        n_queries=everything[0].n_queries,
        table=_table(evaluation.rows),
        charts=[
            *curves.draw_charts(everything, "recall_at_1"),
            *curves.draw_charts(everything, "recall_at_5"),
        ],
        size=curves,
        matrices=_matrices(evaluation.rows),
        misses=[_shown(miss, lake, releases) for miss in misses],
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{evaluation.model}.html"
    path.write_text(page, encoding="utf-8")
    return path


def _table(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of the cells that are asked by default, or all if none of them was."""
    usual = [row for row in rows if Cell(row.severity, row.sleeve_px) in TABLE_CELLS]
    return sorted(usual or rows, key=lambda row: (row.severity, -row.sleeve_px))


def _matrices(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return for each protocol its rows by severity, downwards, and size of the sleeve."""
    severities = sorted({row.severity for row in rows})
    sizes = sorted({row.sleeve_px for row in rows}, reverse=True)
    matrices = []
    for protocol in dict.fromkeys(row.protocol for row in rows):
        found = {(r.severity, r.sleeve_px): r for r in rows if r.protocol == protocol}
        lines = [(severity, [found.get((severity, px)) for px in sizes]) for severity in severities]
        matrices.append({"protocol": protocol, "sizes": sizes, "lines": lines})
    return matrices


def _artworks(miss: Miss) -> list[str]:
    return [scored.cover.artwork_id for scored in (miss.right, *miss.answers)]


def _shown(miss: Miss, lake: Lake, releases: dict[str, list[ListedRelease]]) -> dict[str, Any]:
    image = Image.open(io.BytesIO(miss.jpeg))
    return {
        "cell": miss.cell,
        "rank": miss.rank + 1,
        "query": picture_url(image),
        "right": _pictured(miss.right, lake, releases),
        "answers": [_pictured(scored, lake, releases) for scored in miss.answers[:SHOWN]],
    }


def _pictured(
    scored: Scored, lake: Lake, releases: dict[str, list[ListedRelease]]
) -> dict[str, Any]:
    return {
        "picture": cover_url(lake, scored.cover.cover_id),
        "score": scored.score,
        **caption(releases[scored.cover.artwork_id]),
    }
