"""Calibrates the serving model: background covers, and the threshold of what is known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from cratewatch.catalog.records import Cover
from cratewatch.chunks import chunks
from cratewatch.datasets.runs import find_run
from cratewatch.datasets.shards import Sample, read_samples
from cratewatch.datasets.splits import seen_artworks
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.saved_models import train_artworks
from cratewatch.errors import CratewatchError
from cratewatch.evaluation.held_out import unseen_queries
from cratewatch.evaluation.protocol.answers import BATCH
from cratewatch.evaluation.protocol.vectors import embed_all
from cratewatch.evaluation.threshold import Trial, fit, require_enough, trial
from cratewatch.images.reading import decode
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.lake.opening import open_lake
from cratewatch.retrieval.background import Background
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.identification import open_identifier
from cratewatch.retrieval.model_aids import save_background, save_calibration
from cratewatch.retrieval.searcher import Searcher
from cratewatch.retrieval.verdict import Calibration
from cratewatch.settings import Settings
from cratewatch.training.leaks import SAME_ARTWORK_SCORE

BACKGROUND_COVERS = 1000
FALSE_ACCEPTS = 0.02
LIKELY_TWINS = 20


def calibrate_serving(
    settings: Settings,
    config: SearchConfig,
    queries: str = "",
    wanted_false_accepts: float = FALSE_ACCEPTS,
) -> Calibration:
    """Calibrate the serving model on a run of queries of artworks that training never saw.

    Its background becomes a sample of the indexed covers that no query asks for.

    Args:
        queries: The run; the latest of the test split by default.

    Raises:
        NotFoundError: if nothing is indexed or there is no such run.
        CratewatchError: if there are too few queries or covers.
    """
    lake = open_lake(settings.lake)
    with open_identifier(settings, config) as identifier:
        embedder = identifier.embedder
        covers = identifier.catalog.embeddings.indexed(embedder.name)
        artwork_of = {cover.cover_id: cover.artwork_id for cover in covers}
        samples = unseen_queries(
            read_samples(find_run(lake, queries, "test")),
            artwork_of,
            seen_artworks(covers, train_artworks(lake, embedder.name)),
        )
        require_enough(len(samples), wanted_false_accepts)  # what follows takes minutes
        asked = {artwork_of[sample.label["cover_id"]] for sample in samples}
        background = draw_background(lake, embedder, covers, asked)
        searcher = replace(identifier.searcher, background=background)
        trials = [
            one
            for part in chunks(samples, BATCH)
            for one in _trials(searcher, lake, part, artwork_of)
        ]
        calibration = fit(trials, wanted_false_accepts, config)
        save_background(lake, embedder.name, background)
        save_calibration(lake, embedder.name, calibration)
    return calibration


def draw_background(
    lake: Lake, embedder: Embedder, covers: Iterable[Cover], asked: set[str]
) -> Background:
    """Embed a sample of covers of other artworks than those asked for.

    A query whose own cover were in it would seem less known than it is.
    """
    others = sorted(
        (cover.cover_id for cover in covers if cover.artwork_id not in asked),
        key=lambda cover_id: hashlib.sha256(cover_id.encode()).digest(),
    )[:BACKGROUND_COVERS]
    if not others:
        raise CratewatchError(
            "calibration: the queries ask for every indexed artwork, so that no cover is left "
            "for the background; draw them with `cratewatch synthesize --split test`"
        )
    images = (decode(lake.read(cover_key(cover_id))) for cover_id in others)
    return Background(embed_all(images, embedder.embed_covers))


def _trials(
    searcher: Searcher, lake: Lake, samples: Sequence[Sample], artwork_of: Mapping[str, str]
) -> list[Trial]:
    """Search queries in the whole gallery, and in one without their artworks."""
    images = [sample.image for sample in samples]
    cover_ids = [sample.label["cover_id"] for sample in samples]
    truths = [artwork_of[cover_id] for cover_id in cover_ids]
    alike = [
        {truth, *others}
        for truth, others in zip(truths, _alike(searcher, lake, cover_ids), strict=True)
    ]
    found, without = searcher.search(images, 1), searcher.search(images, 1, without=alike)
    return [trial(*three) for three in zip(found, without, truths, strict=True)]


def _alike(searcher: Searcher, lake: Lake, cover_ids: Sequence[str]) -> list[set[str]]:
    """Return the artworks that look like each cover: mostly the same album in another edition.

    Hashes do not group them with it, and to answer with one of them is no false accept.
    """
    covers = [decode(lake.read(cover_key(cover_id))) for cover_id in cover_ids]
    vectors = searcher.embedder.embed_covers(covers)
    near = searcher.gallery.search(vectors, LIKELY_TWINS, model=searcher.embedder.name)
    return [{hit.artwork_id for hit in hits if hit.score >= SAME_ARTWORK_SCORE} for hits in near]
