"""Runs of shards against the bare engines, and two Ray workers against one, in turns.

    .venv/bin/python benchmarks/synthesis_overhead.py --samples 600 --painted 48 --pairs 3

"Bare" draws the same samples one after another in this process and keeps none; "plain processes"
draw so at once, as nice as Ray's workers are: what the machine has to give to two. The others are
the command's way: Ray, covers from the lake, shards with labels and done markers. The clock starts
when Ray's workers have drawn their first shards. All draw on one thread; GLIGEN is the tiny one.
docs/synthesis.md holds the output.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import cv2
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.loopback_shop import distinct_jpeg
from cratewatch.datasets.samples import Material
from cratewatch.datasets.shards import RunFolder
from cratewatch.images.covers import prepare_cover
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import cover_key
from cratewatch.synthesis.diffusion.architectures import make_model
from cratewatch.synthesis.diffusion.config import GligenConfig
from cratewatch.synthesis.diffusion.engines import make_engine
from cratewatch.synthesis.painted_query import Order, PaintConfig, draw_painted
from cratewatch.synthesis.scene import SceneConfig, sample_scene
from workers.brush import Brush
from workers.cluster import Workers, ray_cluster
from workers.drawing import draw_samples, plan_run
from workers.painting import SHARDS_EACH, paint_instead, start_painters
from workers.synthesis import draw_run

COVERS = 40
COVER_BYTES = 30_000
SHARD = 25
RAY_NICENESS = 15
"""Of its workers, unless RAY_worker_niceness says otherwise."""


def main() -> None:
    options = _options()
    _work_on_one_thread()
    rates: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name, ray_cluster("local", Path(name) / "ray"):
        folder = Path(name)
        make_model(folder / "gligen")
        config = GligenConfig(steps=10, batch=8, precision="fp32", device="cpu")
        brush = Brush("gligen", str(folder / "gligen"), config, PaintConfig(side_px=320))
        drawn = _material(folder, options.samples)
        painted = paint_instead(_material(folder, options.painted), brush)
        ways: dict[str, Callable[[], float]] = {
            "composite, bare": lambda: _bare(drawn),
            "composite, two plain processes": lambda: _plain(drawn, 2),
            "composite, one worker": lambda: _run(drawn, folder, 1),
            "composite, two workers": lambda: _run(drawn, folder, 2),
            "gligen, bare": lambda: _bare_painted(painted, brush),
            "gligen, one painter": lambda: _painted(painted, folder, brush),
        }
        for _ in range(options.pairs):
            for way, measure in ways.items():
                rates.setdefault(way, []).append(measure())
    _show(rates)


def _work_on_one_thread() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=600)
    parser.add_argument("--painted", type=int, default=48)
    parser.add_argument("--pairs", type=int, default=3)
    return parser.parse_args()


def _material(folder: Path, samples: int) -> Material:
    lake = FolderLake(folder / "lake")
    ids = []
    for n in range(COVERS):
        cover = prepare_cover(distinct_jpeg(n, COVER_BYTES))
        lake.write(cover_key(cover.cover_id), cover.data)
        ids.append(cover.cover_id)
    manifest = plan_run("run", ids, samples, 1, "all")
    return Material(lake, replace(manifest, shard_size=SHARD), ids)


def _bare(material: Material) -> float:
    start = time.monotonic()
    drawn = draw_samples(material, range(material.manifest.n_samples))
    return len(drawn.samples) / (time.monotonic() - start)


def _plain(material: Material, processes: int) -> float:
    """Let processes draw equal parts at once; the clock starts when all have drawn a sample."""
    count = material.manifest.n_samples // processes
    context = multiprocessing.get_context("spawn")
    ends, started = [], []
    for number in range(processes):
        end, other = context.Pipe()
        part = range(number * count, (number + 1) * count)
        process = context.Process(target=_draw_when_told, args=(material, part, other))
        process.start()
        ends.append(end)
        started.append(process)
    for end in ends:
        end.recv()
    start = time.monotonic()
    for end in ends:
        end.send("go")
    drawn: int = sum(end.recv() for end in ends)
    seconds = time.monotonic() - start
    for process in started:
        process.join()
    return drawn / seconds


def _draw_when_told(material: Material, numbers: range, end: Connection) -> None:
    os.nice(RAY_NICENESS)
    _work_on_one_thread()
    draw_samples(material, numbers[:1])
    end.send("ready")
    end.recv()
    end.send(len(draw_samples(material, numbers).samples))


def _run(material: Material, folder: Path, workers: int) -> float:
    """Draw a run; the clock starts with the first shards, since Ray starts workers for them."""
    with tempfile.TemporaryDirectory(dir=folder) as out:
        results = draw_run(material, RunFolder(FolderLake(Path(out))), workers)
        for _ in range(workers):
            next(results)
        start = time.monotonic()
        return sum(shard.drawn for shard in results) / (time.monotonic() - start)


def _bare_painted(material: Material, brush: Brush) -> float:
    engine = make_engine(brush.engine, brush.model, brush.config)

    def order(number: int) -> Order:
        return Order(
            material.cover(number),
            material.cover_id(number),
            material.seed(number),
            lambda seed: sample_scene(seed, SceneConfig()),
        )

    draw_painted(engine, [order(0)], brush.paint)
    start = time.monotonic()
    orders = [order(number) for number in range(material.manifest.n_samples)]
    made = draw_painted(engine, orders, brush.paint)
    return sum(one.query is not None for one in made) / (time.monotonic() - start)


def _painted(material: Material, folder: Path, brush: Brush) -> float:
    """Paint a run on one CPU; the clock starts once the painter has painted a shard."""
    with tempfile.TemporaryDirectory(dir=folder) as out:
        target = RunFolder(FolderLake(Path(out)))
        shards = list(range(material.manifest.n_shards))
        painters = start_painters(material, brush, Workers(1, 1, gpu=False))
        results = painters.map(
            lambda painter, shard: painter.paint_shard.remote(target, shard),
            [0] * SHARDS_EACH + shards,
        )
        for _ in range(SHARDS_EACH):
            next(results)
        start = time.monotonic()
        return sum(shard.drawn for shard in results) / (time.monotonic() - start)


def _show(rates: dict[str, list[float]]) -> None:
    table = Table("way", "images/s", "ratio", "wanted")
    compared = [
        ("composite, two plain processes", "composite, bare", ""),
        ("composite, one worker", "composite, bare", "0.90"),
        ("composite, two workers", "composite, one worker", "1.80"),
        ("composite, two workers", "composite, two plain processes", "0.90"),
        ("gligen, one painter", "gligen, bare", "0.90"),
    ]
    for way, values in rates.items():
        table.add_row(way, f"{statistics.median(values):.1f}", "", "")
    for way, other, wanted in compared:
        ratio = statistics.median(a / b for a, b in zip(rates[way], rates[other], strict=True))
        table.add_row(f"{way}, of {other}", "", f"{ratio:.2f}", wanted)
    Console(width=100).print(table)
    print(json.dumps({"images_per_s": rates}))


if __name__ == "__main__":
    main()
