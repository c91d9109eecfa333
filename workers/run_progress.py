"""Tells what came of the shards of a run while they are drawn."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from cratewatch.datasets.samples import Material, ShardResult
from cratewatch.datasets.shards import RunFolder
from cratewatch.progress import Progress


def follow(
    material: Material,
    folder: RunFolder,
    results: Iterator[ShardResult],
    on_progress: Progress,
    gpus: int = 0,
) -> None:
    """Draw all shards that are not done, telling samples and what came of them.

    Args:
        gpus: How many are at work.
    """
    manifest = material.manifest
    left = sum(len(manifest.sample_range(n)) for n in folder.not_done(manifest))
    start = time.monotonic()
    so_far = Counts()
    for shard in results:
        so_far.add(shard)
        hours = (time.monotonic() - start) / 3600
        done = manifest.n_samples - left + so_far.drawn
        on_progress(done, manifest.n_samples, so_far.note(hours, gpus))


@dataclass
class Counts:
    """What came of the shards so far."""

    drawn: int = 0
    left_out: int = 0
    failed: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, shard: ShardResult) -> None:
        """Count one more shard."""
        self.drawn += shard.drawn
        self.left_out += shard.left_out
        self.failed += len(shard.failed)
        self.rejected.update(shard.rejected)

    def note(self, hours: float, gpus: int) -> str:
        """Return the rate, what was left out, failed or was rejected, and what it cost of GPUs."""
        notes = [f"{self.drawn / hours / 3600:.1f} img/s"]
        notes += [f"{self.left_out} left out"] if self.left_out else []
        notes += [f"{self.failed} failed"] if self.failed else []
        notes += [self._shares()] if self.rejected else []
        notes += [f"{hours * gpus:.2f} GPU-h"] if gpus else []
        return ", ".join(notes)

    def _shares(self) -> str:
        total = self.rejected.total()
        attempts = self.drawn + total
        reasons = [f"{reason} {n / attempts:.1%}" for reason, n in sorted(self.rejected.items())]
        return f"rejected {total / attempts:.1%} ({', '.join(reasons)})"
