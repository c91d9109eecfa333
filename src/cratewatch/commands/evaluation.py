"""The commands that measure a model: evaluate, calibrate."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cratewatch.commands.options import (
    MOST_SEED,
    AsJson,
    Home,
    Rerank,
    given,
    load_settings,
    whole,
)
from cratewatch.commands.output import show
from cratewatch.commands.tables import compared_tables, evaluation_table
from cratewatch.errors import CratewatchError

if TYPE_CHECKING:
    from cratewatch.settings import Settings

app = typer.Typer()


@app.command(
    epilog="Example: cratewatch evaluate --report report --home shop; "
    "cratewatch evaluate --model OLD --model NEW"
)
def evaluate(  # noqa: PLR0913, PLR0917  one parameter for each option
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="Name or folder; give several to compare the first with each of the others. "
            "[default: the serving one, and the one trained last if that is newer]"
        ),
    ] = None,
    cells: Annotated[
        str,
        typer.Option(
            help="SEVERITY:SLEEVE_PX,... or grid for all. [default: 1:128,1:64,2:96; for a report "
            "grid]"
        ),
    ] = "",
    samples: Annotated[
        int | None, whole(1, 1_000_000, "Queries in each cell. [default: 500]")
    ] = None,
    hands: Annotated[
        Path | None, typer.Option(help="Folder of hands, cut out as PNG. [default: painted ones]")
    ] = None,
    seed: Annotated[int | None, whole(0, MOST_SEED)] = None,
    report: Annotated[Path | None, typer.Option(help="Folder for a page of HTML.")] = None,
    queries: Annotated[
        str, typer.Option(help="Ask the serving model with a run or folder of shards instead.")
    ] = "",
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Measure recall of models on artworks that the training of none of them saw."""
    settings = load_settings(home)
    asked = given(cells=cells or None, samples=samples, hands=hands, seed=seed)
    if queries and (model or report or asked):
        raise CratewatchError("--queries: a run is asked as it is; leave the other options out")
    if queries:
        from cratewatch.evaluation.serving import evaluate_serving

        evaluation = asdict(evaluate_serving(settings, queries)[0])
    else:
        evaluation = _evaluate_grid(settings, model or [], asked, report)
    tables = [evaluation_table(evaluation)] if queries else compared_tables(evaluation)
    show(evaluation, json_, tables)


@app.command(epilog="Example: cratewatch calibrate --false-accepts 0.02 --home shop")
def calibrate(
    queries: Annotated[
        str,
        typer.Option(help="Run or folder of shards. [default: the latest of test artworks or all]"),
    ] = "",
    false_accepts: Annotated[
        float | None,
        typer.Option(help="Share of unknown sleeves that may be taken for known, 0..1."),
    ] = None,
    rerank: Rerank = None,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Find the score from which identify may say that a sleeve is in the catalog."""
    from cratewatch.evaluation.calibration import calibrate_serving
    from cratewatch.retrieval.config import SearchConfig

    if false_accepts is not None and not 0 < false_accepts < 1:
        raise CratewatchError(f"--false-accepts: {false_accepts} is not above 0 and below 1")
    calibration = calibrate_serving(
        load_settings(home),
        SearchConfig(**given(rerank=rerank)),
        queries,
        **given(wanted_false_accepts=false_accepts),
    )
    show(asdict(calibration), json_)


def _evaluate_grid(
    settings: Settings, models: list[str], asked: dict[str, Any], report: Path | None
) -> dict[str, Any]:
    from cratewatch.evaluation.grid import GridConfig, evaluate_models
    from cratewatch.evaluation.protocol.cells import WHOLE_GRID, parse_cells
    from cratewatch.reports.grid.page import write_report
    from flows.progress import progress_bar

    if report:
        asked = {"cells": WHOLE_GRID, **asked}
    if "cells" in asked:
        asked = {**asked, "cells": parse_cells(asked["cells"])}
    with progress_bar("evaluate") as advance:
        evaluated = evaluate_models(settings, models, GridConfig(**asked), advance)
    for evaluation, misses in evaluated if report else ():
        assert report
        page = write_report(report, settings, evaluation, misses)
        sys.stderr.write(f"report: {page}\n")
    return asdict(evaluated[0].evaluation)
