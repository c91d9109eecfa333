"""Draws a run of query shards: plan, draw, verify, publish."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from cratewatch.catalog.catalog import open_catalog
from cratewatch.datasets.confused_pairs import confused_pairs
from cratewatch.datasets.samples import Material, ShardResult, require_any
from cratewatch.datasets.shards import (
    RunFolder,
    check_shard,
    read_manifest,
    read_samples,
    read_statistics,
    run_in_lake,
)
from cratewatch.datasets.splits import Split, in_split
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake
from cratewatch.lake.location import LakeLocation, open_lake
from cratewatch.settings import load_settings
from cratewatch.synthesis.preview import contact_sheet
from cratewatch.synthesis.query import ENGINE, Query
from cratewatch.synthesis.scene_file import GivenScene, read_scenes
from flows.progress import progress_bar
from workers.cluster import Workers, cpus, fit_workers, ray_cluster
from workers.forecast import Forecast, forecast
from workers.painting import Brush, find_batch, paint_instead, paint_run
from workers.synthesis import draw_run, plan_run

PREVIEW_SAMPLES = 64
CONFUSED_MORE = 3
CONTACT_SHEET = "contact-sheet.jpg"


@dataclass(frozen=True)
class RunRequest:
    """What is to be drawn.

    Attributes:
        workers: Shards drawn at once, or painters; 0 takes the CPUs of the cluster, or its GPUs.
        out: Folder for the shards; by default a run below queries/ in the lake, named after
            what was asked for.
        confused: Name of a model in the lake, or a CSV file of pairs; covers that it confuses, or
            that the file pairs, are drawn more often.
        brush: What paints; None for the composite engine.
        scenes: File of scenes to paint, in turn; they are sampled without one.
    """

    samples: int
    seed: int = 0
    split: Split = "all"
    workers: int = 0
    out: Path | None = None
    confused: str = ""
    brush: Brush | None = None
    scenes: Path | None = None


@flow(name="synthesize-queries")
def synthesize_queries(home: Path, wanted: RunRequest) -> dict[str, Any]:
    """Draw queries of the covers of a split; an interrupted run is taken up again.

    Raises:
        CratewatchError: if there are no covers, the run exists with other parameters, the model
            does not fit, or samples failed.
    """
    settings = load_settings(home=home)
    material, folder = plan(settings.catalog_url, settings.lake, wanted)
    with ray_cluster(settings.ray_address, settings.home / "ray"):
        workers = fit(wanted)
        if wanted.brush:
            brush = settle(folder, wanted.brush, workers)
            material = paint_instead(material, brush)
            draw(material, folder, paint_run(material, folder, brush, workers), workers)
        else:
            draw(material, folder, draw_run(material, folder, workers.count), workers)
    verify(material, folder)
    return publish(material, folder)


@flow(name="forecast-queries")
def forecast_queries(home: Path, wanted: RunRequest) -> Forecast:
    """Say what drawing them would take; nothing is kept.

    Raises:
        CratewatchError: like synthesize_queries().
    """
    settings = load_settings(home=home)
    material, _ = plan(settings.catalog_url, settings.lake, wanted)
    with ray_cluster(settings.ray_address, settings.home / "ray"):
        return forecast(material, wanted.brush, fit(wanted))


@task(cache_policy=NO_CACHE)
def plan(
    catalog_url: str, location: LakeLocation, wanted: RunRequest
) -> tuple[Material, RunFolder]:
    """Return what is drawn from, and where it is drawn to."""
    lake = open_lake(location)
    scenes = read_scenes(wanted.scenes) if wanted.scenes else []
    cover_of = covers_of(catalog_url, wanted.split)
    cover_ids = sorted(cover_of.values())
    engine = wanted.brush.engine if wanted.brush else ENGINE
    run = wanted.out.name if wanted.out else _run_name(engine, wanted)
    if wanted.confused:
        cover_ids += more_of_the_confused(lake, wanted.confused, cover_of)
    manifest = plan_run(run, cover_ids, wanted.samples, wanted.seed, wanted.split)
    _refuse_strangers(scenes, cover_ids)
    folder = RunFolder(FolderLake(wanted.out)) if wanted.out else run_in_lake(lake, run)
    return Material(lake, manifest, cover_ids, scenes), folder


def _refuse_strangers(scenes: Sequence[GivenScene], cover_ids: Sequence[str]) -> None:
    """Raise CratewatchError if a scene asks for a cover that is not among those to draw."""
    known = set(cover_ids)
    for scene in scenes:
        if scene.cover_id is not None and scene.cover_id not in known:
            raise CratewatchError(
                f"--scenes: cover {scene.cover_id} is not among the {len(known)} to draw; leave "
                "cover_id out, or choose another --split"
            )


def _run_name(engine: str, wanted: RunRequest) -> str:
    parts = [f"{engine}-{wanted.split}-{wanted.samples}-seed{wanted.seed}"]
    if wanted.confused:
        parts.append(f"confused-by-{Path(wanted.confused).stem}")
    if wanted.scenes:
        parts.append(f"scenes-{wanted.scenes.stem}")
    return "-".join(parts)


def covers_of(catalog_url: str, split: Split) -> dict[str, str]:
    """Return a cover to draw for each artwork of the split."""
    catalog = open_catalog(catalog_url)
    try:
        first = {cover.artwork_id: cover.cover_id for cover in reversed(catalog.covers())}
    finally:
        catalog.close()
    return {artwork: cover for artwork, cover in first.items() if in_split(artwork, split)}


def more_of_the_confused(lake: Lake, source: str, cover_of: Mapping[str, str]) -> list[str]:
    """Return the covers to draw beside once each: CONFUSED_MORE times those of confused pairs.

    Raises:
        CratewatchError: if the model confuses none of these artworks.
    """
    pairs = confused_pairs(lake, source)
    artworks = {artwork for pair in pairs for artwork in pair} & cover_of.keys()
    if not artworks:
        raise CratewatchError(
            f"--confused: {source} names none of these artworks; leave it out, or give another "
            "model or file"
        )
    return sorted(cover_of[artwork] for artwork in artworks) * CONFUSED_MORE


def fit(wanted: RunRequest) -> Workers:
    """Return as many workers as are asked for; raise CratewatchError if they do not fit.

    Without GPUs each takes one CPU, also if it paints.
    """
    if wanted.brush is None:
        return Workers(wanted.workers or cpus(), 1, gpu=False)
    gpu = {"auto": None, "cuda": True, "cpu": False}[wanted.brush.config.device]
    fitted = fit_workers(wanted.workers, gpu=gpu)
    return fitted if fitted.gpu else Workers(wanted.workers or cpus(), 1, gpu=False)


@task(cache_policy=NO_CACHE)
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


@task(cache_policy=NO_CACHE, tags=["gpu"])
def draw(
    material: Material, folder: RunFolder, results: Iterator[ShardResult], workers: Workers
) -> None:
    """Draw all shards that are not done; a concurrency limit on the tag gpu bounds such tasks."""
    manifest = material.manifest
    left = sum(len(manifest.sample_range(n)) for n in folder.not_done(manifest))
    start = time.monotonic()
    so_far = Counts()
    with progress_bar("synthesize") as advance:
        for shard in results:
            so_far.add(shard)
            hours = (time.monotonic() - start) / 3600
            done = manifest.n_samples - left + so_far.drawn
            advance(done, manifest.n_samples, so_far.note(hours, workers))


@dataclass
class Counts:
    """What came of the shards so far."""

    drawn: int = 0
    left_out: int = 0
    failed: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, shard: ShardResult) -> None:
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


@task(cache_policy=NO_CACHE)
def verify(material: Material, folder: RunFolder) -> None:
    """Look into every shard; one that is not what its marker says has to be drawn again.

    Raises:
        CratewatchError: if there is such a shard; it is no longer done.
    """
    broken = [n for n in range(material.manifest.n_shards) if not check_shard(folder, n)]
    if broken:
        raise CratewatchError(
            f"run {material.manifest.run}: {len(broken)} shards are not whole, first number "
            f"{broken[0]}; they no longer count as done: see to the disk and synthesize again"
        )


@task(cache_policy=NO_CACHE)
def publish(material: Material, folder: RunFolder) -> dict[str, Any]:
    """Sum the shards' statistics up; show them, and some of the samples, as an artifact."""
    manifest = material.manifest
    shards = [read_statistics(folder, n) for n in range(manifest.n_shards)]
    total = sum(shard["samples"] for shard in shards)
    means = {
        name: round(sum(shard[name] * shard["samples"] for shard in shards) / max(1, total), 4)
        for name in ("severity", "occluded_fraction")
    }
    rejected: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for shard in shards:
        rejected.update(shard.get("rejected", {}))
        left_out.update({reason: len(ids) for reason, ids in shard.get("left_out", {}).items()})
    require_any(total, rejected + left_out)
    report = {
        "run": manifest.run,
        "folder": f"{folder.lake.root}/{folder.prefix}".rstrip("/"),
        "samples": total,
        "shards": len(shards),
        **means,
        "left_out": dict(sorted(left_out.items())),
    }
    if manifest.settings:
        report |= {
            "rejected": dict(sorted(rejected.items())),
            "dropped": sum(shard.get("dropped", 0) for shard in shards),
        }
    sheet = BytesIO()
    contact_sheet(_first_queries(folder)).save(sheet, "JPEG")
    folder.lake.write(folder.key(CONTACT_SHEET), sheet.getvalue())
    rows = [*report.items(), ("contact sheet", f"{report['folder']}/{CONTACT_SHEET}")]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    create_markdown_artifact(markdown=f"# Queries\n\n| | |\n|---|---|\n{table}\n", key="queries")
    return report


def _first_queries(run: RunFolder) -> list[Query]:
    samples = islice(read_samples(run), PREVIEW_SAMPLES)
    return [Query(sample.jpeg, sample.label) for sample in samples]


def write_preview(lake: LakeLocation, folder: str, path: Path) -> None:
    """Write a contact sheet of a run's first samples, with boxes and masks, to an image file.

    Args:
        folder: Where the run's files lie, as publish() reports it.
    """
    run = RunFolder(open_lake(replace(lake, path=folder)))
    sheet = contact_sheet(_first_queries(run))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
