"""Handlings in staged footage: seen, invented, named, when, and how quickly.

    .venv/bin/python benchmarks/handlings.py --data ../shared/data --home HOME --out build/handlings

HOME has all covers of the data indexed and calibrated. Each clip is staged with covers and rooms
that nothing was trained on, by people cut out of footage/one-by-one-person-detection.mp4, every
third one by drawn figures, and goes all the way of `cratewatch footage`. A clip that is there is
not staged again; one that was analysed is not analysed again.
"""

from __future__ import annotations

import argparse
import json
import pickle
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.real_collection import read_collection
from benchmarks.whole_pictures.stock import Cover, _unseen, is_held_out
from cratewatch.finding.loading import load_finder
from cratewatch.finding.quads import iou
from cratewatch.footage.analysing import Analysis, FootageOptions
from cratewatch.footage.handled import Handled
from cratewatch.footage.handled_files import HandledFiles
from cratewatch.footage.props import DRAWN, backdrop_of, figures_of
from cratewatch.footage.run import Output
from cratewatch.footage.sleeves import SleeveWatch
from cratewatch.footage.sources import open_source
from cratewatch.footage.staged import (
    TRUTH,
    VIDEO,
    StagedTruth,
    TrueHandling,
    read_truth,
    write_staged,
)
from cratewatch.images.reading import load, pixels
from cratewatch.retrieval.identification import Identifier, open_identifier
from cratewatch.settings import load_settings
from cratewatch.synthesis.pixels import stream
from cratewatch.synthesis.staging.acting import StageConfig, sample_script
from cratewatch.synthesis.staging.camera import sample_camera
from cratewatch.synthesis.staging.cast import Figure
from cratewatch.synthesis.staging.drawing import Scenery
from cratewatch.synthesis.whole_pictures.stock import make_stock

PEOPLE = "footage/one-by-one-person-detection.mp4"
FPS = 15.0
COVERS = 30
SEVERITIES = (0.1, 0.7)
LEAST_OVERLAP = 0.3
RESULT = "result.json"


@dataclass(frozen=True)
class Result:
    """What a clip came to; times are those of the analysis alone."""

    clip: int
    truth: int
    seen: int
    told: int
    right: int
    wrong: int
    starts_s: list[float]
    ends_s: list[float]
    seconds: float
    cpu_s: float
    spent_s: dict[str, float]


def main() -> None:
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    staging = _Staging(options.data, options.out, options.seconds)
    results = []
    with open_identifier(load_settings(home=options.home)) as identifier:
        artworks = {one.cover_id: one.artwork_id for one in identifier.catalog.covers.all()}
        for number in range(options.first, options.first + options.clips):
            folder = options.out / f"{number:03d}"
            if not (folder / TRUTH).exists():
                staging.stage(number, folder)
            if not (folder / RESULT).exists():
                result = _analyse(number, folder, identifier, artworks)
                (folder / RESULT).write_text(json.dumps(asdict(result)))
            results.append(Result(**json.loads((folder / RESULT).read_text())))
            print(_told(results[-1:]), flush=True)
    print("all:", _told(results))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("build/handlings"))
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--first", type=int, default=0, help="seed of the first clip")
    parser.add_argument("--seconds", type=float, default=30.0)
    return parser.parse_args()


class _Staging:
    def __init__(self, data: Path, out: Path, seconds: float) -> None:
        self._data, self._out, self._seconds = data, out, seconds
        self._listed = out / "covers.pkl"

    def stage(self, number: int, folder: Path) -> None:
        rng = stream(number, "handlings")
        covers, ids = self._covers()
        chosen = [covers[n] for n in rng.permutation(len(covers))[:COVERS]]
        shown = [pixels(load(self._data / "covers" / one.file)) for one in chosen]
        figures = self._people() if number % 3 else figures_of(None, number)[:DRAWN]
        rooms = [one for one in sorted((self._data / "scenes").glob("*.jpg")) if is_held_out(one)]
        scenery = Scenery(
            make_stock(shown, [], number, hands=24, drawn=1),
            figures,
            backdrop_of(rooms[number % len(rooms)], (640, 480), number),
            sample_camera(rng, float(rng.uniform(*SEVERITIES))),
        )
        script = sample_script(
            number, len(figures), len(chosen), StageConfig(seconds=self._seconds)
        )
        cover_ids = [ids[one.file] for one in chosen]
        write_staged(folder, script, scenery, cover_ids, FPS, lambda _done, _total: None)

    def _covers(self) -> tuple[list[Cover], dict[str, str]]:
        if not self._listed.exists():
            listed = read_collection(self._data / "covers")
            found = _unseen(listed), {one.file: one.cover_id for one in listed}
            self._listed.write_bytes(pickle.dumps(found))
        covers, ids = pickle.loads(self._listed.read_bytes())
        return covers, ids

    def _people(self) -> list[Figure]:
        kept = self._out / "people.pkl"
        if not kept.exists():
            kept.write_bytes(pickle.dumps(figures_of(self._data / PEOPLE, 0)))
        figures: list[Figure] = pickle.loads(kept.read_bytes())
        return figures


def _analyse(number: int, folder: Path, identifier: Identifier, artworks: dict[str, str]) -> Result:
    watch = SleeveWatch(load_finder(), identifier.namer)
    source = open_source(str(folder / VIDEO))
    run = folder / "run"
    analysis = Analysis(source, run, FootageOptions())
    analysis.begin()
    handled: list[Handled] = []

    def take() -> list[Handled]:
        over = watch.handled()
        handled.extend(over)
        return over

    files: list[Output] = [HandledFiles(run, take)]
    cpu_s = time.process_time()
    report = analysis.run([watch], files)
    cpu_s = time.process_time() - cpu_s
    truth = read_truth(folder)
    pairs = _pairs(truth, handled)
    named = [(artworks.get(true.cover_id), one.handling) for true, one in pairs]
    return Result(
        clip=number,
        truth=len(truth.handlings),
        seen=len(pairs),
        told=len(handled),
        right=sum(one.known and one.artwork_id == artwork for artwork, one in named),
        wrong=sum(one.known and one.artwork_id != artwork for artwork, one in named),
        starts_s=[one.handling.started_s - true.started_s for true, one in pairs],
        ends_s=[one.handling.ended_s - true.ended_s for true, one in pairs],
        seconds=report.seconds,
        cpu_s=cpu_s,
        spent_s={**report.spent_s, **watch.spent_s},
    )


def _pairs(truth: StagedTruth, told: Sequence[Handled]) -> list[tuple[TrueHandling, Handled]]:
    """Return which handling is which, those first that overlap most."""
    shares = [
        (share, true, one)
        for true in truth.handlings
        for one in told
        if (share := _overlap(true, one)) > LEAST_OVERLAP and _is_there(truth, true, one)
    ]
    pairs: list[tuple[TrueHandling, Handled]] = []
    for _, true, one in sorted(shares, key=lambda share: -share[0]):
        if all(true is not other and one is not another for other, another in pairs):
            pairs.append((true, one))
    return pairs


def _overlap(true: TrueHandling, one: Handled) -> float:
    start, end = one.handling.started_s, one.handling.ended_s
    both = min(true.ended_s, end) - max(true.started_s, start)
    return max(0.0, both) / max(max(true.ended_s, end) - min(true.started_s, start), 1e-6)


def _is_there(truth: StagedTruth, true: TrueHandling, one: Handled) -> bool:
    """Whether the person of a true handling has a sleeve where this one is seen best."""
    if one.view is None:
        return False
    frame = truth.frames[one.view.frame]
    quad = one.view.upright.sleeve.quad
    return any(
        sleeve.person == true.person
        and sleeve.cover_id in (true.cover_id, None)
        and iou(sleeve.quad, quad) > 0.2
        for sleeve in frame.sleeves
    )


def _told(results: Sequence[Result]) -> str:
    def total(name: str) -> Any:
        return sum(getattr(one, name) for one in results)

    starts = np.abs([s for one in results for s in one.starts_s] or [np.nan])
    ends = np.abs([s for one in results for s in one.ends_s] or [np.nan])
    spent: dict[str, float] = {}
    for one in results:
        for stage, seconds in one.spent_s.items():
            spent[stage] = spent.get(stage, 0.0) + seconds
    seen, told = total("seen"), total("told")
    return (
        f"{total('truth')} handlings, seen {seen}, invented {told - seen} of {told}, "
        f"named rightly {total('right')} and wrongly {total('wrong')}; "
        f"start {np.median(starts):.2f} s, end {np.median(ends):.2f} s in the median; "
        f"{total('cpu_s') / max(total('seconds'), 1e-6):.2f} CPU-s a second: "
        + ", ".join(f"{stage} {s / total('seconds'):.2f}" for stage, s in spent.items())
    )


if __name__ == "__main__":
    main()
