"""What a training is asked for, and what that comes to: artworks to train and to validate on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.records import Cover
from cratewatch.datasets.runs import find_run
from cratewatch.datasets.shards import RunFolder
from cratewatch.datasets.splits import in_validation, seen_artworks, split_of
from cratewatch.embedding.inference import AUTO, Inference
from cratewatch.embedding.saved_models import shipped_models, start_artworks
from cratewatch.lake.lake import Lake
from cratewatch.lake.opening import open_lake
from cratewatch.settings import Settings
from cratewatch.training.config import TrainConfig
from cratewatch.training.leaks import Leak, leaks_by_embedding, leaks_by_hash, refuse_leaks
from cratewatch.training.starting import start_folder
from workers.embedding import ModelUse, embed_all


@dataclass(frozen=True)
class Job:
    """What a training needs to know, wherever it runs.

    Attributes:
        lake: Holds the covers, and receives checkpoints and the model.
        queries: The run of shards; None trains on sketches alone.
        artwork_of: The artwork id of each cover id to train on.
        validation: The same of the covers to validate on; fewer than MIN_ARTWORKS artworks say
            nothing, and are not asked.
        left_out: Cover ids that look like held-out ones, and why: they are not trained on.
    """

    lake: Lake
    queries: RunFolder | None
    artwork_of: Mapping[str, str]
    validation: Mapping[str, str]
    config: TrainConfig
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainRequest:
    """What is to be trained.

    Attributes:
        queries: Name of a run in the lake, or a folder of shards; the latest run by default,
            and none where every query is to be drawn on the fly.
        workers: Data-parallel workers; 0 for one on each GPU, or a single one on CPUs.
        gpu: Whether each worker has a GPU; None takes GPUs where the cluster has any.
    """

    config: TrainConfig = field(default_factory=TrainConfig)
    queries: str = ""
    workers: int = 0
    gpu: bool | None = None


def plan(settings: Settings, wanted: TrainRequest) -> Job:
    """Say what is trained on, on the cluster that is connected: covers that leak are looked for.

    Raises:
        NotFoundError: if there is no run of queries.
        CratewatchError: if too much leaks.
    """
    lake, config = open_lake(settings.lake), wanted.config
    with closing(open_catalog(settings.catalog_url)) as catalog:
        covers = catalog.covers.all()
    sketches = config.draw.sketched == 1.0 and not wanted.queries
    run = None if sketches else find_run(lake, wanted.queries, "train")
    return plan_job(lake, run, covers, find_leaks(lake, covers, settings.inference), config)


def find_leaks(lake: Lake, covers: Sequence[Cover], inference: Inference = AUTO) -> list[Leak]:
    """Find covers of the training side that look like a held-out one.

    By perceptual hash, and by the embeddings of the model that ships, which no training here
    has a hand in.
    """
    train_side = [cover for cover in covers if not _is_held_out(cover)]
    held_out = [cover for cover in covers if _is_held_out(cover)]
    leaks = leaks_by_hash(train_side, held_out)
    for model in shipped_models()[-1:]:
        use = ModelUse(model, inference)
        ours, theirs = embed_all(lake, use, train_side), embed_all(lake, use, held_out)
        leaks += leaks_by_embedding(*ours, *theirs)
    return leaks


def plan_job(
    lake: Lake,
    run: RunFolder | None,
    covers: Sequence[Cover],
    leaks: Sequence[Leak],
    config: TrainConfig,
) -> Job:
    """Say what is trained on and what is validated on; what leaks is left out.

    Raises:
        CratewatchError: if too much leaks.
    """
    kept = refuse_leaks([cover for cover in covers if not _is_held_out(cover)], leaks)
    with start_folder(lake, config.weights) as start:
        known = seen_artworks(covers, start_artworks(start))
    validation = [c for c in covers if in_validation(c.artwork_id) and c.artwork_id not in known]
    reasons = {leak.cover_id: f"like {leak.held_out_id} ({leak.found_by})" for leak in leaks}
    return Job(lake, run, _artworks(kept), _artworks(validation), config, reasons)


def _is_held_out(cover: Cover) -> bool:
    return split_of(cover.artwork_id) == "test" or in_validation(cover.artwork_id)


def _artworks(covers: Sequence[Cover]) -> dict[str, str]:
    return {cover.cover_id: cover.artwork_id for cover in covers}
