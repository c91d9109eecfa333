"""Draws a run of query shards: plan, draw, verify, publish."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from cratewatch.datasets.run_report import RunReport, publish, verify
from cratewatch.datasets.samples import Material, ShardResult
from cratewatch.datasets.shards import RunFolder, read_manifest
from cratewatch.errors import NotFoundError
from cratewatch.progress import Progress, unseen
from cratewatch.settings import Settings
from workers.cluster import Workers, cpus, fit_workers, ray_cluster
from workers.forecast import Forecast, forecast
from workers.painting import Brush, find_batch, paint_instead, paint_run
from workers.run_request import RunRequest, plan
from workers.synthesis import draw_run


def synthesize(settings: Settings, wanted: RunRequest, on_progress: Progress = unseen) -> RunReport:
    """Draw queries of the covers of a split; an interrupted run is taken up again.

    Raises:
        CratewatchError: if there are no covers, the run exists with other parameters, the model
            does not fit, or samples failed.
    """
    material, folder = plan(settings, wanted)
    with ray_cluster(settings.ray_address, settings.home / "ray"):
        workers = fit(wanted)
        if wanted.brush:
            brush = settle(folder, wanted.brush, workers)
            material = paint_instead(material, brush)
            results = paint_run(material, folder, brush, workers)
        else:
            results = draw_run(material, folder, workers.count)
        draw(material, folder, results, workers, on_progress)
    verify(material.manifest, folder)
    return publish(material.manifest, folder)


def foretell(settings: Settings, wanted: RunRequest) -> Forecast:
    """Say what drawing them would take; nothing is kept.

    Raises:
        CratewatchError: like synthesize().
    """
    material, _ = plan(settings, wanted)
    with ray_cluster(settings.ray_address, settings.home / "ray"):
        return forecast(material, wanted.brush, fit(wanted))


def fit(wanted: RunRequest) -> Workers:
    """Return as many workers as are asked for; raise CratewatchError if they do not fit.

    Without GPUs each takes one CPU, also if it paints.
    """
    if wanted.brush is None:
        return Workers(wanted.workers or cpus(), 1, gpu=False)
    gpu = {"auto": None, "cuda": True, "cpu": False}[wanted.brush.config.device]
    fitted = fit_workers(wanted.workers, gpu=gpu)
    return fitted if fitted.gpu else Workers(wanted.workers or cpus(), 1, gpu=False)


def settle(folder: RunFolder, brush: Brush, workers: Workers) -> Brush:
    """Return the brush with its batch: the run's own, where it was begun, or what a GPU holds.

    With another batch the same seed may give other bytes.
    """
    if brush.config.batch is not None:
        return brush
    try:
        batch = int(read_manifest(folder).settings["batch"])
    except (NotFoundError, KeyError):
        batch = find_batch(brush, workers)
    return replace(brush, config=replace(brush.config, batch=batch))


def draw(
    material: Material,
    folder: RunFolder,
    results: Iterator[ShardResult],
    workers: Workers,
    on_progress: Progress,
) -> None:
    """Draw all shards that are not done, telling samples and what came of them."""
    manifest = material.manifest
    left = sum(len(manifest.sample_range(n)) for n in folder.not_done(manifest))
    start = time.monotonic()
    so_far = Counts()
    for shard in results:
        so_far.add(shard)
        hours = (time.monotonic() - start) / 3600
        done = manifest.n_samples - left + so_far.drawn
        on_progress(done, manifest.n_samples, so_far.note(hours, workers))


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

    def note(self, hours: float, workers: Workers) -> str:
        """Return the rate, what was left out, failed or was rejected, and what it cost of GPUs."""
        notes = [f"{self.drawn / hours / 3600:.1f} img/s"]
        notes += [f"{self.left_out} left out"] if self.left_out else []
        notes += [f"{self.failed} failed"] if self.failed else []
        notes += [self._shares()] if self.rejected else []
        notes += [f"{hours * workers.count:.2f} GPU-h"] if workers.gpu else []
        return ", ".join(notes)

    def _shares(self) -> str:
        total = self.rejected.total()
        attempts = self.drawn + total
        reasons = [f"{reason} {n / attempts:.1%}" for reason, n in sorted(self.rejected.items())]
        return f"rejected {total / attempts:.1%} ({', '.join(reasons)})"
