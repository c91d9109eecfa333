"""How well persons keep their numbers: IDF1, MOTA, HOTA on PETS09-S2L1, beside a bare ByteTrack.

All take the same detections. The parameters were chosen on frames 1 to 200. What it measures with,
and ByteTrack, are installed apart, as they would bring another OpenCV:

    .venv/bin/uv pip install --no-deps --target build/tracking trackeval==1.3.0 trackers==2.6.1 \
        supervision==0.31.2 matplotlib contourpy cycler fonttools kiwisolver pydeprecate
    .venv/bin/python benchmarks/tracking.py --footage ../shared/data/footage/pets09-s2l1
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cratewatch.footage.analysing import FootageOptions
from cratewatch.footage.appearance import Appearance, Embeddings
from cratewatch.footage.association import Boxes
from cratewatch.footage.detecting import Detector, overlaps
from cratewatch.footage.persons import Box, Detection, TrackState
from cratewatch.footage.sources import open_source
from cratewatch.footage.tracker import Tracker

sys.path.append(str(Path(__file__).parents[1] / "build" / "tracking"))

PARTS = {"1-200, chosen on": (0, 200), "201-400, held out": (200, 400), "1-400": (0, 400)}
Rows = Mapping[int, Sequence[tuple[int, Box]]]
"""Of each frame, from 0: numbers and boxes."""


@dataclass(frozen=True)
class Looked:
    """A frame after detection.

    Attributes:
        seconds: Since the first.
        seen: Persons.
        looks: Their embeddings.
    """

    seconds: float
    seen: list[Detection]
    looks: Embeddings


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--footage", type=Path, required=True, help="video.mp4 and gt.txt")
    folder = arguments.parse_args().footage
    truth = read_truth(folder / "gt.txt")
    looked, rate_fps = look(folder / "video.mp4")
    ways: dict[str, Callable[[], Rows]] = {
        "ByteTrack": lambda: byte_track(looked, rate_fps),
        "ours, by place alone": lambda: ours(looked, rate_fps, by_appearance=False),
        "ours": lambda: ours(looked, rate_fps),
    }
    print("| tracker | frames | IDF1 | MOTA | HOTA | switches | numbers / persons |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for way, track in ways.items():
        rows = track()
        for part, (first, last) in PARTS.items():
            print(f"| {way} | {part} | {measured(truth, rows, range(first, last))} |")


def read_truth(file: Path) -> Rows:
    """Read MOT's format: frame from 1, id, left, top, width, height."""
    rows = defaultdict(list)
    with file.open() as lines:
        for frame, number, *box in csv.reader(lines):
            x, y, width, height = (float(value) for value in box[:4])
            rows[int(frame) - 1].append((int(number), (x, y, x + width, y + height)))
    return rows


def look(video: Path) -> tuple[list[Looked], float]:
    """Detect and embed once for all trackers."""
    source, detector, appearance = open_source(str(video)), Detector(), Appearance()
    looked = []
    for frame in source.frames():
        seen = detector.detect([frame.pixels])[0]
        looks = appearance.embed(frame.pixels, [one.box_xyxy for one in seen])
        looked.append(Looked(frame.seconds, seen, looks))
    return looked, source.rate_fps


def ours(looked: Sequence[Looked], rate_fps: float, *, by_appearance: bool = True) -> Rows:
    tracker = Tracker(FootageOptions().tracking(rate_fps))
    rows = {}
    for number, one in enumerate(looked):
        look = partial(embedded, one) if by_appearance else None
        persons, _ = tracker.update(number, one.seconds, one.seen, look)
        rows[number] = [
            (p.track_id, p.box_xyxy) for p in persons if p.state == TrackState.CONFIRMED
        ]
    return rows


def embedded(one: Looked, numbers: Sequence[int]) -> Embeddings:
    return one.looks[list(numbers)]


def byte_track(looked: Sequence[Looked], rate_fps: float) -> Rows:
    """Track by the library with its defaults, and its wait as long as ours."""
    import supervision
    from trackers import ByteTrackTracker

    # It counts its wait in thirtieths of a second.
    tracker = ByteTrackTracker(lost_track_buffer=round(30 * 30 / rate_fps), frame_rate=rate_fps)
    rows = {}
    for number, one in enumerate(looked):
        told = tracker.update(
            supervision.Detections(
                xyxy=boxes_of([d.box_xyxy for d in one.seen]),
                confidence=np.array([d.conf for d in one.seen], np.float32),
                class_id=np.zeros(len(one.seen), int),
            )
        )
        ids = [] if told.tracker_id is None else told.tracker_id.tolist()
        rows[number] = [
            (track_id, box)
            for track_id, box in zip(ids, told.xyxy.tolist(), strict=True)
            if track_id >= 0
        ]
    return rows


def measured(truth: Rows, rows: Rows, frames: range) -> str:
    """Return the figures of some frames, as cells of a table."""
    with contextlib.redirect_stdout(io.StringIO()):
        from trackeval.metrics import CLEAR, HOTA, Identity

        quiet = {"PRINT_CONFIG": False}
        data = sequence(truth, rows, frames)
        identity = Identity(quiet).eval_sequence(data)
        clear = CLEAR(quiet).eval_sequence(data)
        hota = HOTA().eval_sequence(data)
    shares = [identity["IDF1"], clear["MOTA"], hota["HOTA"].mean()]
    cells = [f"{100 * share:.1f}" for share in shares]
    numbers = f"{data['num_tracker_ids']} / {data['num_gt_ids']}"
    return " | ".join([*cells, str(int(clear["IDSW"])), numbers])


def sequence(truth: Rows, rows: Rows, frames: range) -> dict[str, Any]:
    """Return what trackeval's metrics take."""
    true_ids, true_count = numbered(truth, frames)
    ids, count = numbered(rows, frames)
    alike = [
        overlaps(*(boxes_of([box for _, box in one.get(n, [])]) for one in (truth, rows)))
        for n in frames
    ]
    return {
        **{"gt_ids": true_ids, "num_gt_ids": true_count, "num_gt_dets": sum(map(len, true_ids))},
        **{"tracker_ids": ids, "num_tracker_ids": count, "num_tracker_dets": sum(map(len, ids))},
        **{"similarity_scores": alike, "num_timesteps": len(frames)},
    }


def numbered(rows: Rows, frames: range) -> tuple[list[Any], int]:
    """Return the ids of each frame, renumbered from 0, and how many there are."""
    known = sorted({track_id for n in frames for track_id, _ in rows.get(n, [])})
    places = {track_id: place for place, track_id in enumerate(known)}
    ids = [np.array([places[track_id] for track_id, _ in rows.get(n, [])], int) for n in frames]
    return ids, len(known)


def boxes_of(boxes: Sequence[Box]) -> Boxes:
    return np.array(boxes, np.float32).reshape(-1, 4)


if __name__ == "__main__":
    main()
