"""Draws and paints runs on a Ray cluster."""

from __future__ import annotations

from dataclasses import replace

from cratewatch.datasets.samples import Material
from cratewatch.datasets.shards import RunFolder, read_manifest
from cratewatch.errors import NotFoundError
from cratewatch.progress import Progress
from cratewatch.settings import Settings
from workers.brush import Brush
from workers.cluster import Workers, cpus, fit_workers, ray_cluster
from workers.forecast import Forecast, forecast
from workers.painting import find_batch, paint_instead, paint_run
from workers.run_progress import follow
from workers.run_request import RunRequest
from workers.synthesis import draw_run


def draw_by_ray(
    settings: Settings,
    wanted: RunRequest,
    material: Material,
    folder: RunFolder,
    on_progress: Progress,
) -> Material:
    """Draw or paint all shards that are not done; return the material as it was settled."""
    with ray_cluster(settings.ray_address, settings.home / "ray"):
        workers = fit(wanted)
        if wanted.brush:
            brush = settle(folder, wanted.brush, workers)
            material = paint_instead(material, brush)
            results = paint_run(material, folder, brush, workers)
        else:
            results = draw_run(material, folder, workers.count)
        follow(material, folder, results, on_progress, workers.count if workers.gpu else 0)
    return material


def foretell_by_ray(settings: Settings, wanted: RunRequest, material: Material) -> Forecast:
    """Say what a run would take, from some of its samples."""
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
