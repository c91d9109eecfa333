"""A recording that was analysed, with a video that plays."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.records import Cover
from cratewatch.footage.frames import Frame
from cratewatch.footage.recording import Filmed, record_run
from cratewatch.footage.video_writing import VideoWriter
from cratewatch.lake.folder import FolderLake
from tests.cratewatch.footage.run_folders import handling, write_run

RUN = "5e" * 32
TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)
SECONDS, FPS = 60, 5
EVENTS = (
    {"t": 2.0, "event": "track_started", "frame": 10, "track_id": 1},
    {"t": 30.0, "event": "track_started", "frame": 150, "track_id": 2},
    {"t": 40.0, "event": "track_ended", "frame": 200, "track_id": 1, "last_seen_s": 39.0},
)


def film(home: Path, cover: Cover, *, hides: bool = True, run: str = RUN) -> Path:
    """Have a home hold a minute in which a cover is held from 10 s on, and something from 20 s on.

    Each frame is as bright as it is late.
    """
    known = handling(
        1, cover_id=cover.cover_id, artwork_id=cover.artwork_id, probability=0.97, known=True
    )
    folder = write_run(home / "footage" / run, [known, handling(2)], sha256=run, hides=hides)
    (folder / "events.jsonl").write_text("".join(json.dumps(one) + "\n" for one in EVENTS))
    with VideoWriter(folder / "annotated.mp4", 160, 120, FPS) as video:
        for number in range(SECONDS * FPS):
            grey = np.full((120, 160, 3), 20 + 200 * number // (SECONDS * FPS), np.uint8)
            video.write(Frame(number, number / FPS, grey))
    told = json.loads((folder / "run.json").read_text())
    told["input"] |= {"name": "floor.mp4", "rate_fps": FPS}
    told["settings"]["started_at"] = TEN.isoformat()
    (folder / "run.json").write_text(json.dumps(told))
    with closing(open_catalog(f"sqlite:///{home / 'catalog.db'}")) as catalog:
        record_run(folder, catalog, FolderLake(home / "lake"), Filmed("floor", TEN, 1e4))
    return folder
