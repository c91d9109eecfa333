"""Draws samples by the composite engine; what is drawn depends on the manifest alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

import cv2

from cratewatch.datasets.samples import (
    DrawnSamples,
    Material,
    ShardResult,
    keep_shard,
    sample_key,
    until_failures,
)
from cratewatch.datasets.shards import Manifest, RunFolder, Sample, start_run
from cratewatch.datasets.splits import Split
from cratewatch.errors import CratewatchError, ImageError, UnavailableError
from cratewatch.synthesis.query import ENGINE, draw_query
from cratewatch.synthesis.scene import SceneConfig

SHARD_SIZE = 250


def plan_run(
    run: str, cover_ids: Sequence[str], n_samples: int, seed: int, split: Split
) -> Manifest:
    """Describe a run of the composite engine.

    Raises:
        CratewatchError: if there is no cover to draw from.
    """
    if not cover_ids:
        raise CratewatchError(
            f"no covers in split {split!r}: nothing to draw; import or refresh first"
        )
    return Manifest(
        run=run,
        engine=ENGINE,
        seed=seed,
        n_samples=n_samples,
        shard_size=SHARD_SIZE,
        split=split,
        covers=hashlib.sha256("\n".join(cover_ids).encode()).hexdigest(),
        scene=json.loads(json.dumps(asdict(SceneConfig()))),
    )


def draw_samples(material: Material, numbers: Iterable[int]) -> DrawnSamples:
    """Draw samples in this process, all whose covers can be read.

    Raises:
        UnavailableError: if the lake is away: no sample is at fault, and the next would fail too.
    """
    drawn = DrawnSamples()
    for number in numbers:
        key, cover_id = sample_key(number), material.cover_id(number)
        try:
            cover = material.cover(number)
            query = draw_query(cover, cover_id, material.seed(number), SceneConfig())
            drawn.samples.append(Sample(key, query.jpeg, query.label))
        except ImageError as error:
            drawn.leave_out(cover_id, error)
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001  one bad sample must not cost the others
            drawn.failed[key] = f"{type(error).__name__}: {error}"
    return drawn


def draw_shard(material: Material, folder: RunFolder, shard: int) -> ShardResult:
    """Draw a shard and write it."""
    numbers = material.manifest.sample_range(shard)
    return keep_shard(folder, shard, draw_samples(material, numbers))


def draw_here(material: Material, folder: RunFolder) -> Iterator[ShardResult]:
    """Draw the shards that are not done yet in this process, yielding each as it finishes.

    Raises:
        CratewatchError: at the end, if samples failed; their shards are not done.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # as workers do
    try:
        todo = start_run(folder, material.manifest)
        drawn = (draw_shard(material, folder, shard) for shard in todo)
        yield from until_failures(material.manifest.run, drawn)
    finally:
        cv2.setNumThreads(threads)
