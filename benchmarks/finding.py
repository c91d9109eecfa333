"""How well sleeves are found in whole pictures, and named: of a finder and of ways to do without.

    .venv/bin/python benchmarks/finding.py --data ../shared/data --set build/finding \\
        --ways true whole contours book --names

draws the pictures of the protocol into the folder --set, if they are not there yet, and compares
what each way finds with what they show. --finder PACKAGE.MODULE:NAME adds a finder: a function
without arguments that returns an object with find(picture). "true" finds all and nothing else: what
naming reaches at best. --names also names what was found, among all covers. --speed only measures
the time that the finder takes. docs/evaluation.md says what the columns mean.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.baselines import Covers
from benchmarks.finding_baselines import Quadrilateral, baselines
from benchmarks.finding_names import Names
from benchmarks.finding_speed import Times, frame_ms, photo_ms
from benchmarks.finding_table import markdown
from benchmarks.real_collection import read_collection
from benchmarks.whole_pictures.drawn_set import SetPicture, Wanted, contact_sheet, read_or_draw
from benchmarks.whole_pictures.stock import Stock
from cratewatch.embedding.saved_models import shipped_models
from cratewatch.evaluation.finding.naming import NamedSleeve, name_all, score_names
from cratewatch.evaluation.finding.scoring import (
    SIZES_PX,
    Answered,
    hidden_parts,
    score,
    wrong_without_sleeve,
)
from cratewatch.evaluation.finding.truth import Finder, FoundSleeve, Truth
from cratewatch.lake.folder import FolderLake

COUNTED_PX = (60, 300)
"""Sleeves of these sizes count; those of others only in the parts by size."""
NAMED_FROM_PX = 100
LEAST_IOUS = (0.5, 0.75)
WANTED_PRECISION = 0.9
MOST_NAMED = 6
"""Quads of a picture that are named, the best ones."""


@dataclass(frozen=True)
class Found:
    """What a way found in each picture."""

    way: str
    quads: list[list[FoundSleeve]]
    ms_a_picture: float


def main() -> None:
    options = _options()
    if options.speed:
        print(json.dumps(_speed(options)))
        return
    pictures = _pictures(options)
    if options.sheet:
        contact_sheet(pictures[:12]).save(options.sheet)
    names = _names(options) if options.names or options.quick_names else None
    results = {}
    for way in (*options.ways, *([options.finder] if options.finder else [])):
        found = _find(way, pictures, options)
        least_score = options.score if way == options.finder else None
        results[way] = _judge(pictures, found, least_score) | _named(
            pictures, found, least_score, names
        )
    print(json.dumps(results) if options.json else markdown(results))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="covers, scenes, footage, …")
    parser.add_argument("--set", type=Path, required=True, help="folder of the drawn pictures")
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--without", type=int, default=80, help="of these, without sleeve")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ways", nargs="*", default=[], help="true, whole, contours, book")
    parser.add_argument("--finder", help="PACKAGE.MODULE:NAME of a function that opens one")
    parser.add_argument("--score", type=float, help="from which on the finder's quads are believed")
    parser.add_argument("--names", action="store_true", help="name what was found")
    parser.add_argument("--quick-names", action="store_true", help="the same by embedding only")
    parser.add_argument("--model", help="that names, of those that ship")
    parser.add_argument("--speed", action="store_true", help="measure the finder's time only")
    parser.add_argument("--sheet", type=Path, help="file for twelve of the pictures")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _pictures(options: argparse.Namespace) -> list[SetPicture]:
    wanted = Wanted(options.seed, options.pictures, options.without)
    return read_or_draw(
        options.set,
        wanted,
        lambda: Stock(options.data, read_collection(options.data / "covers")),
    )


def _open(name: str) -> Finder:
    module, _, function = name.partition(":")
    finder: Finder = getattr(importlib.import_module(module), function)()
    return finder


def _find(way: str, pictures: Sequence[SetPicture], options: argparse.Namespace) -> Found:
    if way == "true":
        return Found(way, [_true(picture) for picture in pictures], 0.0)
    made = baselines(options.data / "weights" / "yolox_nano.onnx")
    finder = made[way]() if way in made else _open(way)
    quads, seconds = [], 0.0
    for picture in pictures:
        pixels = picture.pixels()
        start = time.perf_counter()
        quads.append(list(finder.find(pixels)))
        seconds += time.perf_counter() - start
    return Found(way, quads, 1000 * seconds / len(pictures))


def _true(picture: SetPicture) -> list[FoundSleeve]:
    return [Quadrilateral(sleeve.quad, 1.0) for sleeve in picture.truth.sleeves]


def _judge(
    pictures: Sequence[SetPicture], found: Found, least_score: float | None
) -> dict[str, Any]:
    answered = [
        (one.truth.of_sizes(*COUNTED_PX), quads)
        for one, quads in zip(pictures, found.quads, strict=True)
    ]
    judged: dict[str, Any] = {"ms_a_picture": round(found.ms_a_picture, 1)}
    for least_iou in LEAST_IOUS:
        scores = score(answered, least_iou, least_score)
        every_size = score(_of_all_sizes(answered, pictures), least_iou, least_score)
        best = scores.recall_at(WANTED_PRECISION)
        forgiving = score(
            [(truth.forgiving_oblong(), quads) for truth, quads in answered], least_iou, least_score
        ).precision
        judged[f"iou_{least_iou:g}"] = {
            **asdict(scores),
            "by_size": asdict(every_size)["by_size"],
            "recall_at_p90": asdict(best) if best else None,
            "precision_but_oblong": asdict(forgiving) if forgiving else None,
        }
    for kind, chosen in (("plain", False), ("oblong", True)):
        some = [
            a for a, one in zip(answered, pictures, strict=True) if bool(one.truth.oblong) == chosen
        ]
        judged[f"wrong_without_sleeve_{kind}"] = wrong_without_sleeve(some, least_score)
    return judged


def _of_all_sizes(answered: Sequence[Answered], pictures: Sequence[SetPicture]) -> list[Answered]:
    return [
        (one.truth.of_sizes(SIZES_PX[0], SIZES_PX[-1]), quads)
        for one, (_, quads) in zip(pictures, answered, strict=True)
    ]


def _names(options: argparse.Namespace) -> Names:
    folder = options.data / "covers"
    covers = Covers(folder, read_collection(folder))
    model = options.model or shipped_models()[-1]
    return Names(covers, FolderLake(Path("build/no-lake")), model, quick=options.quick_names)


def _named(
    pictures: Sequence[SetPicture], found: Found, least_score: float | None, names: Names | None
) -> dict[str, Any]:
    if names is None:
        return {}
    named: list[list[NamedSleeve]] = []
    for one, quads in zip(pictures, found.quads, strict=True):
        believed = [q for q in quads if least_score is None or q.score >= least_score]
        best = sorted(believed, key=lambda quad: -quad.score)[:MOST_NAMED]
        named.append(name_all(one.pixels(), best, names) if best else [])
    whole = [(one.truth, names) for one, names in zip(pictures, named, strict=True)]
    large = [(truth.of_sizes(NAMED_FROM_PX, np.inf), names) for truth, names in whole]
    counted = [(truth.of_sizes(*COUNTED_PX), names) for truth, names in whole]
    return {
        "names": asdict(score_names(counted)),
        "names_100": asdict(score_names(large)),
        "names_100_by_hidden": _by_hidden(large),
    }


def _by_hidden(named: Sequence[tuple[Truth, Sequence[NamedSleeve]]]) -> dict[str, Any]:
    parts = {}
    for part, within in hidden_parts().items():
        some = [(truth.where(within), names) for truth, names in named]
        if any(truth.sleeves for truth, _ in some):
            parts[part] = asdict(score_names(some))
    return parts


def _speed(options: argparse.Namespace) -> dict[str, Times]:
    pictures = [picture.pixels() for picture in _pictures(options)[:16]]

    def find() -> Finder:
        return _open(options.finder)

    return {
        "frame_640x480_ms_on_one_core": frame_ms(find, pictures),
        "photo_12_megapixels_ms_on_two_cores": photo_ms(find, pictures),
    }


if __name__ == "__main__":
    main()
