"""Draws query shards on a Ray cluster; what is drawn depends on the manifest alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import ray

from cratewatch.datasets.samples import Material, ShardResult, until_failures
from cratewatch.datasets.shards import RunFolder, start_run
from workers.cluster import run_bounded
from workers.drawing import draw_shard


def draw_run(material: Material, folder: RunFolder, workers: int) -> Iterator[ShardResult]:
    """Draw the shards that are not done yet, yielding each as it finishes.

    Args:
        folder: Receives the shards.
        workers: Shards drawn at once.

    Raises:
        CratewatchError: at the end, if samples failed; their shards are not done.
    """
    kept: Any = ray.put(material)
    drawn = run_bounded(
        lambda shard: _draw_shard.remote(kept, folder, shard),
        start_run(folder, material.manifest),
        workers,
    )
    yield from until_failures(material.manifest.run, drawn)


@ray.remote(num_cpus=1)
def _draw_shard(material: Material, folder: RunFolder, shard: int) -> ShardResult:
    cv2.setNumThreads(1)  # a second thread takes a core from the next shard and gains little
    return draw_shard(material, folder, shard)
