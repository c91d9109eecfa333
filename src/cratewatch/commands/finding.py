"""The command that finds sleeves in whole pictures, without naming them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cratewatch.commands.options import AsJson
from cratewatch.commands.output import show_found

if TYPE_CHECKING:
    from cratewatch.finding.cutting import SearchedPicture, Upright

app = typer.Typer()


@app.command(epilog="Example: cratewatch find table.jpg --crops crops --json")
def find(
    images: Annotated[
        list[str],
        typer.Argument(
            help="Images, folders or patterns; -: a picture, or paths, on standard input."
        ),
    ],
    crops: Annotated[
        Path | None, typer.Option(help="Folder for upright crops, as PNG.", file_okay=False)
    ] = None,
    json_: AsJson = False,
) -> None:
    """Find the sleeves in whole pictures, corner by corner; it needs no gallery."""
    from cratewatch.commands.pictures import pictures
    from cratewatch.errors import ImageError
    from cratewatch.finding.cutting import search_picture
    from cratewatch.finding.loading import load_finder

    finder = load_finder()
    failed = False
    for number, (name, read) in enumerate(pictures(images), start=1):
        try:
            searched = search_picture(read(), finder)
        except ImageError as error:
            failed = True
            show_found({"query": name, "error": f"{error.reason}: {error}"}, json_)
            continue
        files = _write_crops(searched, crops, f"{number:04d}-{Path(name).stem}") if crops else []
        show_found(_described(name, searched, files), json_)
    if failed:
        sys.exit(1)


def _described(name: str, searched: SearchedPicture, files: list[Path]) -> dict[str, Any]:
    described = [_sleeve(one, searched.factor) for one in searched.sleeves]
    for sleeve, file in zip(described, files, strict=False):
        sleeve["crop"] = str(file)
    return {"query": name, "sleeves": described}


def _sleeve(one: Upright, factor: float) -> dict[str, Any]:
    from cratewatch.finding.quads import side_of

    quad = one.sleeve.quad * factor
    return {
        "quad": [[round(float(x), 1), round(float(y), 1)] for x, y in quad],
        "score": one.sleeve.score,
        "upright_px": round(side_of(quad)),
    }


def _write_crops(searched: SearchedPicture, folder: Path, stem: str) -> list[Path]:
    """Write the upright sleeves of a picture, with their margins."""
    from cratewatch.errors import CratewatchError

    files = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, one in enumerate(searched.sleeves, start=1):
            files.append(folder / f"{stem}-{number:02d}.png")
            one.image.save(files[-1])
    except OSError as error:
        raise CratewatchError(
            f"--crops {folder}: cannot be written ({error.strerror}); give another folder"
        ) from error
    return files
