"""Folders as runs of footage leave them."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image

from cratewatch.footage.handlings import Handling

COLUMNS = (
    *("handling_id", "track_id", "started_s", "ended_s", "seconds", "cover_id", "artwork_id"),
    *("path_or_url", "artist", "title", "probability", "known", "frames", "best_frame"),
)


def handling(number: int, **values: Any) -> Handling:
    fields: dict[str, Any] = {
        "handling_id": number,
        "track_id": 1,
        "started_s": 10.0 * number,
        "ended_s": 10.0 * number + 4,
        "cover_id": None,
        "artwork_id": None,
        "probability": None,
        "known": False,
        "frames": 30,
        "best_frame": 5,
    }
    return Handling(**(fields | values))


def write_run(
    folder: Path,
    handlings: Sequence[Handling],
    *,
    sha256: str | None = None,
    started_at: str | None = None,
    begun_at: str | None = None,
    complete: bool = True,
    hides: bool = True,
) -> Path:
    """Write a run's folder with a picture of each handling, and run.json last."""
    (folder / "handled").mkdir(parents=True, exist_ok=True)
    with (folder / "handled.csv").open("w", newline="") as file:
        rows = csv.DictWriter(file, COLUMNS)
        rows.writeheader()
        for one in handlings:
            known = str(one.known).lower()
            told = {
                "seconds": one.seconds,
                "path_or_url": "",
                "artist": "",
                "title": 'Two\u2028lines, "quoted"',
            }
            rows.writerow({**asdict(one), **told, "known": known})
            Image.new("RGB", (8, 8)).save(folder / "handled" / f"{one.handling_id:05d}.jpg")
    run: dict[str, Any] = {
        "input": {"sha256": sha256, "begun_at": begun_at},
        "settings": {"started_at": started_at, "hides": hides},
        "report": {"complete": complete, "seconds": 60.0, "persons": 1},
    }
    (folder / "run.json").write_text(json.dumps(run))
    return folder
