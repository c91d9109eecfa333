"""How often a degraded query finds its artwork among all covers of the gallery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cratewatch.chunks import chunks
from cratewatch.datasets.runs import find_run
from cratewatch.datasets.shards import Sample, read_samples
from cratewatch.datasets.splits import seen_artworks
from cratewatch.embedding.saved_models import train_artworks
from cratewatch.evaluation.held_out import unseen_queries
from cratewatch.evaluation.metrics import Share, recall_at
from cratewatch.evaluation.protocol.answers import BATCH
from cratewatch.gallery.gallery import Hit
from cratewatch.lake.opening import open_lake
from cratewatch.retrieval.config import ONE_LOOK
from cratewatch.retrieval.identification import open_identifier
from cratewatch.retrieval.ranking import rank_of
from cratewatch.retrieval.searcher import Searcher
from cratewatch.settings import Settings

TOP = 5
AS_IT_IS = replace(ONE_LOOK, background=0)
"""What the embedding finds by itself: cosines, as the grid searches."""


@dataclass(frozen=True)
class Answer:
    """A query with its ranking, at most TOP artworks."""

    sample: Sample
    artwork_id: str
    hits: tuple[Hit, ...]

    @property
    def rank(self) -> int | None:
        """How many other artworks came before the right one; None if it is not among them."""
        return rank_of(self.artwork_id, (hit.artwork_id for hit in self.hits))

    @property
    def right(self) -> bool:
        """Whether the right artwork came first."""
        return self.rank == 0


@dataclass(frozen=True)
class Evaluation:
    """Recall over queries of artworks that training never saw.

    Attributes:
        chance_at_1: Recall@1 of a ranking drawn by lot.
        by_severity: Recall@1 of the queries of each quarter of the severity range.
    """

    model: str
    n_queries: int
    n_gallery: int
    n_artworks: int
    recall_at_1: Share
    recall_at_5: Share
    chance_at_1: float
    chance_at_5: float
    by_severity: dict[str, Share]


def evaluate_serving(settings: Settings, queries: str = "") -> tuple[Evaluation, list[Answer]]:
    """Evaluate the serving model on a run of queries, the latest of the test split by default.

    Raises:
        NotFoundError: if nothing is indexed or there is no such run.
        CratewatchError: if the run holds no query of an unseen, indexed artwork.
    """
    lake = open_lake(settings.lake)
    with open_identifier(settings, AS_IT_IS) as identifier:
        model = identifier.embedder.name
        covers = identifier.catalog.embeddings.indexed(model)
        artwork_of = {cover.cover_id: cover.artwork_id for cover in covers}
        samples = unseen_queries(
            read_samples(find_run(lake, queries, "test")),
            artwork_of,
            seen_artworks(covers, train_artworks(lake, model)),
        )
        answers = ask(samples, artwork_of, identifier.searcher)
    return count(answers, model, artwork_of), answers


def ask(
    samples: Iterable[Sample], artwork_of: Mapping[str, str], searcher: Searcher
) -> list[Answer]:
    """Search every query in the collection of the searcher's model."""
    answers: list[Answer] = []
    for part in chunks(samples, BATCH):
        ranked = searcher.search([sample.image for sample in part], TOP)
        answers += [
            Answer(sample, artwork_of[sample.label["cover_id"]], tuple(hits))
            for sample, hits in zip(part, ranked, strict=True)
        ]
    return answers


def count(answers: list[Answer], model: str, artwork_of: Mapping[str, str]) -> Evaluation:
    """Count the answers; artwork_of names every cover of the gallery."""
    n_artworks = len(set(artwork_of.values()))
    return Evaluation(
        model=model,
        n_queries=len(answers),
        n_gallery=len(artwork_of),
        n_artworks=n_artworks,
        recall_at_1=_recall(1, answers),
        recall_at_5=_recall(TOP, answers),
        chance_at_1=1 / n_artworks,
        chance_at_5=min(1.0, TOP / n_artworks),
        by_severity=_by_severity(answers),
    )


def _recall(k: int, answers: list[Answer]) -> Share:
    return recall_at(k, [answer.rank for answer in answers])


def _by_severity(answers: list[Answer]) -> dict[str, Share]:
    quarters: dict[int, list[Answer]] = {}
    for answer in answers:
        quarter = min(3, int(answer.sample.label["severity"] * 4))
        quarters.setdefault(quarter, []).append(answer)
    return {
        f"{quarter / 4:.2f}-{(quarter + 1) / 4:.2f}": _recall(1, quarters[quarter])
        for quarter in sorted(quarters)
    }
