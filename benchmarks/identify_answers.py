"""What `identify` answers and takes: to whole pictures, and to crops looked for and not.

    .venv/bin/python benchmarks/identify_answers.py --data ../shared/data --home build/all \\
        --set build/finding-1 --seed 1 --first 60 --pictures 70 --crops 150

HOME has all covers imported and indexed. Pictures are of the set that benchmarks/finding.py draws.
Crops are queries of the protocol, as many of each cell, of held-out artworks, asked one at a time
as by `--sleeves crop` and by `--sleeves auto`. In a home without these all that is known is wrong.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.real_collection import RealCover, held_out, read_collection
from benchmarks.whole_pictures.drawn_set import SetPicture, Wanted, read_or_draw
from benchmarks.whole_pictures.stock import Stock
from cratewatch.evaluation.finding.naming import Name, NamedSleeve, score_names
from cratewatch.evaluation.finding.scoring import score
from cratewatch.evaluation.metrics import wilson
from cratewatch.evaluation.protocol.cells import TABLE_CELLS, Cell
from cratewatch.evaluation.protocol.hands import load_hands
from cratewatch.evaluation.protocol.queries import LabelledQuery, draw_queries
from cratewatch.images.reading import load, pixels
from cratewatch.retrieval.answers import Answer
from cratewatch.retrieval.identification import Identifier, open_identifier
from cratewatch.retrieval.sleeves import Sleeves
from cratewatch.settings import load_settings

COUNTED_PX, NAMED_FROM_PX = (60, 300), 100
FOUND_IOU = 0.5
TOP = 5
WAYS: tuple[Sleeves, ...] = ("crop", "auto")


@dataclass(frozen=True)
class Asked:
    """An answer and what it took."""

    answer: Answer
    cpu_s: float
    wall_s: float


def main() -> None:
    options = _options()
    folder = options.data / "covers"
    covers = read_collection(folder)
    artworks = {cover.cover_id: cover.artwork for cover in covers}
    with open_identifier(load_settings(home=options.home)) as identifier:
        if options.set:
            for line in _pictures(identifier, options, artworks):
                print(json.dumps(line), flush=True)
        for cell in TABLE_CELLS if options.crops else ():
            queries = list(_queries(cell, covers, options))
            for way in WAYS:
                line = _crops(identifier, queries, way, artworks)
                print(json.dumps({"cell": str(cell), "sleeves": way} | line), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="covers, scenes, footage, …")
    parser.add_argument("--home", type=Path, required=True, help="with all covers indexed")
    parser.add_argument("--set", type=Path, help="folder of the drawn pictures")
    parser.add_argument("--seed", type=int, default=0, help="of that set")
    parser.add_argument("--drawn", type=int, default=300, help="pictures in it")
    parser.add_argument("--without", type=int, default=80, help="of these, without sleeve")
    parser.add_argument("--first", type=int, default=0, help="picture that is asked about first")
    parser.add_argument("--pictures", type=int, default=70, help="that are asked about")
    parser.add_argument("--crops", type=int, default=0, help="queries of each cell")
    return parser.parse_args()


def _ask(identifier: Identifier, name: str, data: bytes, way: Sleeves) -> Asked:
    cpu, wall = time.process_time(), time.perf_counter()
    (answer,) = identifier.identify([(name, lambda: data)], TOP, way)
    return Asked(answer, time.process_time() - cpu, time.perf_counter() - wall)


def _pictures(
    identifier: Identifier, options: argparse.Namespace, artworks: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield what comes out of pictures with sleeves, and of pictures without."""
    wanted = Wanted(options.seed, options.drawn, options.without)
    drawn = read_or_draw(
        options.set,
        wanted,
        lambda: Stock(options.data, read_collection(options.data / "covers")),
    )
    chosen = drawn[options.first : options.first + options.pictures]
    _ask(identifier, "", chosen[0].file.read_bytes(), "auto")  # loads what is loaded once
    asked = [_ask(identifier, one.file.name, one.file.read_bytes(), "auto") for one in chosen]
    took = {
        "pictures": len(chosen),
        "cpu_s": _mean(one.cpu_s for one in asked),
        "wall_s": _mean(one.wall_s for one in asked),
    }
    yield took | _judged(chosen, [_named(one.answer, artworks) for one in asked])


def _named(answer: Answer, artworks: Mapping[str, str]) -> list[NamedSleeve]:
    named = []
    for sleeve in answer.sleeves or ():
        best = artworks[sleeve.matches[0].cover_id] if sleeve.matches else None
        name = Name(best, sleeve.known) if best is not None else None
        named.append(NamedSleeve(np.array(sleeve.quad), sleeve.score, name))
    return named


def _judged(chosen: Sequence[SetPicture], named: Sequence[Sequence[NamedSleeve]]) -> dict[str, Any]:
    pairs = list(zip(chosen, named, strict=True))
    believed = [sum(bool(n.name and n.name.known) for n in names) for names in named]
    empty = [n for one, n in zip(chosen, believed, strict=True) if not one.truth.sleeves]
    judged: dict[str, Any] = {
        "known": sum(believed),
        "without_sleeve": len(empty),
        "known_there": sum(empty),
    }
    for least, most in (COUNTED_PX, (NAMED_FROM_PX, COUNTED_PX[1])):
        some = [(one.truth.of_sizes(least, most), names) for one, names in pairs]
        if not any(truth.sleeves for truth, _ in some):
            continue
        judged[f"from_{least}_px"] = {
            "sleeves": sum(len(truth.sleeves) for truth, _ in some),
            "found": asdict(score(some, FOUND_IOU, None).recall),
            **asdict(score_names(some)),
        }
    return judged


def _queries(
    cell: Cell, covers: Sequence[RealCover], options: argparse.Namespace
) -> Iterator[LabelledQuery]:
    unseen = held_out(covers)
    first: dict[str, str] = {}
    for cover in covers:
        if cover.artwork in unseen:
            first.setdefault(cover.artwork, cover.file)
    hands = load_hands(options.data / "occluders" / "hands")
    order = np.random.default_rng(0).permutation(len(first))[: options.crops]
    chosen = [list(first.items())[int(n)] for n in order]
    folder = options.data / "covers"
    shown = [(artwork, pixels(load(folder / file))) for artwork, file in chosen]
    yield from draw_queries(shown, options.crops, cell.severity, cell.sleeve_px, hands, 0)


def _crops(
    identifier: Identifier,
    queries: Sequence[LabelledQuery],
    way: Sleeves,
    artworks: Mapping[str, str],
) -> dict[str, Any]:
    asked = [_ask(identifier, query.artwork, query.jpeg, way) for query in queries]
    best = [[artworks[m.cover_id] for m in one.answer.matches] for one in asked]
    truths = [query.artwork for query in queries]
    known = [bool(one.answer.known) for one in asked]
    right = [row[:1] == [truth] for row, truth in zip(best, truths, strict=True)]
    pairs = list(zip(known, right, strict=True))
    return {
        "crops": len(queries),
        "recall@1": asdict(wilson(sum(right), len(right))),
        "recall@5": _mean(truth in row for row, truth in zip(best, truths, strict=True)),
        "known_right": sum(k and r for k, r in pairs),
        "known_wrong": sum(k and not r for k, r in pairs),
        "cpu_ms": _mean(1000 * one.cpu_s for one in asked),
        "wall_ms": _mean(1000 * one.wall_s for one in asked),
    }


def _mean(values: Iterable[float]) -> float:
    return round(float(np.mean(list(values))), 3)


if __name__ == "__main__":
    main()
