"""Recall of models by protocol, severity and sleeve size, on artworks that none of them saw.

Queries are drawn of the catalog's covers and searched, exactly, among all of them: nothing is
indexed for it, and neither lake nor gallery changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from cratewatch.evaluation.exams import Exam, prepare_exams
from cratewatch.evaluation.metrics import Share
from cratewatch.evaluation.misses import Miss, find_misses, worst
from cratewatch.evaluation.paired import PairedRecall, compare
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
from cratewatch.evaluation.protocol.vectors import by_cosine, embed_all
from cratewatch.evaluation.scans import ask_scans
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
class ComparedRow:
    """The first model beside another one, among all covers on the queries of a cell.

    Attributes:
        model: The other one.
        recall: Before is the first model, after the other; each artwork is asked for once.
    """

    model: str
    severity: float
    sleeve_px: int
    recall: PairedRecall


@dataclass(frozen=True)
class GridEvaluation:
    """All rows of a model, and on what they were measured.

    Attributes:
        n_unseen: Artworks that no training of the models saw; queries show these.
        left_out: Protocols for which the catalog is too small.
        scans: Clean queries: of each unseen artwork with several covers one, searched among all
            covers but these. None if there is no such artwork.
        others: Of the first model the evaluations of the others.
        compared: Of the first model the comparisons with the others.
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
    others: tuple[GridEvaluation, ...] = ()
    compared: tuple[ComparedRow, ...] = ()


class Evaluated(NamedTuple):
    """A model's evaluation.

    Attributes:
        misses: Those among all covers whose wrong answers had the highest scores, up to WORST and
            no artwork twice.
    """

    evaluation: GridEvaluation
    misses: list[Miss]


def evaluate_models(
    settings: Settings,
    models: Sequence[str] = (),
    config: GridConfig | None = None,
    on_progress: Progress = unseen,
) -> list[Evaluated]:
    """Evaluate models by protocol and cell, all on the same queries.

    Args:
        models: Names, or paths of model folders; none for the serving one, with the one beside it
            that was trained last if that is newer.

    Raises:
        NotFoundError: if there is no such model, or none serves.
        CratewatchError: if the catalog has no artwork that none of them saw, or the hands
            are bad.
    """
    config = config or GridConfig()
    hands = load_hands(config.hands) if config.hands else paint_hands(config.seed)
    exams = prepare_exams(settings, models, on_progress)
    protocols = [protocol for protocol in PROTOCOLS if fits(protocol, exams[0].gallery.artworks)]
    sittings = [_Sitting(exam) for exam in exams]
    pictures = exams[0].pictures
    compared: list[ComparedRow] = []
    for number, cell in enumerate(config.cells):
        severity, px = cell.severity, cell.sleeve_px
        drawn = draw_queries(pictures, config.samples, severity, px, hands, config.seed)
        queries = list(drawn)
        answers = [sitting.ask(cell, queries, protocols, config.seed) for sitting in sittings]
        for exam, other in zip(exams[1:], answers[1:], strict=True):
            recall = _compare(answers[0], other, len(pictures))
            compared.append(ComparedRow(exam.embedder.name, severity, px, recall))
        on_progress(number + 1, len(config.cells), "cells")
    (first, misses), *others = [sitting.result(config, protocols) for sitting in sittings]
    evaluations = tuple(other.evaluation for other in others)
    first = replace(first, others=evaluations, compared=tuple(compared))
    return [Evaluated(first, misses), *others]


class _Sitting:
    """An exam with what came of it so far."""

    def __init__(self, exam: Exam) -> None:
        self._exam = exam
        self._rows: list[Row] = []
        self._misses: list[Miss] = []

    def ask(
        self,
        cell: Cell,
        queries: Sequence[LabelledQuery],
        protocols: Sequence[Protocol],
        seed: int,
    ) -> Answers:
        """Ask the queries of a cell; return the answers of the last protocol, everything."""
        exam = self._exam
        vectors = embed_all((query.image for query in queries), exam.embedder.embed_queries)
        among = by_cosine(vectors, exam.gallery)
        truths = [query.artwork for query in queries]
        found = [run_protocol(p, truths, exam.gallery.artworks, among, seed) for p in protocols]
        answers = found[-1][1]
        self._rows += [_row(cell, outcome) for outcome, _ in found]
        self._misses = worst([*self._misses, *find_misses(cell, queries, answers, exam.covers)])
        return answers

    def result(self, config: GridConfig, protocols: Sequence[Protocol]) -> Evaluated:
        """Return what all cells gave."""
        exam = self._exam
        evaluation = GridEvaluation(
            model=exam.embedder.name,
            n_covers=len(exam.covers),
            n_artworks=len(set(exam.gallery.artworks)),
            n_unseen=len(exam.pictures),
            hands=str(config.hands or PAINTED),
            seed=config.seed,
            rows=tuple(self._rows),
            left_out=tuple(protocol for protocol in PROTOCOLS if protocol not in protocols),
            scans=ask_scans(exam.covers, exam.pictures, exam.embedder, exam.gallery),
        )
        return Evaluated(evaluation, self._misses)


def _compare(first: Answers, other: Answers, artworks: int) -> PairedRecall:
    """Compare answers to the first queries, of which none shows an artwork twice."""
    return compare(first.ranks[:artworks] < 1, other.ranks[:artworks] < 1)


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
