"""Draws a run of query shards: plan, draw, verify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from cratewatch.catalog import open_catalog
from cratewatch.confused_pairs import confused_pairs
from cratewatch.errors import CratewatchError
from cratewatch.lake import FolderLake, Lake, LakeLocation, open_lake
from cratewatch.settings import load_settings
from cratewatch.shards import Manifest, RunFolder, read_samples, read_statistics, run_in_lake
from cratewatch.splits import Split, in_split
from cratewatch.synthesis.preview import contact_sheet
from cratewatch.synthesis.query import ENGINE, Query
from flows.progress import progress_bar
from workers.cluster import cpus, ray_cluster
from workers.synthesis import draw_run, plan_run

PREVIEW_SAMPLES = 64
CONFUSED_MORE = 3


@flow(name="synthesize-queries")
def synthesize_queries(  # noqa: PLR0913  what the command takes
    home: Path,
    *,
    samples: int,
    seed: int = 0,
    split: Split = "all",
    workers: int = 0,
    out: Path | None = None,
    confused: str = "",
) -> dict[str, Any]:
    """Draw queries of the covers of a split; an interrupted run is taken up again.

    Args:
        workers: Shards drawn at once; 0 takes the CPUs of the cluster.
        out: Folder for the shards; by default a run below queries/ in the lake, named after
            what was asked for.
        confused: Name of a model in the lake, or a CSV file of pairs; covers that it confuses, or
            that the file pairs, are drawn more often.

    Raises:
        CratewatchError: if there are no covers, the run exists with other parameters, or
            samples failed.
    """
    settings = load_settings(home=home)
    lake = open_lake(settings.lake)
    cover_of = covers_of(settings.catalog_url, split)
    cover_ids = sorted(cover_of.values())
    run = out.name if out else f"{ENGINE}-{split}-{samples}-seed{seed}"
    if confused:
        cover_ids += more_of_the_confused(lake, confused, cover_of)
        run += "" if out else f"-confused-by-{Path(confused).stem}"
    folder = RunFolder(FolderLake(out)) if out else run_in_lake(lake, run)
    manifest = plan_run(run, cover_ids, samples, seed, split)
    with ray_cluster(settings.ray_address, settings.home / "ray"):
        draw(lake, folder, manifest, cover_ids, workers or cpus())
    return publish(folder, manifest)


@task(cache_policy=NO_CACHE)
def covers_of(catalog_url: str, split: Split) -> dict[str, str]:
    """Return a cover to draw for each artwork of the split."""
    catalog = open_catalog(catalog_url)
    try:
        first = {cover.artwork_id: cover.cover_id for cover in reversed(catalog.covers())}
    finally:
        catalog.close()
    return {artwork: cover for artwork, cover in first.items() if in_split(artwork, split)}


@task(cache_policy=NO_CACHE)
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


@task(cache_policy=NO_CACHE)
def draw(
    lake: Lake, folder: RunFolder, manifest: Manifest, cover_ids: list[str], workers: int
) -> None:
    """Draw all shards that are not done."""
    with progress_bar("synthesize") as advance:
        drawn = failed = 0
        for shard in draw_run(lake, folder, manifest, cover_ids, workers):
            drawn, failed = drawn + shard.drawn, failed + len(shard.failed)
            advance(drawn, manifest.n_samples, f"{failed} failed" if failed else "")


@task(cache_policy=NO_CACHE)
def publish(folder: RunFolder, manifest: Manifest) -> dict[str, Any]:
    """Sum the shards' statistics up and show them as an artifact."""
    shards = [read_statistics(folder, n) for n in range(manifest.n_shards)]
    total = sum(shard["samples"] for shard in shards)
    means = {
        name: round(sum(shard[name] * shard["samples"] for shard in shards) / total, 4)
        for name in ("severity", "occluded_fraction")
    }
    report = {
        "run": manifest.run,
        "folder": f"{folder.lake.root}/{folder.prefix}".rstrip("/"),
        "samples": total,
        "shards": len(shards),
        **means,
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in report.items())
    create_markdown_artifact(markdown=f"# Queries\n\n| | |\n|---|---|\n{table}\n", key="queries")
    return report


def write_preview(lake: LakeLocation, folder: str, path: Path) -> None:
    """Write a contact sheet of a run's first samples, with boxes, to an image file.

    Args:
        folder: Where the run's files lie, as publish() reports it.
    """
    run = RunFolder(open_lake(replace(lake, path=folder)))
    samples = islice(read_samples(run), PREVIEW_SAMPLES)
    sheet = contact_sheet([Query(sample.jpeg, sample.label) for sample in samples], boxes=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
