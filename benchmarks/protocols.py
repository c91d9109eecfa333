"""Recall on real covers by protocol, severity and sleeve size: of models and of what needs none.

    .venv/bin/python benchmarks/protocols.py --covers ../shared/data/covers \\
        --hands ../shared/data/occluders/hands --out build/protocols.jsonl \\
        --models build/demo --cells 1:128 1:64 2:96 pairs

Queries show covers of the 1,200 held-out artworks, with hands cut out of photographs; all ways
answer the same ones. "pairs" are the verified pairs of different images of one held-out sleeve as
clean queries, each without itself in the gallery; "all-pairs" also those that models may have been
trained on. A model that was trained on covers of the collection
must not have seen the held-out ones; one that was trained on other covers has not.

What is measured is added to --out, line by line, and what stands there is not measured again: long
parts can be run one at a time. The table at the end is of all lines. docs/evaluation.md holds it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.baselines import BASELINES, Covers, Way, baseline, model_way
from benchmarks.protocol_lines import Line, markdown, read_lines
from benchmarks.real_collection import held_out, read_collection, verified_pairs
from cratewatch.embedding.saved_models import models
from cratewatch.evaluation.held_out import open_model
from cratewatch.evaluation.protocol.answers import Search, answer, summarise
from cratewatch.evaluation.protocol.cells import SEVERITIES, SLEEVES_PX
from cratewatch.evaluation.protocol.galleries import PROTOCOLS, Outcome, run_protocol
from cratewatch.evaluation.protocol.hands import load_hands
from cratewatch.evaluation.protocol.queries import draw_queries
from cratewatch.evaluation.protocol.query import Rgba
from cratewatch.images.reading import load, pixels
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake
from cratewatch.lake.opening import open_lake
from cratewatch.settings import load_settings

UNSEEN_PAIRS, ALL_PAIRS = PAIRS = ("pairs", "all-pairs")
NamedWay = tuple[str, Callable[[], Way]]


def main() -> None:
    options = _options()
    wanted = [(name, False) for name in (*options.baselines, *options.models)]
    wanted += [(name, True) for name in options.identify]
    if wanted:
        covers = Covers(options.covers, read_collection(options.covers))
        hands = load_hands(options.hands)
        for asked, identify in wanted:
            _measure(_way(asked, covers, options, identify=identify), covers, hands, options)
    print(markdown(read_lines(options.out)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--covers", type=Path, required=True, help="folder with covers.csv")
    parser.add_argument("--hands", type=Path, required=True, help="folder of cut-outs")
    parser.add_argument("--out", type=Path, required=True, help="file of JSON lines, added to")
    parser.add_argument("--baselines", nargs="*", default=[], choices=BASELINES)
    parser.add_argument("--mobilenet-weights", type=Path, help=".npz")
    parser.add_argument("--models", nargs="*", default=[], help="model folders, or homes: latest")
    parser.add_argument(
        "--identify", nargs="*", default=[], help="the same, with all that identify does besides"
    )
    parser.add_argument("--protocols", nargs="+", default=PROTOCOLS, choices=PROTOCOLS)
    parser.add_argument(
        "--cells", nargs="+", default=["1:128", "1:64", "2:96", *PAIRS], help="or pairs, or grid"
    )
    parser.add_argument("--queries", type=int, default=1000, help="in each cell")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _measure(
    named: NamedWay, covers: Covers, hands: Sequence[Rgba], options: argparse.Namespace
) -> None:
    """Measure what is missing of one way; making the way is left out of its time."""
    name, make = named
    known = read_lines(options.out)
    way = None
    for line in _missing(name, options):
        if line in known:
            continue
        way = way or make()
        if line.cell in PAIRS:
            done = _pairs(covers, way, unseen=line.cell == UNSEEN_PAIRS)
        else:
            done = _cell(line, covers, hands, way)
        with options.out.open("a") as file:
            file.write(json.dumps(line.asked_for() | done) + "\n")


def _missing(name: str, options: argparse.Namespace) -> Iterator[Line]:
    grid = [f"{severity:g}:{px}" for severity in SEVERITIES for px in SLEEVES_PX]
    for cell in grid if options.cells == ["grid"] else options.cells:
        for protocol in ["everything"] if cell in PAIRS else options.protocols:
            yield Line(name, protocol, cell, 0 if cell in PAIRS else options.queries, options.seed)


def _way(asked: str, covers: Covers, options: argparse.Namespace, *, identify: bool) -> NamedWay:
    if asked in BASELINES:
        return asked, lambda: baseline(asked, covers, options.mobilenet_weights)
    if (Path(asked) / "config.json").exists():
        lake: Lake = FolderLake(Path(asked))
        model = asked
    else:
        lake = open_lake(load_settings(home=Path(asked)).lake)
        model = models(lake)[-1]
    embedder, seen = open_model(lake, model)
    name = f"{embedder.name} + identify" if identify else embedder.name
    return name, lambda: model_way(covers, embedder, seen, identify=identify)


def _cell(line: Line, covers: Covers, hands: Sequence[Rgba], way: Way) -> dict[str, Any]:
    severity, sleeve_px = line.cell.split(":")
    queries = list(
        draw_queries(_Unseen(covers), line.asked, float(severity), int(sleeve_px), hands, line.seed)
    )
    truths = [query.artwork for query in queries]
    images = [query.image for query in queries]
    start = time.perf_counter()
    compare = way(images)
    protocol: Any = line.protocol
    outcome, _ = run_protocol(protocol, truths, covers.artworks, compare, line.seed)
    return _timed(outcome, start)


def _pairs(covers: Covers, way: Way, *, unseen: bool) -> dict[str, Any]:
    """Ask with one image of each pair, without itself in the gallery."""
    number = {cover.file: n for n, cover in enumerate(covers.listed)}
    taken_out = {number[b] for _, b in verified_pairs(covers.folder)}
    rest = np.array([n for n in range(len(covers.listed)) if n not in taken_out])
    left = {covers.artworks[n] for n in rest}
    if unseen:
        left &= held_out(covers.listed)
    asked = sorted(n for n in taken_out if covers.artworks[n] in left)
    images = [covers.image(n) for n in asked]
    start = time.perf_counter()
    compare = way(images)
    answers = answer(
        Search(np.arange(len(asked)), rest),
        [covers.artworks[n] for n in asked],
        covers.artworks,
        compare,
    )
    scores = summarise(answers)
    outcome = Outcome("everything", len(asked), len(rest), 1, scores, 1 / len(left), 5 / len(left))
    return _timed(outcome, start)


def _timed(outcome: Outcome, start: float) -> dict[str, Any]:
    return asdict(outcome) | {"ms_a_query": 1000 * (time.perf_counter() - start) / outcome.queries}


class _Unseen(Sequence[tuple[str, npt.NDArray[np.uint8]]]):
    """The first cover of each held-out artwork, decoded when it is asked for."""

    def __init__(self, covers: Covers) -> None:
        unseen = held_out(covers.listed)
        first = {c.artwork: c.file for c in reversed(covers.listed) if c.artwork in unseen}
        self._files = [(artwork, covers.folder / file) for artwork, file in sorted(first.items())]

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, number: Any) -> Any:
        artwork, file = self._files[number]
        return artwork, pixels(load(file))


if __name__ == "__main__":
    main()
