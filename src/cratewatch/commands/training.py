"""The command that trains a model."""

from __future__ import annotations

from dataclasses import asdict
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
    epilog="Example: cratewatch train --backbone resnet18 --steps 400 --home shop; "
    "cratewatch train --backbone resnet50 --stages 4 --pooling gem --workers 4 --gpu"
)
def train(  # noqa: PLR0913, PLR0917  one parameter for each option
    queries: Annotated[
        str, typer.Option(help="Run or folder of shards. [default: the latest run]")
    ] = "",
    backbone: Annotated[
        str | None, typer.Option(help="resnet18, resnet34, resnet50, regnet_y_400mf, mobilenet_v1.")
    ] = None,
    stages: Annotated[int | None, whole(1, 4, "Of the backbone.")] = None,
    pooling: Annotated[str | None, typer.Option(help="map, gem or mean.")] = None,
    image_px: Annotated[int | None, whole(32, 2048, "Side that the model sees.")] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            help="To start from: a file, imagenet to download it, or a model, by name or folder."
        ),
    ] = None,
    loss: Annotated[
        str | None, typer.Option(help="soft_triplet, triplet, multi_similarity or infonce.")
    ] = None,
    mining: Annotated[
        str | None, typer.Option(help="Of --loss triplet: warmup, all, semihard or hard.")
    ] = None,
    margin: Annotated[float | None, typer.Option(help="Of the triplet losses, 0..2.")] = None,
    temperature: Annotated[
        float | None, typer.Option(help="Of --loss soft_triplet and infonce.")
    ] = None,
    memory: Annotated[
        int | None, whole(0, 1_000_000, "Embeddings kept of earlier batches.")
    ] = None,
    artworks: Annotated[int | None, whole(2, 100_000, "In a batch of all workers.")] = None,
    images_each: Annotated[int | None, whole(2, 1000, "Of each artwork.")] = None,
    sketched: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of queries drawn on the fly.")
    ] = None,
    pieces: Annotated[
        int | None, whole(1, what="Into which a worker cuts its batch, to save memory.")
    ] = None,
    steps: Annotated[int | None, whole(1, what="Optimiser steps.")] = None,
    round_steps: Annotated[
        int | None, whole(1, what="Between validations and checkpoints.")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(min=0, help="At its peak.")] = None,
    precision: Annotated[str | None, typer.Option(help="bf16 or fp32.")] = None,
    drawers: Annotated[
        int | None,
        whole(
            0, 1000, "Processes of a worker that draw batches. [default: 1, beside a GPU up to 8]"
        ),
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
    """Train an embedding model; an interrupted training goes on when it is asked for again."""
    settings = load_settings(home)
    config = _config(
        model=given(backbone=backbone, stages=stages, pooling=pooling, image_px=image_px),
        loss=given(name=loss, mining=mining, margin=margin, temperature=temperature, memory=memory),
        draw=given(artworks=artworks, images_each=images_each, sketched=sketched),
        rest=given(
            weights=_absolute(weights),
            pieces=pieces,
            steps=steps,
            round_steps=round_steps,
            learning_rate=learning_rate,
            precision=precision,
            drawers=drawers,
            seed=seed,
        ),
    )
    from flows.progress import progress_bar
    from workers.training import train as train_model
    from workers.training_job import TrainRequest

    with progress_bar("train") as advance:
        trained = train_model(settings, TrainRequest(config, queries, workers, gpu), advance)
    show(asdict(trained), json_)


def _absolute(weights: str | None) -> str | None:
    """Name a path so that workers, which may run in other folders, find it."""
    path = users_path(weights or "")
    return str(path.absolute()) if weights and path.exists() else weights


def _config(
    model: dict[str, Any], loss: dict[str, Any], draw: dict[str, Any], rest: dict[str, Any]
) -> Any:
    """Return the TrainConfig; what does not fit is told as a mistake in an option."""
    from cratewatch.embedding.config import ModelConfig
    from cratewatch.training.config import Draw, LossConfig, TrainConfig

    try:
        return TrainConfig(
            model=ModelConfig(**model), loss=LossConfig(**loss), draw=Draw(**draw), **rest
        )
    except ValueError as error:
        raise mistake_in_option(error) from error
