"""The commands that turn a model into another form: ONNX for other programs, int8 for speed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cratewatch.commands.options import AsJson, Home, load_settings, whole
from cratewatch.commands.output import show
from cratewatch.errors import CratewatchError

app = typer.Typer()


@app.command("export-model", epilog="Example: cratewatch export-model --out model.onnx --home shop")
def export_model(
    out: Annotated[Path, typer.Option(help="File to write; ends in .onnx.", dir_okay=False)],
    model: Annotated[str, typer.Option(help="Name. [default: the one trained last]")] = "",
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Write a model as ONNX, for other programs: grey pictures in, embeddings out."""
    if out.suffix.lower() != ".onnx":
        raise CratewatchError(f"--out: {out} does not end in .onnx")
    if not out.absolute().parent.is_dir():
        raise CratewatchError(f"--out: there is no folder {out.absolute().parent}; make it first")
    from cratewatch.embedding.exporting import export_onnx
    from cratewatch.embedding.saved_models import default_model, find_model
    from cratewatch.lake.opening import open_lake

    lake = open_lake(load_settings(home).lake)
    name = model or default_model(lake)
    data = export_onnx(find_model(lake, name))
    out.write_bytes(data)
    show({"model": name, "file": str(out), "bytes": len(data)}, json_)


@app.command(epilog="Example: cratewatch quantize --pictures 300 --home shop")
def quantize(
    model: Annotated[str, typer.Option(help="Name. [default: the one trained last]")] = "",
    pictures: Annotated[int, whole(32, what="To calibrate on.")] = 300,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Add int8 weights to a model, calibrated on covers of the catalog, for precision = "int8"."""
    from cratewatch.training.quantising import quantise

    settings = load_settings(home)
    show(asdict(quantise(settings, model, pictures)), json_)
