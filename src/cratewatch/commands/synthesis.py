"""The command that draws queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from cratewatch.errors import CratewatchError, SettingsError
from cratewatch.folders import users_path

if TYPE_CHECKING:
    from cratewatch.datasets.splits import Split

app = typer.Typer()

GLIGEN = "masterful/gligen-1-4-inpainting-text-box"


@app.command(
    epilog="Example: cratewatch synthesize --samples 4000 --seed 1 --split train --home shop; "
    f"cratewatch synthesize --engine gligen --model {GLIGEN} --samples 1000000 --plan"
)
def synthesize(  # noqa: PLR0913, PLR0917  one parameter for each option
    samples: Annotated[int, whole(1, what="Queries to draw.")],
    seed: Annotated[int, whole(0, MOST_SEED, "Same seed, same bytes.")] = 0,
    workers: Annotated[
        int, whole(0, what="Shards at once, or painters; 0: all CPUs, or GPUs.")
    ] = 0,
    engine: Annotated[
        str, typer.Option(help="composite draws on the CPU; gligen and inpaint paint by diffusion.")
    ] = "composite",
    model: Annotated[
        str, typer.Option(help="Of gligen or inpaint: a folder in diffusers' format, or a hub id.")
    ] = "",
    steps: Annotated[int | None, whole(2, 1000, "Denoising steps.")] = None,
    guidance: Annotated[float | None, typer.Option(help="Scale of guidance; 1 for none.")] = None,
    beta: Annotated[
        float | None, typer.Option(help="Of gligen: share of the steps that heed the boxes.")
    ] = None,
    strength: Annotated[
        float | None, typer.Option(help="Of inpaint: how much below a mask is noised away.")
    ] = None,
    precision: Annotated[str | None, typer.Option(help="auto, fp32, fp16 or bf16.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
    batch: Annotated[
        int | None, whole(1, 1024, "Pictures in one loop. [default: what the GPU holds]")
    ] = None,
    compile_: Annotated[
        bool | None, typer.Option("--compile/--no-compile", help="Compile the network.")
    ] = None,
    attention_slicing: Annotated[bool | None, typer.Option(help="Less GPU memory, slower.")] = None,
    side_px: Annotated[int | None, whole(64, 4096, "Side of what is painted.")] = None,
    attempts: Annotated[
        int | None, whole(1, 1000, "At a sample that the quality gate rejects.")
    ] = None,
    scenes: Annotated[
        Path | None, typer.Option(help="File of scenes to paint, a JSON object a line.")
    ] = None,
    split: Annotated[str, typer.Option(help="Artworks to draw: train, test or all.")] = "all",
    confused: Annotated[
        str, typer.Option(help="Model, or CSV of pairs, whose covers are drawn more often.")
    ] = "",
    plan: Annotated[
        bool, typer.Option("--plan", help="Only say what it will take, from a few samples.")
    ] = False,
    out_: Annotated[
        Path | None, typer.Option("--out", help="Folder for the shards instead of the lake.")
    ] = None,
    preview: Annotated[
        Path | None, typer.Option(help="Also write a contact sheet to this image file.")
    ] = None,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Draw degraded queries of the catalog's covers as webdataset shards."""
    if preview and preview.suffix.lower() not in (".jpg", ".png"):
        raise CratewatchError(f"--preview: {preview} ends neither in .jpg nor in .png")
    brush = _brush(
        engine,
        model,
        given(
            steps=steps,
            guidance=guidance,
            beta=beta,
            strength=strength,
            precision=precision,
            device=device,
            batch=batch,
            compile=compile_,
            attention_slicing=attention_slicing,
        ),
        given(side_px=side_px, attempts=attempts),
    )
    if scenes and brush is None:
        raise CratewatchError("--scenes: the composite engine draws its own; add --engine gligen")
    from cratewatch.datasets.run_report import write_preview
    from flows.progress import progress_bar
    from workers.query_runs import foretell
    from workers.query_runs import synthesize as draw
    from workers.run_request import RunRequest

    settings = load_settings(home)
    wanted = RunRequest(
        samples=samples,
        seed=seed,
        split=_split(split),
        workers=workers,
        out=out_.absolute() if out_ else None,
        confused=confused,
        brush=brush,
        scenes=scenes.absolute() if scenes else None,
    )
    if plan:
        show(asdict(foretell(settings, wanted)), json_)
        return
    with progress_bar("synthesize") as advance:
        report = draw(settings, wanted, advance)
    if preview:
        write_preview(settings.lake, report.folder, preview)
    show(report.as_json(), json_)


def _split(name: str) -> Split:
    from cratewatch.datasets.splits import SPLITS

    for split in SPLITS:
        if split == name:
            return split
    raise CratewatchError(f"--split: {name!r} is none of {', '.join(SPLITS)}")


def _brush(engine: str, model: str, config: Mapping[str, Any], paint: Mapping[str, Any]) -> Any:
    """Return the Brush, or None for the composite engine, which takes none of its settings."""
    from cratewatch.synthesis.diffusion.engines import ENGINES
    from cratewatch.synthesis.query import ENGINE

    options = [*(["model"] if model else []), *config, *paint]
    if engine == ENGINE:
        if options:
            name = options[0].replace("_", "-")
            raise CratewatchError(f"--{name}: the composite engine has none; add --engine gligen")
        return None
    if engine not in ENGINES:
        raise CratewatchError(
            f"--engine: {engine!r} is unknown; there are {', '.join((ENGINE, *ENGINES))}"
        )
    if not model:
        raise CratewatchError(
            f"--engine {engine}: which model? Add --model, a folder or a hub id such as {GLIGEN}"
        )
    from cratewatch.synthesis.painted_query import PaintConfig
    from workers.brush import Brush

    try:
        return Brush(engine, _absolute(model), _engine_config(engine, config), PaintConfig(**paint))
    except SettingsError as error:
        raise mistake_in_option(error) from error


def _engine_config(engine: str, chosen: Mapping[str, Any]) -> Any:
    """Return an engine's configuration; refuse what only another engine has."""
    from cratewatch.synthesis.diffusion.config import GligenConfig, InpaintConfig

    kinds: dict[str, type[GligenConfig | InpaintConfig]] = {
        "gligen": GligenConfig,
        "inpaint": InpaintConfig,
    }
    for name in chosen:
        has = [kind for kind, config in kinds.items() if hasattr(config, name)]
        if engine not in has:
            raise CratewatchError(
                f"--{name.replace('_', '-')}: {engine} has none; leave it out, or add "
                f"--engine {has[0]}"
            )
    return kinds[engine](**chosen)


def _absolute(model: str) -> str:
    """Name a folder so that painters, which may run in other folders, find it."""
    path = users_path(model)
    return str(path.absolute()) if path.exists() else model
