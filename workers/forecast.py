"""Says what a run will take before anything of it is drawn, from some of its samples."""

from __future__ import annotations

import json
import math
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import ray

from cratewatch.datasets.samples import DrawnSamples, Material, require_any
from cratewatch.datasets.shards import Manifest
from cratewatch.errors import CratewatchError
from workers.brush import Brush
from workers.cluster import Workers, run_bounded
from workers.drawing import draw_samples
from workers.painting import start_painters
from workers.pool import Quarantined

ON_GPU, ON_CPU = 64, 8
"""Samples of a round of painting; the first one loads and warms up."""
PAINTED_ROUNDS = 3
DRAWN = 16
"""Samples of a round of the composite engine; all workers draw at once, as in the run."""
DRAWN_ROUNDS = 4
MOST_WORKERS = 16
"""That are measured at once."""
LEAST_SPREAD = 0.2
"""Of the time foretold, that other work on the machines may make of it either way."""
TAR_BYTES = 2 * (512 + 256)
"""Of a sample's two files in a tar: headers, and the filling of the last blocks."""


@dataclass(frozen=True)
class Forecast:
    """What a run will take.

    Attributes:
        images_per_s: Of all workers together, over the whole run.
        hours: From the first sample to the last, with those of a worker that ends later.
        hours_least: The range that the rounds' own spread leaves, a fifth either way at least.
        rejected: Attempts that the quality gate rejects for each sample, by reason.
        gpu_hours: Of all GPUs together; 0 on CPUs.
    """

    samples: int
    shards: int
    workers: int
    images_per_s: float
    hours: float
    hours_least: float
    hours_most: float
    gpu_hours: float
    storage_bytes: int
    rejected: dict[str, float]
    measured_on: int


@dataclass(frozen=True)
class Round:
    """What one worker drew of some samples, and how long each took it."""

    drawn: DrawnSamples
    asked: int
    each_s: float


def forecast(material: Material, brush: Brush | None, workers: Workers) -> Forecast:
    """Draw some rounds of a run's samples, keep none, and reckon from them.

    Args:
        brush: None for the composite engine.
        workers: That the run is to have; of painters, which share nothing, one is measured.

    Raises:
        CratewatchError: as a run raises it, and if none of the samples can be drawn.
    """
    rounds = list(_painted(material, brush, workers) if brush else _drawn(material, workers))
    return _reckon(material.manifest, rounds, workers)


def _reckon(manifest: Manifest, rounds: Sequence[Round], workers: Workers) -> Forecast:
    samples = [sample for one in rounds for sample in one.drawn.samples]
    lost = sum((one.drawn.lost() for one in rounds), Counter[str]())
    require_any(len(samples), lost)
    each_s = [one.each_s for one in rounds]
    spread = 2 * statistics.stdev(each_s) / math.sqrt(len(each_s)) if len(each_s) > 1 else 0.0
    spread = max(LEAST_SPREAD, spread / statistics.mean(each_s))
    hours = _longest(manifest, workers.count) * statistics.mean(each_s) / 3600
    rejected = sum((one.drawn.rejected for one in rounds), Counter[str]())
    asked = sum(one.asked for one in rounds)
    return Forecast(
        samples=manifest.n_samples,
        shards=manifest.n_shards,
        workers=workers.count,
        images_per_s=round(manifest.n_samples / hours / 3600, 2),
        hours=round(hours, 4),
        hours_least=round(hours * max(0.0, 1 - spread), 4),
        hours_most=round(hours * (1 + spread), 4),
        gpu_hours=round(hours * workers.count if workers.gpu else 0.0, 4),
        storage_bytes=round(
            manifest.n_samples
            * statistics.mean(
                len(sample.jpeg) + len(json.dumps(sample.label)) + TAR_BYTES for sample in samples
            )
        ),
        rejected={reason: round(n / asked, 4) for reason, n in sorted(rejected.items())},
        measured_on=len(samples),
    )


def _longest(manifest: Manifest, workers: int) -> int:
    """Return the samples of the worker that draws most, each taking the next shard when free."""
    last = manifest.n_shards - 1
    alone = last % workers == 0  # the last shard, which may be a small one
    size = len(manifest.sample_range(last)) if alone else manifest.shard_size
    return last // workers * manifest.shard_size + size


def _drawn(material: Material, workers: Workers) -> Iterator[Round]:
    kept: Any = ray.put(material)
    measured = min(workers.count, MOST_WORKERS)
    warm_up = [range(number, number + 1) for number in range(measured)]
    rounds = [range(n * DRAWN, (n + 1) * DRAWN) for n in range(measured * DRAWN_ROUNDS)]
    for numbers in (warm_up, rounds):
        made = list(run_bounded(lambda part: _draw.remote(kept, part), numbers, measured))
    yield from made


@ray.remote(num_cpus=1)
def _draw(material: Material, numbers: range) -> Round:
    cv2.setNumThreads(1)
    start = time.monotonic()
    drawn = draw_samples(material, numbers)
    return Round(drawn, len(numbers), (time.monotonic() - start) / len(numbers))


def _painted(material: Material, brush: Brush, workers: Workers) -> Iterator[Round]:
    count = min(ON_GPU if workers.gpu else ON_CPU, material.manifest.n_samples)
    rounds = [range(n * count, (n + 1) * count) for n in range(1 + PAINTED_ROUNDS)]
    painters = start_painters(material, brush, replace(workers, count=1), shards_each=1)
    start = None
    for drawn in painters.map(lambda painter, numbers: painter.paint.remote(numbers), rounds):
        if isinstance(drawn, Quarantined):
            raise CratewatchError(f"synthesize: no painter survives its work ({drawn.reason})")
        now = time.monotonic()
        if start is not None:
            yield Round(drawn, count, (now - start) / count)
        start = now
