"""What is asked of a run of queries, and the covers and the folder that it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cratewatch.catalog.catalog import open_catalog
from cratewatch.datasets.confused_pairs import confused_pairs
from cratewatch.datasets.samples import Material
from cratewatch.datasets.shards import RunFolder, run_in_lake
from cratewatch.datasets.splits import Split, in_split
from cratewatch.errors import CratewatchError
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake
from cratewatch.lake.opening import open_lake
from cratewatch.secret_url import SecretUrl
from cratewatch.settings import Settings
from cratewatch.synthesis.query import ENGINE
from cratewatch.synthesis.scene_file import GivenScene, read_scenes
from workers.brush import Brush
from workers.drawing import plan_run

CONFUSED_MORE = 3


@dataclass(frozen=True)
class RunRequest:
    """What is to be drawn.

    Attributes:
        workers: Shards drawn at once, or painters; 0 takes the CPUs of the cluster, or its GPUs.
        out: Folder for the shards; by default a run below queries/ in the lake.
        name: Of the run in the lake; by default it tells what was asked for.
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
    name: str = ""
    confused: str = ""
    brush: Brush | None = None
    scenes: Path | None = None

    @property
    def run(self) -> str:
        """The run's name."""
        if self.out or self.name:
            return self.out.name if self.out else self.name
        engine = self.brush.engine if self.brush else ENGINE
        parts = [f"{engine}-{self.split}-{self.samples}-seed{self.seed}"]
        if self.confused:
            parts.append(f"confused-by-{Path(self.confused).stem}")
        if self.scenes:
            parts.append(f"scenes-{self.scenes.stem}")
        return "-".join(parts)


def plan(settings: Settings, wanted: RunRequest) -> tuple[Material, RunFolder]:
    """Return what is drawn from, and where it is drawn to.

    Raises:
        CratewatchError: if there is no cover to draw, or none that is asked for.
    """
    lake = open_lake(settings.lake)
    scenes = read_scenes(wanted.scenes) if wanted.scenes else []
    cover_of = covers_of(settings.catalog_url, wanted.split)
    cover_ids = sorted(cover_of.values())
    if wanted.confused:
        cover_ids += more_of_the_confused(lake, wanted.confused, cover_of)
    manifest = plan_run(wanted.run, cover_ids, wanted.samples, wanted.seed, wanted.split)
    _refuse_strangers(scenes, cover_ids)
    folder = RunFolder(FolderLake(wanted.out)) if wanted.out else run_in_lake(lake, wanted.run)
    return Material(lake, manifest, cover_ids, scenes), folder


def covers_of(catalog_url: SecretUrl, split: Split) -> dict[str, str]:
    """Return a cover to draw for each artwork of the split."""
    with closing(open_catalog(catalog_url)) as catalog:
        first = {cover.artwork_id: cover.cover_id for cover in reversed(catalog.covers.all())}
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


def _refuse_strangers(scenes: Sequence[GivenScene], cover_ids: Sequence[str]) -> None:
    """Raise CratewatchError if a scene asks for a cover that is not among those to draw."""
    known = set(cover_ids)
    for scene in scenes:
        if scene.cover_id is not None and scene.cover_id not in known:
            raise CratewatchError(
                f"--scenes: cover {scene.cover_id} is not among the {len(known)} to draw; leave "
                "cover_id out, or choose another --split"
            )
