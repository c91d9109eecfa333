"""What the demo asks, and how: queries of covers that no training saw, as `identify` does it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.records import Cover
from cratewatch.chunks import chunks
from cratewatch.datasets.runs import find_run
from cratewatch.datasets.samples import sample_key
from cratewatch.datasets.shards import Sample, read_samples
from cratewatch.datasets.splits import seen_artworks
from cratewatch.embedding.saved_models import train_artworks
from cratewatch.evaluation.held_out import unseen_queries
from cratewatch.evaluation.serving import Answer, Evaluation, ask, count
from cratewatch.images.reading import decode, pixels
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.lake.opening import open_lake
from cratewatch.progress import Progress
from cratewatch.retrieval.identification import open_identifier
from cratewatch.settings import Settings
from cratewatch.synthesis.query import draw_query
from cratewatch.synthesis.scene import SceneConfig

BATCH = 16
COVER_PX = 480


def catalog_covers(settings: Settings) -> list[Cover]:
    """Return all covers."""
    with closing(open_catalog(settings.catalog_url)) as catalog:
        return catalog.covers.all()


def unseen_run(settings: Settings) -> list[Sample]:
    """Return the queries of the test split that were drawn last."""
    return list(read_samples(find_run(open_lake(settings.lake), "", "test")))


def draw_each(lake: Lake, covers: Iterable[Cover], seed: int) -> list[Sample]:
    """Draw a query of each cover."""
    samples = []
    for number, cover in enumerate(covers):
        picture = pixels(decode(lake.read(cover_key(cover.cover_id)), side_px=COVER_PX))
        own_seed = int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0])
        query = draw_query(picture, cover.cover_id, own_seed, SceneConfig())
        samples.append(Sample(sample_key(number), query.jpeg, query.label))
    return samples


@dataclass(frozen=True)
class Exam:
    """How a model answered.

    Attributes:
        artwork_of: The artwork id of each cover id of its gallery.
    """

    model: str
    artwork_of: Mapping[str, str]
    answers: Sequence[Answer]

    def evaluation(self) -> Evaluation:
        """Count the answers."""
        return count(list(self.answers), self.model, self.artwork_of)

    def of(self, covers: Collection[str]) -> Exam:
        """Return the answers to queries of these covers, by their ids."""
        kept = [one for one in self.answers if one.sample.label["cover_id"] in covers]
        return replace(self, answers=kept)


def ask_serving(settings: Settings, queries: Sequence[Sample], on_progress: Progress) -> Exam:
    """Identify queries with the serving model, searching as `identify` does by default.

    Raises:
        NotFoundError: if nothing is indexed.
        CratewatchError: if no query shows an indexed artwork that training never saw.
    """
    with open_identifier(settings) as identifier:
        model = identifier.embedder.name
        covers = identifier.catalog.embeddings.indexed(model)
        artwork_of = {cover.cover_id: cover.artwork_id for cover in covers}
        seen = seen_artworks(covers, train_artworks(open_lake(settings.lake), model))
        samples = unseen_queries(queries, artwork_of, seen)
        answers: list[Answer] = []
        for part in chunks(samples, BATCH):
            answers += ask(part, artwork_of, identifier.searcher)
            on_progress(len(answers), len(samples), "")
    return Exam(model, artwork_of, answers)
