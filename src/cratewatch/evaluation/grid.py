"""Recall of any model by protocol, severity and sleeve size, on artworks that it never saw.

Queries are drawn of the catalog's covers and searched, exactly, among all of them: nothing is
indexed for it, and neither lake nor gallery changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.records import Cover
from cratewatch.embedding.embedder import Embedder
from cratewatch.errors import CratewatchError
from cratewatch.evaluation.held_out import (
    Pictures,
    embed_catalog,
    open_model,
    unseen_covers,
)
from cratewatch.evaluation.metrics import Share
from cratewatch.evaluation.misses import Miss, find_misses, worst
from cratewatch.evaluation.protocol.answers import Answers
from cratewatch.evaluation.protocol.cells import TABLE_CELLS, Cell
from cratewatch.evaluation.protocol.galleries import (
    PROTOCOLS,
    Outcome,
    Protocol,
    fits,
    run_protocol,
)
from cratewatch.evaluation.protocol.hands import load_hands, paint_hands
from cratewatch.evaluation.protocol.queries import LabelledQuery, draw_queries
from cratewatch.evaluation.protocol.vectors import ArtworkVectors, by_cosine, embed_all
from cratewatch.evaluation.scans import ask_scans
from cratewatch.gallery.gallery import open_gallery
from cratewatch.gallery.names import model_of
from cratewatch.lake.lake import Lake
from cratewatch.lake.opening import open_lake
from cratewatch.progress import Progress, unseen
from cratewatch.settings import Settings

PAINTED = "painted"


@dataclass(frozen=True)
class GridConfig:
    """What to ask.

    Attributes:
        samples: Queries in each cell.
        hands: Folder of cut-out hands; None for painted ones.
    """

    cells: tuple[Cell, ...] = TABLE_CELLS
    samples: int = 500
    seed: int = 0
    hands: Path | None = None


@dataclass(frozen=True)
class Row:
    """Recall under a protocol on the queries of a cell."""

    protocol: Protocol
    severity: float
    sleeve_px: int
    n_queries: int
    n_gallery: int
    n_draws: int
    recall_at_1: Share
    recall_at_5: Share
    mean_average_precision: float
    recall_at_p90: float
    chance_at_1: float
    chance_at_5: float


@dataclass(frozen=True)
class GridEvaluation:
    """All rows of a model, and on what they were measured.

    Attributes:
        n_unseen: Artworks that training never saw; queries show these.
        left_out: Protocols for which the catalog is too small.
        scans: Clean queries: of each unseen artwork with several covers one, searched among all
            covers but these. None if there is no such artwork.
    """

    model: str
    n_covers: int
    n_artworks: int
    n_unseen: int
    hands: str
    seed: int
    rows: tuple[Row, ...]
    left_out: tuple[Protocol, ...]
    scans: Outcome | None


def evaluate_grid(
    settings: Settings,
    model: str = "",
    config: GridConfig | None = None,
    on_progress: Progress = unseen,
) -> tuple[GridEvaluation, list[Miss]]:
    """Evaluate a model by protocol and cell.

    Args:
        model: Name, or path of a model folder; "" for the serving one.

    Returns:
        The evaluation, and the misses among all covers whose wrong answers had the highest
        scores, up to WORST and no artwork twice.

    Raises:
        NotFoundError: if there is no such model, or none serves.
        CratewatchError: if the catalog has no artwork that the model never saw, or the hands
            are bad.
    """
    config = config or GridConfig()
    hands = load_hands(config.hands) if config.hands else paint_hands(config.seed)
    exam = _prepare(settings, model, on_progress)
    protocols = [protocol for protocol in PROTOCOLS if fits(protocol, exam.gallery.artworks)]
    rows: list[Row] = []
    misses: list[Miss] = []
    for number, cell in enumerate(config.cells):
        queries = list(
            draw_queries(
                exam.pictures, config.samples, cell.severity, cell.sleeve_px, hands, config.seed
            )
        )
        outcomes, answers = _ask(queries, exam, protocols, config.seed)
        rows += [_row(cell, outcome) for outcome in outcomes]
        misses = worst([*misses, *find_misses(cell, queries, answers, exam.covers)])
        on_progress(number + 1, len(config.cells), "cells")
    evaluation = GridEvaluation(
        model=exam.embedder.name,
        n_covers=len(exam.covers),
        n_artworks=len(set(exam.gallery.artworks)),
        n_unseen=len(exam.pictures),
        hands=str(config.hands or PAINTED),
        seed=config.seed,
        rows=tuple(rows),
        left_out=tuple(protocol for protocol in PROTOCOLS if protocol not in protocols),
        scans=ask_scans(exam.covers, exam.pictures, exam.embedder, exam.gallery),
    )
    return evaluation, misses


@dataclass(frozen=True)
class _Exam:
    """A model with what it is asked about: pictures of unseen artworks among all covers."""

    embedder: Embedder
    covers: Sequence[Cover]
    pictures: Pictures
    gallery: ArtworkVectors
    lake: Lake


def _prepare(settings: Settings, model: str, on_progress: Progress) -> _Exam:
    lake = open_lake(settings.lake)
    with closing(open_catalog(settings.catalog_url)) as catalog:
        name = model or _serving_model(settings, catalog.catalog_id)
        covers = catalog.covers()
    embedder, seen = open_model(lake, name, settings.inference)
    unseen = unseen_covers(covers, seen)
    if not unseen:
        raise CratewatchError(
            f"evaluation: the catalog has no artwork that model {embedder.name} never saw; "
            "import covers that it was not trained on"
        )
    gallery = embed_catalog(covers, embedder, lake, on_progress)
    return _Exam(embedder, covers, Pictures(lake, unseen), gallery, lake)


def _serving_model(settings: Settings, owner: str) -> str:
    with open_gallery(*settings.gallery, owner=owner) as gallery:
        return model_of(gallery.alias.require_serving(", or name a model by --model"))


def _ask(
    queries: Sequence[LabelledQuery], exam: _Exam, protocols: Sequence[Protocol], seed: int
) -> tuple[list[Outcome], Answers]:
    """Return what each protocol found, and the answers of the last one, which is everything."""
    vectors = embed_all((query.image for query in queries), exam.embedder.embed_queries)
    compare = by_cosine(vectors, exam.gallery)
    truths = [query.artwork for query in queries]
    found = [run_protocol(p, truths, exam.gallery.artworks, compare, seed) for p in protocols]
    return [outcome for outcome, _ in found], found[-1][1]


def _row(cell: Cell, outcome: Outcome) -> Row:
    scores = outcome.scores
    return Row(
        protocol=outcome.protocol,
        severity=cell.severity,
        sleeve_px=cell.sleeve_px,
        n_queries=outcome.queries,
        n_gallery=outcome.covers,
        n_draws=outcome.draws,
        recall_at_1=scores.recall_at_1,
        recall_at_5=scores.recall_at_5,
        mean_average_precision=scores.mean_average_precision,
        recall_at_p90=scores.recall_at_p90,
        chance_at_1=outcome.chance_at_1,
        chance_at_5=outcome.chance_at_5,
    )
