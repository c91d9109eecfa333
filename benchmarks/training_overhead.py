"""Our training loop against a bare one, and two Ray workers against one process, in pairs.

    .venv/bin/python benchmarks/training_overhead.py --pairs 3 --steps 30

Four ways take turns with the same network, batch and CPUs. "Bare" goes forward and backward over
one batch that lies ready: the arithmetic alone. "Loop" is the loop of `cratewatch train` in this
process, on as many threads: it draws its batches, mines, watches for collapse. "One worker" and
"two workers" are the command's way through Ray Train; of each run the rate after its first steps
counts, for starting Ray and workers is not what is compared. docs/evaluation.md holds the output.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table

from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.net import EmbeddingNet, standardise
from cratewatch.images.covers import prepare_cover
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import cover_key
from cratewatch.training.config import Draw, TrainConfig
from cratewatch.training.data import Batches, TrainingSet
from cratewatch.training.loop import Trainer
from cratewatch.training.progress import TrainProgress
from cratewatch.training.sketch import make_props
from workers.cluster import Workers, node_cpus, ray_cluster
from workers.training import run_training
from workers.training_job import Job

COVERS = 300
SKIPPED = 5
LEAST_OF_BARE = 0.85
LEAST_OF_ONE = 0.9


def main() -> None:
    options = _options()
    config = TrainConfig(
        model=ModelConfig(image_px=options.image_px),
        draw=Draw(artworks=96, images_each=2, sketched=1.0, confused=0.0),
        steps=options.steps,
        round_steps=options.steps,
    )
    covers = {f"{n:064x}": _cover(n) for n in range(COVERS)}
    rates: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, ray_cluster("local", Path(folder) / "ray"):
        cpus = node_cpus()
        torch.set_num_threads(cpus)
        lake = FolderLake(Path(folder) / "lake")
        for cover_id, jpeg in covers.items():
            lake.write(cover_key(cover_id), jpeg)
        job = Job(lake, None, {cover_id: cover_id for cover_id in covers}, {}, config)
        ways: dict[str, Callable[[], float]] = {
            "bare": lambda: _bare(_data(covers, config), config),
            "loop": lambda: _rate(Trainer(_data(covers, config), config).steps(), config),
            "one worker": lambda: _through_ray(job, Workers(1, cpus, gpu=False)),
            "two workers": lambda: _through_ray(job, Workers(2, cpus // 2, gpu=False)),
        }
        for _ in range(options.pairs):
            for name, way in ways.items():
                rates.setdefault(name, []).append(way())
    _show(rates, cpus)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--image-px", type=int, default=ModelConfig.image_px)
    return parser.parse_args()


def _cover(seed: int) -> bytes:
    blocks = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(blocks).resize((256, 256), Image.Resampling.BICUBIC).save(buffer, "JPEG")
    return prepare_cover(buffer.getvalue()).data


def _data(covers: dict[str, bytes], config: TrainConfig) -> TrainingSet:
    artwork_of = {cover_id: cover_id for cover_id in covers}
    return TrainingSet(covers.items(), (), artwork_of, config.model, make_props(0))


def _bare(data: TrainingSet, config: TrainConfig) -> float:
    """Go forward and backward over one batch; images in a second."""
    batch = Batches(data, config.draw, config.seed)[0]
    images = standardise(batch.images).contiguous(memory_format=torch.channels_last)
    net = EmbeddingNet(config.model).to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(net.parameters(), config.learning_rate)
    for step in range(config.steps):
        if step == SKIPPED:
            start = time.monotonic()
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16):
            embeddings = net(images)
        torch.autograd.backward((embeddings @ embeddings.T).mean())
        optimiser.step()
    return (config.steps - SKIPPED) * len(images) / (time.monotonic() - start)


def _rate(progress: Iterator[TrainProgress], config: TrainConfig) -> float:
    """Return the images in a second after the first steps, by the loop's own clock."""
    seconds = {event.step: event.seconds for event in progress}
    images = config.draw.artworks * config.draw.images_each
    steps = config.steps - SKIPPED
    return steps * images / (seconds[config.steps] - seconds[SKIPPED])


def _through_ray(job: Job, workers: Workers) -> float:
    fresh = replace(job, config=replace(job.config, seed=time.monotonic_ns() % 2**31))
    events = run_training(fresh, workers)
    return _rate((event for event in events if isinstance(event, TrainProgress)), job.config)


def _show(rates: dict[str, list[float]], cpus: int) -> None:
    table = Table("way", "images/s", "ratio", "wanted", title=f"training on {cpus} CPUs")
    compared = {"loop": ("bare", LEAST_OF_BARE), "two workers": ("loop", LEAST_OF_ONE)}
    medians = {name: statistics.median(values) for name, values in rates.items()}
    for name, median in medians.items():
        ratio, wanted = "", ""
        if name in compared:
            other, least = compared[name]
            ratio, wanted = f"{median / medians[other]:.2f} of {other}", f"{least:.2f}"
        table.add_row(name, f"{median:.0f}", ratio, wanted)
    Console(width=100).print(table)
    print(json.dumps({"images_per_s": rates}))


if __name__ == "__main__":
    main()
