"""Says what a run will take before anything of it is drawn, from a few of its samples."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ray

from cratewatch.datasets.samples import DrawnSamples, Material, require_any
from cratewatch.errors import CratewatchError
from workers.cluster import Workers, result
from workers.painting import Brush, start_painters
from workers.pool import Quarantined
from workers.synthesis import draw_samples

ON_GPU, ON_CPU = 64, 8
"""Samples of a round; the first one loads and warms up, the second one is timed."""
TAR_BYTES = 2 * (512 + 256)
"""Of a sample's two files in a tar: headers, and the filling of the last blocks."""


@dataclass(frozen=True)
class Forecast:
    """What a run will take.

    Attributes:
        rejected: Attempts that the quality gate rejects for each sample, by reason.
        gpu_hours: Of all GPUs together; 0 on CPUs.
    """

    samples: int
    shards: int
    workers: int
    images_per_s: float
    hours: float
    gpu_hours: float
    storage_bytes: int
    rejected: dict[str, float]
    measured_on: int


def forecast(material: Material, brush: Brush | None, workers: Workers) -> Forecast:
    """Draw two small rounds of a run's samples, keep none, and reckon from the second.

    Args:
        brush: None for the composite engine.
        workers: That the run is to have; one of them is measured.

    Raises:
        CratewatchError: as a run raises it, and if none of the samples can be drawn.
    """
    count = min(ON_GPU if workers.gpu else ON_CPU, material.manifest.n_samples)
    rounds = [range(count), range(count, 2 * count)]
    results = _painted(material, brush, workers, rounds) if brush else _drawn(material, rounds)
    next(results)
    start = time.monotonic()
    drawn = next(results)
    seconds = time.monotonic() - start
    made = len(drawn.samples)
    require_any(made, drawn.lost())
    each_s = seconds / count
    hours = material.manifest.n_samples * each_s / workers.count / 3600
    return Forecast(
        samples=material.manifest.n_samples,
        shards=material.manifest.n_shards,
        workers=workers.count,
        images_per_s=round(workers.count / each_s, 2),
        hours=round(hours, 3),
        gpu_hours=round(hours * workers.count if workers.gpu else 0.0, 3),
        storage_bytes=round(material.manifest.n_samples * _bytes(drawn) / made),
        rejected={reason: round(n / count, 4) for reason, n in sorted(drawn.rejected.items())},
        measured_on=made,
    )


def _drawn(material: Material, rounds: Sequence[range]) -> Iterator[DrawnSamples]:
    kept: Any = ray.put(material)
    for numbers in rounds:
        yield result(_draw.remote(kept, numbers))


@ray.remote(num_cpus=1)
def _draw(material: Material, numbers: range) -> DrawnSamples:
    return draw_samples(material, numbers)


def _painted(
    material: Material, brush: Brush, workers: Workers, rounds: Sequence[range]
) -> Iterator[DrawnSamples]:
    painters = start_painters(material, brush, replace(workers, count=1), shards_each=1)
    for drawn in painters.map(lambda painter, numbers: painter.paint.remote(numbers), rounds):
        if isinstance(drawn, Quarantined):
            raise CratewatchError(f"synthesize: no painter survives its work ({drawn.reason})")
        yield drawn


def _bytes(drawn: DrawnSamples) -> int:
    return sum(
        len(sample.jpeg) + len(json.dumps(sample.label)) + TAR_BYTES for sample in drawn.samples
    )
