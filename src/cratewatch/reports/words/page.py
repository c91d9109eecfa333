"""Writes results.html and results.json of a search by words, and the pictures beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cratewatch.errors import CratewatchError
from cratewatch.finding.quads import Rgb
from cratewatch.reports.html import render
from cratewatch.words.searching import Found, Moment

PAGE, JSON = "results.html", "results.json"
CROPS, FRAMES = "crops", "frames"
MARK = ".search-footage"
"""Tells a folder of results: what lies in its folders of pictures may be taken away."""


def crop_name(moment: Moment) -> str:
    """Return the file of a moment's person, within the folder of results."""
    return f"{CROPS}/{moment.rank:04d}.jpg"


def frame_name(moment: Moment) -> str:
    """Return the file of a moment's frame, within the folder of results."""
    return f"{FRAMES}/{moment.rank:04d}.jpg"


def require_own(folder: Path) -> None:
    """Require that no pictures lie where a search's go but a search's.

    Raises:
        CratewatchError: if others do.
    """
    if (folder / MARK).exists():
        return
    for name in (CROPS, FRAMES):
        if other := next((folder / name).glob("*"), None):
            raise CratewatchError(
                f"{other}: is not of a search, and would be lost; give --result_dir another folder"
            )


def begin_results(folder: Path) -> None:
    """Make the folder, and take away what an earlier search left in it.

    Raises:
        CratewatchError: see require_own().
    """
    require_own(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()
    for name in (CROPS, FRAMES):
        (folder / name).mkdir(exist_ok=True)
        for old in (folder / name).glob("*.jpg"):
            old.unlink()
    for name in (PAGE, JSON):
        (folder / name).unlink(missing_ok=True)


def write_picture(folder: Path, name: str, pixels: Rgb) -> None:
    """Write a picture of the results."""
    Image.fromarray(np.ascontiguousarray(pixels)).save(folder / name, quality=88)


def write_results(folder: Path, found: Found, videos: Mapping[int, str]) -> None:
    """Write results.json and results.html, the pictures being there.

    Args:
        videos: Address of the video that shows a moment, by its rank, relative to the folder.
    """
    told = [told_moment(moment) | _files(folder, moment) for moment in found.moments]
    text = json.dumps(told, indent=2, ensure_ascii=False)
    (folder / JSON).write_text(text + "\n", encoding="utf-8", errors="replace")
    page = render(
        "cratewatch.reports.words",
        "results.html.jinja",
        prompt=found.prompt,
        explained=str(found.explained),
        nothing=found.nothing,
        moments=[one | {"clock": _clock(one["t"])} for one in told],
        videos=dict(videos),
        first=next(iter(videos.values()), ""),
    )
    (folder / PAGE).write_text(page, encoding="utf-8", errors="replace")


def told_moment(moment: Moment) -> dict[str, Any]:
    """Return what results.json tells of a moment."""
    told = asdict(moment)
    for name in ("score", "similarity"):
        told[name] = round(told[name], 4)
    told["t"] = round(moment.t, 3)
    told["box"] = [round(side, 1) for side in moment.box]
    told["at"] = moment.at.isoformat() if moment.at else None
    del told["crop_key"]
    return told


def _files(folder: Path, moment: Moment) -> dict[str, str | None]:
    """Return the files of a moment's pictures, None of one that is not there."""
    names = {"crop": crop_name(moment), "picture": frame_name(moment)}
    return {what: name if (folder / name).is_file() else None for what, name in names.items()}


def _clock(seconds: float) -> str:
    """Return a time of a video as a player shows it."""
    whole = int(seconds)
    return f"{whole // 3600:d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
