"""What each step at query time brings and costs, on real covers, side by side in one run.

    .venv/bin/python benchmarks/query_time.py --covers ../shared/data/covers \\
        --hands ../shared/data/occluders/hands --home build/real --queries 600

The gallery is all covers, in memory and searched exactly, so that times are those of the steps
themselves; a Milvus Lite file adds about 10 ms a search. Queries show covers of the 1,200
held-out artworks; with --choose those of another 400, on which choices were made. For each step
the threshold of "not in the catalog" is fitted on queries of these 400 and applied to the others.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks.real_collection import RealCover, held_out, read_collection
from benchmarks.whitening import Whitening, learn_whitening
from cratewatch.chunks import chunks
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.saved_models import models
from cratewatch.evaluation.metrics import recall_at_precision
from cratewatch.evaluation.protocol.hands import load_hands
from cratewatch.evaluation.protocol.queries import LabelledQuery, draw_queries
from cratewatch.evaluation.threshold import Trial, fit, trial
from cratewatch.gallery.gallery import Hit
from cratewatch.images.reading import load, pixels
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import cover_key
from cratewatch.lake.opening import open_lake
from cratewatch.retrieval.background import Background
from cratewatch.retrieval.config import ONE_LOOK, SearchConfig
from cratewatch.retrieval.cover_keypoints import CoverKeypoints
from cratewatch.retrieval.searcher import Searcher
from cratewatch.retrieval.voting import vote
from cratewatch.settings import load_settings

BATCH = 64
TOP = 10
FALSE_ACCEPTS = 0.05
BACKGROUND = 1000
FRAMES = 4
TIMED = 40
"""Queries whose time is taken, once their covers have been compared before."""
CROPS = (1.0, 0.92, 0.84)
ALL = SearchConfig()
STEPS: dict[str, tuple[SearchConfig, bool]] = {
    "one look, cosine": (replace(ONE_LOOK, background=0), False),
    "normalised": (ONE_LOOK, False),
    "whitened": (replace(ONE_LOOK, background=0), True),
    "three crops, best normalised": (replace(ONE_LOOK, crops=CROPS), False),
    "ten views, mean": (replace(ALL, rerank=0, fusion="mean"), False),
    "ten views, best normalised": (replace(ALL, rerank=0), False),
    "one look, re-ranked": (replace(ONE_LOOK, rerank=30), False),
    "all, as by default": (ALL, False),
}


class MemoryGallery:
    """Searches embeddings (N, D) exactly, as cratewatch.gallery.Gallery does."""

    def __init__(self, vectors: np.ndarray, ids: Sequence[str], artworks: Sequence[str]) -> None:
        self._vectors, self._ids, self._artworks = vectors, ids, artworks

    def search(self, queries: np.ndarray, k: int, **_: object) -> list[list[Hit]]:
        scores = queries @ self._vectors.T
        near = np.argpartition(-scores, k, axis=1)[:, :k]
        return [
            sorted(
                (Hit(self._ids[n], self._artworks[n], float(row[n])) for n in found),
                key=lambda hit: -hit.score,
            )
            for row, found in zip(scores, near, strict=True)
        ]


class WhiteEmbedder:
    """Embeds queries and whitens what comes out."""

    def __init__(self, embedder: Embedder, whitening: Whitening) -> None:
        self._embedder, self._whitening = embedder, whitening

    def embed_queries(self, images: Sequence[Image.Image]) -> np.ndarray:
        return self._whitening(self._embedder.embed_queries(images))


@dataclass
class Result:
    hits: list[list[Hit]]
    without: list[list[Hit]]
    truths: list[str]
    ms: float
    cpu_ms: float

    def trials(self) -> list[Trial]:
        return [trial(*three) for three in zip(self.hits, self.without, self.truths, strict=True)]

    def recall(self, k: int) -> float:
        pairs = zip(self.hits, self.truths, strict=True)
        return float(
            np.mean([truth in [hit.artwork_id for hit in hits[:k]] for hits, truth in pairs])
        )


def main() -> None:
    options = _options()
    covers = read_collection(options.covers)
    unseen, chosen = held_out(covers), chosen_on(covers)
    if options.choose:
        unseen = chosen
    bench = Bench(options, covers, chosen)
    lines = []
    for cell in options.cells:
        severity, sleeve_px = cell.split(":")
        fitted_on = bench.queries(chosen, options.queries, float(severity), int(sleeve_px), 77)
        asked = bench.queries(unseen, options.queries, float(severity), int(sleeve_px), 0)
        for step in options.steps or STEPS:
            line = {"cell": cell, "step": step} | bench.measure(step, fitted_on, asked)
            lines.append(line)
            print(json.dumps(line), flush=True)
        lines.append({"cell": cell} | bench.votes(unseen, float(severity), int(sleeve_px)))
    _show(lines)
    print(json.dumps({"model": bench.embedder.name, "queries": options.queries, "lines": lines}))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--covers", type=Path, required=True, help="folder with covers.csv")
    parser.add_argument("--hands", type=Path, required=True, help="folder of cut-outs")
    parser.add_argument("--home", type=Path, default=Path("build/demo"))
    parser.add_argument("--model", default="", help="name in the home's lake; the latest one")
    parser.add_argument("--queries", type=int, default=600, help="in each cell")
    parser.add_argument("--cells", nargs="+", default=["2:96", "1:64", "1:128"])
    parser.add_argument("--steps", nargs="*", choices=list(STEPS), help="all by default")
    parser.add_argument("--choose", action="store_true", help="ask for the 400 other artworks")
    return parser.parse_args()


def chosen_on(covers: Sequence[RealCover]) -> set[str]:
    """Return a tenth of the artworks that are not held out, for choices."""
    others = {cover.artwork for cover in covers} - held_out(covers)
    return {a for a in others if hashlib.sha256(b"v" + a.encode()).digest()[0] < 26}


class Bench:
    """The model, the gallery with and without whitening, and the covers' keypoints."""

    def __init__(
        self, options: argparse.Namespace, covers: Sequence[RealCover], chosen: set[str]
    ) -> None:
        lake = open_lake(load_settings(home=options.home).lake)
        self.embedder = load_model(lake, options.model or models(lake)[-1])
        self._folder, self._covers = options.covers, covers
        self._hands = load_hands(options.hands)
        self._temporary = tempfile.TemporaryDirectory()  # goes with the bench
        self._lake = FolderLake(Path(self._temporary.name))
        data = [(self._folder / cover.file).read_bytes() for cover in covers]
        ids = [hashlib.sha256(item).hexdigest() for item in data]
        for cover_id, item in zip(ids, data, strict=True):
            self._lake.write(cover_key(cover_id), item)
        self._keypoints = CoverKeypoints(self._lake)
        vectors = np.concatenate(
            [
                self.embedder.embed_covers([load(self._folder / c.file) for c in part])
                for part in chunks(covers, BATCH)
            ]
        )
        artworks = [cover.artwork for cover in covers]
        asked = held_out(covers) | chosen
        known = np.array([n for n, artwork in enumerate(artworks) if artwork not in asked])
        sample = np.random.default_rng(0).choice(known, min(BACKGROUND, len(known)), replace=False)
        self._background = Background(vectors[sample])
        whitening = learn_whitening(vectors[known])
        self._white = WhiteEmbedder(self.embedder, whitening)
        self._gallery = MemoryGallery(vectors, ids, artworks)
        self._white_gallery = MemoryGallery(whitening(vectors), ids, artworks)

    def queries(
        self, artworks: set[str], count: int, severity: float, sleeve_px: int, seed: int
    ) -> list[LabelledQuery]:
        wanted = [cover for cover in self._covers if cover.artwork in artworks]
        order = np.random.default_rng(seed).permutation(len(wanted))[:count]
        pictures = [(wanted[n].artwork, pixels(load(self._folder / wanted[n].file))) for n in order]
        return list(draw_queries(pictures, count, severity, sleeve_px, self._hands, seed))

    def searcher(self, step: str) -> Searcher:
        config, white = STEPS[step]
        embedder: Any = self._white if white else self.embedder
        gallery: Any = self._white_gallery if white else self._gallery
        return Searcher(embedder, gallery, config, self._background, self._keypoints)

    def ask(self, step: str, queries: Sequence[LabelledQuery]) -> Result:
        """Ask one query after the other, as they come from a camera."""
        searcher = self.searcher(step)
        hits, without, ms, cpu_ms = [], [], [], []
        for image, query in zip(_images(queries), queries, strict=True):
            started, started_cpu = time.perf_counter(), time.process_time()
            hits += searcher.search([image], TOP)
            ms.append(1e3 * (time.perf_counter() - started))
            cpu_ms.append(1e3 * (time.process_time() - started_cpu))
            without += searcher.search([image], 1, without=[{query.artwork}])
        truths = [query.artwork for query in queries]
        return Result(hits, without, truths, float(np.mean(ms)), float(np.mean(cpu_ms)))

    def measure(
        self, step: str, fitted_on: Sequence[LabelledQuery], asked: Sequence[LabelledQuery]
    ) -> dict[str, Any]:
        config = STEPS[step][0]
        calibration = fit(self.ask(step, fitted_on).trials(), FALSE_ACCEPTS, config)
        result = self.ask(step, asked)
        again = self.ask(step, asked[:TIMED])  # keypoints of covers are found once for all
        trials = result.trials()
        right = np.array([t.right for t in trials])
        scores = np.array([t.score for t in trials])
        known = scores >= calibration.threshold
        without = np.array([t.score_without for t in trials])
        return {
            "recall_at_1": round(result.recall(1), 4),
            "recall_at_5": round(result.recall(5), 4),
            "recall_at_p90": round(recall_at_precision(right, scores, 0.9), 4),
            "found": round(float((known & right).mean()), 4),
            "false_accepts": round(float((without >= calibration.threshold).mean()), 4),
            "ms": round(again.ms, 1),
            "cpu_ms": round(again.cpu_ms, 1),
        }

    def votes(self, artworks: set[str], severity: float, sleeve_px: int) -> dict[str, Any]:
        """Search tracks of FRAMES queries, one look each; recall@1 by frame and by vote."""
        tracks = self.queries(artworks, 100, severity, sleeve_px, 5)
        frames = list(self._frames(tracks, artworks, severity, sleeve_px))
        hits = [self.searcher("normalised").search(_images(track), TOP) for track in frames]
        truths = [track[0].artwork for track in frames]
        right: dict[str, Any] = {"step": f"votes over {FRAMES} frames, one look each"}
        right["single"] = float(
            np.mean([h[0].artwork_id == t for of, t in zip(hits, truths, strict=True) for h in of])
        )
        for pooling in ("sum", "softmax", "best"):
            answers = [vote(of, pooling)[0].hit.artwork_id for of in hits]
            right[pooling] = float(np.mean([a == t for a, t in zip(answers, truths, strict=True)]))
        print(json.dumps(right), flush=True)
        return right

    def _frames(
        self, tracks: Sequence[LabelledQuery], artworks: set[str], severity: float, sleeve_px: int
    ) -> Iterator[list[LabelledQuery]]:
        of = {cover.artwork: cover for cover in self._covers if cover.artwork in artworks}
        for number, track in enumerate(tracks):
            picture = pixels(load(self._folder / of[track.artwork].file))
            pictures = [(track.artwork, picture)]
            yield list(
                draw_queries(pictures, FRAMES, severity, sleeve_px, self._hands, 1000 + number)
            )


def _images(queries: Sequence[LabelledQuery]) -> list[Image.Image]:
    return [Image.open(io.BytesIO(query.jpeg)) for query in queries]


def _show(lines: Sequence[dict[str, Any]]) -> None:
    columns = ("recall_at_1", "recall_at_5", "recall_at_p90", "found", "false_accepts")
    table = Table("cell", "step", *columns, "ms", "cpu_ms")
    for line in lines:
        if "ms" in line:
            shares = [f"{line[name]:.1%}" for name in columns]
            table.add_row(line["cell"], line["step"], *shares, str(line["ms"]), str(line["cpu_ms"]))
        else:
            shown = ", ".join(f"{k} {line[k]:.1%}" for k in ("single", "sum", "softmax", "best"))
            table.add_row(line["cell"], line["step"], shown)
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
