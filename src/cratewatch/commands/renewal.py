"""The command that renews the serving model."""

from __future__ import annotations

from typing import Annotated

import typer

from cratewatch.commands.options import AsJson, Home, given, load_settings, whole
from cratewatch.commands.output import show
from cratewatch.commands.prefect import prefect

app = typer.Typer()


@app.command(epilog="Example: cratewatch renew --home shop; cratewatch renew --steps 400 --gpu")
def renew(  # noqa: PLR0913, PLR0917  one parameter for each option
    steps: Annotated[int | None, whole(1, what="Optimiser steps.")] = None,
    learning_rate: Annotated[float | None, typer.Option(min=0, help="At its peak.")] = None,
    samples: Annotated[int | None, whole(1, what="Queries to train on.")] = None,
    test_samples: Annotated[
        int | None, whole(1, what="Queries to measure on; one of each artwork at most.")
    ] = None,
    workers: Annotated[
        int, whole(0, what="Data-parallel; 0: one on each GPU, or a single one.")
    ] = 0,
    gpu: Annotated[
        bool | None, typer.Option("--gpu/--no-gpu", help="[default: where there are any]")
    ] = None,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Fine-tune the serving model; the new one serves if it is better by more than noise."""
    settings = load_settings(home)
    with prefect(settings) as await_ready:
        from cratewatch.training.fine_tuning import FineTuning
        from flows.renew_model import renew_model
        from workers.renewal_report import Renewal

        tuning = FineTuning(**given(steps=steps, learning_rate=learning_rate))
        drawn = given(train_samples=samples, test_samples=test_samples)
        await_ready()
        report = renew_model(
            settings.home, Renewal(tuning=tuning, workers=workers, gpu=gpu, **drawn)
        )
    show(report.as_json(), json_)
