"""The command that trains a model of words."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cratewatch.commands.options import (
    MOST_SEED,
    AsJson,
    Home,
    given,
    load_settings,
    mistake_in_option,
    whole,
)
from cratewatch.commands.output import show
from cratewatch.folders import users_path

app = typer.Typer()


@app.command(
    epilog="Example: cratewatch train-words persons/ --trunk mobilenet_v1.npz --steps 600; "
    "cratewatch train-words persons/ --blip-weights blip-itm-base-coco --learning-rate 1e-5 --gpu"
)
def train_words(  # noqa: PLR0913, PLR0917  one parameter for each option
    folder: Annotated[Path, typer.Argument(help="Data set of persons, see docs/words.md.")],
    blip_weights: Annotated[
        str | None,
        typer.Option(
            "--blip-weights",
            "--blip_weights",
            help="Folder of BLIP for retrieval. [default: our own small network]",
        ),
    ] = None,
    captioner: Annotated[
        str | None, typer.Option(help="Folder of BLIP for captions, to learn to speak as well.")
    ] = None,
    trunk: Annotated[
        str | None, typer.Option(help="MobileNetV1's weights that our own network starts from.")
    ] = None,
    least_squares: Annotated[
        bool,
        typer.Option(
            "--least-squares",
            help="Fit attributes to what ships for re-identification, in minutes; no steps.",
        ),
    ] = False,
    height_px: Annotated[int | None, whole(32, 1024, "Of what our own network sees.")] = None,
    frozen: Annotated[int | None, whole(0, 14, "Blocks of its trunk that do not learn.")] = None,
    languages: Annotated[
        str | None, typer.Option(help="Of captions made of attributes: en, ko, or en,ko.")
    ] = None,
    batch: Annotated[int | None, whole(2, 100_000, "Pairs, of all workers together.")] = None,
    memory: Annotated[
        int | None, whole(0, 1_000_000, "Pairs of earlier batches kept as negatives.")
    ] = None,
    steps: Annotated[int | None, whole(1, what="Optimiser steps.")] = None,
    round_steps: Annotated[
        int | None, whole(1, what="Between validations and checkpoints.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(min=0, help="At its peak; about 1e-5 for BLIP.")
    ] = None,
    validation: Annotated[
        float | None, typer.Option(min=0, max=0.9, help="Share of persons to validate on.")
    ] = None,
    workers: Annotated[
        int, whole(0, what="Data-parallel; 0: one on each GPU, or a single one.")
    ] = 0,
    gpu: Annotated[
        bool | None, typer.Option("--gpu/--no-gpu", help="[default: where there are any]")
    ] = None,
    seed: Annotated[int, whole(0, MOST_SEED)] = 0,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Train a model that finds persons by words; one that was interrupted goes on."""
    settings = load_settings(home)
    config = _config(
        given(height_px=height_px),
        given(
            blip=_absolute(blip_weights),
            captioner=_absolute(captioner),
            trunk=_absolute(trunk),
            least_squares=least_squares or None,
            frozen=frozen,
            languages=tuple(languages.split(",")) if languages else None,
            batch=batch,
            memory=memory,
            steps=steps,
            round_steps=round_steps,
            learning_rate=learning_rate,
            validation=validation,
            seed=seed,
        ),
    )
    from flows.progress import progress_bar
    from workers.words_training import WordsRequest
    from workers.words_training import train_words as train

    wanted = WordsRequest(users_path(str(folder)).absolute(), config, workers, gpu)
    with progress_bar("train by words") as advance:
        trained = train(settings, wanted, advance)
    show(asdict(trained), json_)


def _absolute(path: str | None) -> str | None:
    """Name a path so that workers, which may run in other folders, find it."""
    return str(users_path(path).absolute()) if path else None


def _config(net: dict[str, Any], rest: dict[str, Any]) -> Any:
    """Return the WordsConfig; what does not fit is told as a mistake in an option."""
    from cratewatch.words.train_config import PersonNetConfig, WordsConfig

    try:
        return WordsConfig(net=PersonNetConfig(**net), **rest)
    except ValueError as error:
        raise mistake_in_option(error) from error
