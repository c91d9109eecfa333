"""Draws query shards in parallel; what is drawn depends on the manifest alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import ray

from cratewatch.errors import CratewatchError, UnavailableError
from cratewatch.images import decode, pixels
from cratewatch.lake import Lake, cover_key
from cratewatch.shards import (
    Manifest,
    RunFolder,
    Sample,
    record_failed_shard,
    start_run,
    write_shard,
)
from cratewatch.splits import Split
from cratewatch.synthesis.query import ENGINE, draw_query
from cratewatch.synthesis.scene import SceneConfig
from workers.cluster import run_bounded

SHARD_SIZE = 250
COVER_SIDE_PX = 400  # covers are drawn on a canvas of about this size


@dataclass(frozen=True)
class ShardResult:
    """What came of one shard; failed holds the reason of each sample that could not be drawn."""

    shard: int
    drawn: int
    failed: dict[str, str]


def plan_run(
    run: str, cover_ids: Sequence[str], n_samples: int, seed: int, split: Split
) -> Manifest:
    """Describe a run.

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


def draw_run(
    lake: Lake, folder: RunFolder, manifest: Manifest, cover_ids: Sequence[str], workers: int
) -> Iterator[ShardResult]:
    """Draw the shards that are not done yet, yielding each as it finishes.

    Args:
        lake: Holds the covers.
        folder: Receives the shards.
        cover_ids: Those that the manifest was planned with, in the same order.
        workers: Shards drawn at once.

    Raises:
        CratewatchError: at the end, if samples failed; their shards are not done.
    """
    failed: dict[str, str] = {}
    covers = ray.put(list(cover_ids))
    todo = start_run(folder, manifest)
    for result in run_bounded(
        lambda shard: _draw_shard.remote(lake, folder, manifest, shard, covers), todo, workers
    ):
        failed |= result.failed
        yield result
    if failed:
        key, reason = next(iter(failed.items()))
        raise CratewatchError(
            f"run {manifest.run}: {len(failed)} samples failed, first {key}: {reason}; "
            "their shards hold .failed files; mend the covers and synthesize again"
        )


@ray.remote(num_cpus=1)
def _draw_shard(
    lake: Lake, folder: RunFolder, manifest: Manifest, shard: int, cover_ids: list[str]
) -> ShardResult:
    samples: list[Sample] = []
    failed: dict[str, str] = {}
    for number in manifest.sample_range(shard):
        key = f"{number:09d}"
        try:
            samples.append(_draw_sample(lake, manifest, number, key, cover_ids))
        except UnavailableError:  # no sample is at fault, and the next would fail as well
            raise
        except Exception as error:  # noqa: BLE001  one bad cover must not cost the others
            failed[key] = f"{type(error).__name__}: {error}"
    if failed:
        record_failed_shard(folder, shard, failed)
    else:
        write_shard(folder, shard, samples, _statistics(samples))
    return ShardResult(shard, len(samples), failed)


def _draw_sample(
    lake: Lake, manifest: Manifest, number: int, key: str, cover_ids: list[str]
) -> Sample:
    cover_id = cover_ids[_cover_of_sample(number, manifest.seed, len(cover_ids))]
    cover = pixels(decode(lake.read(cover_key(cover_id)), side_px=COVER_SIDE_PX))
    query = draw_query(cover, cover_id, _sample_seed(manifest.seed, number), SceneConfig())
    return Sample(key, query.jpeg, query.label)


def _cover_of_sample(number: int, seed: int, n_covers: int) -> int:
    """Go through all covers in a new order each time, so that each is drawn equally often."""
    turn, place = divmod(number, n_covers)
    order = np.random.default_rng([seed, turn]).permutation(n_covers)
    return int(order[place])


def _sample_seed(seed: int, number: int) -> int:
    return int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0])


def _statistics(samples: Sequence[Sample]) -> dict[str, Any]:
    return {
        name: round(float(np.mean([sample.label[name] for sample in samples])), 4)
        for name in ("severity", "occluded_fraction")
    }
