"""A set of drawn pictures in a folder: the pictures, and what they show in truth.json."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.whole_pictures.picture import Drawn, draw
from benchmarks.whole_pictures.stock import Stock
from cratewatch.errors import CratewatchError
from cratewatch.evaluation.finding.quads import Quad
from cratewatch.evaluation.finding.truth import TrueSleeve, Truth
from cratewatch.images.reading import Pixels, load, pixels

TRUTH = "truth.json"
OBLONG = "oblong_quads"
MOST_PX = 8192


@dataclass(frozen=True)
class SetPicture:
    """A picture of a set.

    Attributes:
        setting: How its sleeves lie: held, wall, table, stack; "" if there is none.
    """

    file: Path
    truth: Truth
    setting: str

    def pixels(self) -> Pixels:
        return pixels(load(self.file, side_px=MOST_PX))


@dataclass(frozen=True)
class Wanted:
    """Which pictures; those without sleeve come last."""

    seed: int
    pictures: int
    without: int


def read_or_draw(folder: Path, wanted: Wanted, stock: Callable[[], Stock]) -> list[SetPicture]:
    """Return the set of a folder; draw it if there is none.

    Raises:
        CratewatchError: if the folder holds another one, or one without oblong things.
    """
    file = folder / TRUTH
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        rows = list(_draw_all(folder, wanted, stock()))
        # Written last: a folder with it is whole.
        file.write_text(json.dumps(rows))
    rows = json.loads(file.read_text())
    there = Wanted(
        rows[0]["seed"] if rows else -1, len(rows), sum(not row["shows_sleeves"] for row in rows)
    )
    if there != wanted:
        raise CratewatchError(f"{folder}: holds {there}; ask for these, or give another folder")
    if any(OBLONG not in row for row in rows):
        raise CratewatchError(f"{folder}: {TRUTH} lacks {OBLONG}; draw it again in another folder")
    return [_read(folder, row) for row in rows]


def _draw_all(folder: Path, wanted: Wanted, stock: Stock) -> Iterator[dict[str, Any]]:
    for number in range(wanted.pictures):
        shows = number < wanted.pictures - wanted.without
        drawn = draw(stock, wanted.seed, number, with_sleeves=shows)
        name = f"{number:04d}.jpg"
        (folder / name).write_bytes(drawn.jpeg)
        facts = {"file": name, "seed": wanted.seed, "shows_sleeves": shows}
        yield facts | _as_json(drawn)


def _as_json(drawn: Drawn) -> dict[str, Any]:
    truth = drawn.truth
    return {
        "sleeves": [
            {
                "quad": _rounded(sleeve.quad),
                "cover": file,
                "artwork": sleeve.artwork,
                "size_px": round(sleeve.side_px, 1),
                "hidden": round(sleeve.hidden, 4),
            }
            for sleeve, file in zip(truth.sleeves, drawn.cover_files, strict=True)
        ],
        "ignored": [_rounded(quad) for quad in truth.unknown + truth.ignored],
        "unknown": [_rounded(quad) for quad in truth.unknown],
        "setting": drawn.setting or "",
        OBLONG: [_rounded(quad) for quad in truth.oblong],
    }


def _rounded(quad: Quad) -> list[list[float]]:
    return [[round(float(x), 2), round(float(y), 2)] for x, y in quad]


def _read(folder: Path, row: dict[str, Any]) -> SetPicture:
    quad = partial(np.array, dtype=np.float64)
    ignored = [corners for corners in row["ignored"] if corners not in row["unknown"]]
    truth = Truth(
        tuple(
            TrueSleeve(quad(one["quad"]), one["artwork"], one["hidden"]) for one in row["sleeves"]
        ),
        tuple(quad(corners) for corners in row["unknown"]),
        tuple(quad(corners) for corners in ignored),
        tuple(quad(corners) for corners in row[OBLONG]),
    )
    return SetPicture(folder / row["file"], truth, row["setting"])


def contact_sheet(pictures: list[SetPicture], columns: int = 3, side_px: int = 480) -> Image.Image:
    """Return pictures beside each other."""
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * side_px, rows * side_px * 3 // 4))
    for n, picture in enumerate(pictures):
        image = Image.fromarray(picture.pixels())
        image.thumbnail((side_px - 6, side_px * 3 // 4 - 6))
        sheet.paste(image, (n % columns * side_px, n // columns * side_px * 3 // 4))
    return sheet
