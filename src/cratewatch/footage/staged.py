"""Writes staged footage into a folder: the video, and the truth of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cratewatch.finding.quads import Quad
from cratewatch.footage.frames import Frame
from cratewatch.footage.persons import Box
from cratewatch.footage.props import Covers, backdrop_of, figures_of
from cratewatch.footage.video_writing import VideoWriter
from cratewatch.synthesis.pixels import stream
from cratewatch.synthesis.staging.acting import StageConfig, sample_script
from cratewatch.synthesis.staging.camera import sample_camera
from cratewatch.synthesis.staging.drawing import (
    LEAST_SEEN,
    Scenery,
    StagedFrame,
    StagedSleeve,
    draw_staged,
)
from cratewatch.synthesis.staging.script import Script
from cratewatch.synthesis.whole_pictures.stock import make_stock

VIDEO, TRUTH, HANDLINGS = "footage.mp4", "truth.json", "handlings.csv"
FORMAT = 1
HANDS = 24


@dataclass(frozen=True)
class TrueHandling:
    """Somebody who has a sleeve from when it is first seen to when it is last seen."""

    person: int
    cover_id: str
    started_s: float
    ended_s: float


@dataclass(frozen=True)
class SleeveSeen:
    """A sleeve in a frame; cover_id is None where its back is seen, person where it hangs."""

    cover_id: str | None
    quad: Quad
    visible: float
    person: int | None


@dataclass(frozen=True)
class FrameTruth:
    """What a frame shows."""

    frame: int
    seconds: float
    persons: dict[int, Box]
    sleeves: tuple[SleeveSeen, ...]


@dataclass(frozen=True)
class StagedTruth:
    """What staged footage shows."""

    handlings: tuple[TrueHandling, ...]
    frames: tuple[FrameTruth, ...]


@dataclass(frozen=True)
class Staging:
    """What footage is staged.

    Attributes:
        size_px: Width and height.
        severity: Of the camera's faults, 0 none to 1 the worst.
        seed: The same one gives the same footage.
    """

    seconds: float = 30.0
    fps: float = 15.0
    size_px: tuple[int, int] = (640, 480)
    severity: float = 0.4
    seed: int = 0


def stage(  # noqa: PLR0913, PLR0917  what it is made of, and where it goes
    folder: Path,
    covers: Covers,
    staging: Staging,
    people: Path | None,
    scenes: Path | None,
    on_progress: Callable[[int, int], None],
) -> StagedTruth:
    """Sample a script, play it and write it into a folder.

    Args:
        people: See props.figures_of().
        scenes: See props.backdrop_of().

    Raises:
        CratewatchError: if nobody can be cut out, or a picture cannot be read.
        OSError: if the folder cannot be written.
    """
    seed, (wide, tall) = staging.seed, staging.size_px
    figures = figures_of(people, seed)
    # A camera of a higher resolution shows the same people larger.
    larger = tall / 480
    config = StageConfig(wide, tall, staging.seconds, sleeve_px=(60.0 * larger, 150.0 * larger))
    script = sample_script(seed, len(figures), len(covers), config)
    scenery = Scenery(
        make_stock([picture for _, picture in covers], [], seed, hands=HANDS, drawn=1),
        figures,
        backdrop_of(scenes, staging.size_px, seed),
        sample_camera(stream(seed, "camera"), staging.severity),
    )
    ids = [cover_id for cover_id, _ in covers]
    return write_staged(folder, script, scenery, ids, staging.fps, on_progress)


def write_staged(  # noqa: PLR0913, PLR0917  a play, and where it goes
    folder: Path,
    script: Script,
    scenery: Scenery,
    cover_ids: Sequence[str],
    fps: float,
    on_progress: Callable[[int, int], None],
) -> StagedTruth:
    """Draw a script, write footage.mp4, truth.json and handlings.csv, and return the truth.

    Args:
        cover_ids: Of the covers of the scenery's stock.
    """
    folder.mkdir(parents=True, exist_ok=True)
    told: list[FrameTruth] = []
    seen = _Seen()
    total = round(script.seconds * fps)
    with VideoWriter(folder / VIDEO, script.width_px, script.height_px, fps) as video:
        for number, staged in enumerate(draw_staged(script, scenery, fps)):
            video.write(Frame(number, staged.seconds, staged.image))
            told.append(_told(number, staged, cover_ids))
            seen.add(staged)
            on_progress(number + 1, total)
    truth = StagedTruth(seen.handlings(script, cover_ids), tuple(told))
    _write_handlings(folder / HANDLINGS, truth.handlings)
    (folder / TRUTH).write_text(json.dumps(_as_json(truth)))
    return truth


def read_truth(folder: Path) -> StagedTruth:
    """Read the truth of a folder that write_staged() filled."""
    said = json.loads((folder / TRUTH).read_text())
    handlings = tuple(TrueHandling(**one) for one in said["handlings"])
    return StagedTruth(handlings, tuple(_frame(one) for one in said["frames"]))


class _Seen:
    """When each person's sleeve was first and last seen, by passage and person."""

    def __init__(self) -> None:
        self._spans: dict[tuple[int, int], tuple[float, float]] = {}

    def add(self, staged: StagedFrame) -> None:
        for one in staged.sleeves:
            if one.passage is None or one.person is None or one.visible < LEAST_SEEN:
                continue
            key = (one.passage, one.person)
            first, _ = self._spans.get(key, (staged.seconds, staged.seconds))
            self._spans[key] = (first, staged.seconds)

    def handlings(self, script: Script, cover_ids: Sequence[str]) -> tuple[TrueHandling, ...]:
        found = [
            TrueHandling(person, cover_ids[script.passages[passage].cover], first, last)
            for (passage, person), (first, last) in self._spans.items()
        ]
        return tuple(sorted(found, key=lambda one: (one.started_s, one.person)))


def _told(number: int, staged: StagedFrame, cover_ids: Sequence[str]) -> FrameTruth:
    sleeves = tuple(_sleeve(one, cover_ids) for one in staged.sleeves)
    return FrameTruth(number, staged.seconds, dict(staged.boxes_xyxy), sleeves)


def _sleeve(one: StagedSleeve, cover_ids: Sequence[str]) -> SleeveSeen:
    cover_id = None if one.cover is None else cover_ids[one.cover]
    return SleeveSeen(cover_id, one.corners, one.visible, one.person)


def _write_handlings(path: Path, handlings: Iterable[TrueHandling]) -> None:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("person", "cover_id", "started_s", "ended_s"))
        rows.writerows(
            (one.person, one.cover_id, round(one.started_s, 3), round(one.ended_s, 3))
            for one in handlings
        )


def _as_json(truth: StagedTruth) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "handlings": [vars(one) for one in truth.handlings],
        "frames": [
            {
                "frame": one.frame,
                "seconds": round(one.seconds, 4),
                "persons": {person: _rounded(box) for person, box in one.persons.items()},
                "sleeves": [_sleeve_json(sleeve) for sleeve in one.sleeves],
            }
            for one in truth.frames
        ],
    }


def _sleeve_json(one: SleeveSeen) -> dict[str, Any]:
    return {
        "cover_id": one.cover_id,
        "quad": [_rounded(corner) for corner in one.quad],
        "visible": round(one.visible, 3),
        "person": one.person,
    }


def _rounded(numbers: Iterable[float]) -> list[float]:
    return [round(float(one), 2) for one in numbers]


def _frame(said: dict[str, Any]) -> FrameTruth:
    persons: dict[int, Box] = {
        int(person): (box[0], box[1], box[2], box[3]) for person, box in said["persons"].items()
    }
    sleeves = tuple(
        SleeveSeen(one["cover_id"], np.array(one["quad"]), one["visible"], one["person"])
        for one in said["sleeves"]
    )
    return FrameTruth(said["frame"], said["seconds"], persons, sleeves)
