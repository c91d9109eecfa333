"""How often a degraded query finds its artwork among all covers of the gallery."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from PIL import Image

from cratewatch.datasets.shards import Sample, find_run, read_samples
from cratewatch.datasets.splits import seen_artworks
from cratewatch.embedding.embedder import Embedder, batches
from cratewatch.embedding.saved_models import train_artworks
from cratewatch.errors import CratewatchError
from cratewatch.evaluation.metrics import Share, recall_at
from cratewatch.gallery.gallery import Gallery, Hit
from cratewatch.lake.location import open_lake
from cratewatch.retrieval.identification import open_identifier
from cratewatch.retrieval.ranking import OVERSAMPLING, rank
from cratewatch.settings import Settings

BATCH = 64
TOP = 5


@dataclass(frozen=True)
class Answer:
    """A query with its ranking, at most TOP artworks."""

    sample: Sample
    artwork_id: str
    hits: tuple[Hit, ...]

    @property
    def right(self) -> bool:
        return bool(self.hits) and self.hits[0].artwork_id == self.artwork_id


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
    with open_identifier(settings) as identifier:
        model = identifier.embedder.name
        covers = identifier.catalog.embeddings.indexed(model)
        artwork_of = {cover.cover_id: cover.artwork_id for cover in covers}
        samples = unseen_queries(
            read_samples(find_run(lake, queries, "test")),
            artwork_of,
            seen_artworks(covers, train_artworks(lake, model)),
        )
        answers = answer(samples, artwork_of, identifier.embedder, identifier.gallery)
    return summarise(answers, model, artwork_of), answers


def unseen_queries(
    samples: Iterable[Sample], artwork_of: Mapping[str, str], seen: Collection[str]
) -> list[Sample]:
    """Keep the queries of artworks that training did not see.

    Args:
        artwork_of: The artwork id of each cover id in the gallery.
        seen: The artwork ids that training saw.

    Raises:
        CratewatchError: if none is left.
    """
    kept = [
        sample
        for sample in samples
        if (artwork := artwork_of.get(sample.label["cover_id"])) and artwork not in seen
    ]
    if not kept:
        raise CratewatchError(
            "evaluation: no query shows an indexed artwork that training never saw; "
            "run `cratewatch synthesize --split test`"
        )
    return kept


def answer(
    samples: Iterable[Sample],
    artwork_of: Mapping[str, str],
    embedder: Embedder,
    gallery: Gallery,
) -> list[Answer]:
    """Identify every query in the collection of the embedder's model."""
    samples = list(samples)
    answers: list[Answer] = []
    for part in batches(len(samples), BATCH):
        images = [Image.open(io.BytesIO(sample.jpeg)) for sample in samples[part]]
        found = gallery.search(
            embedder.embed_queries(images), TOP * OVERSAMPLING, model=embedder.name
        )
        for sample, hits in zip(samples[part], rank(found, TOP), strict=True):
            answers.append(Answer(sample, artwork_of[sample.label["cover_id"]], tuple(hits)))
    return answers


def summarise(answers: list[Answer], model: str, artwork_of: Mapping[str, str]) -> Evaluation:
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
    truths = [item.artwork_id for item in answers]
    return recall_at(k, truths, [[hit.artwork_id for hit in item.hits] for item in answers])


def _by_severity(answers: list[Answer]) -> dict[str, Share]:
    quarters: dict[int, list[Answer]] = {}
    for item in answers:
        quarters.setdefault(min(3, int(item.sample.label["severity"] * 4)), []).append(item)
    return {
        f"{quarter / 4:.2f}-{(quarter + 1) / 4:.2f}": _recall(1, quarters[quarter])
        for quarter in sorted(quarters)
    }
