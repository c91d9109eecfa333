from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cratewatch.catalog.records import Cover
from cratewatch.datasets.shards import Sample
from cratewatch.embedding.loading import load_model
from cratewatch.errors import CratewatchError
from cratewatch.evaluation.held_out import Pictures, embed_catalog, unseen_queries
from cratewatch.evaluation.protocol.queries import draw_queries
from cratewatch.evaluation.protocol.vectors import score
from cratewatch.evaluation.serving import AS_IT_IS, Answer, ask, count
from cratewatch.gallery.gallery import Hit, open_gallery
from cratewatch.lake.folder import FolderLake
from cratewatch.progress import unseen
from cratewatch.retrieval.searcher import Searcher
from tests.made_collections import make_collection


def query(cover_id: str, severity: float = 0.5) -> Sample:
    return Sample("000000000", b"", {"cover_id": cover_id, "severity": severity})


ARTWORK_OF = {"c1": "a1", "c1-scan": "a1", "c2": "a2", "c3": "a3", "c4": "a4"}


def test_queries_of_artworks_that_training_saw_are_left_out() -> None:
    samples = [query("c1"), query("c1-scan"), query("c2"), query("not indexed")]
    assert unseen_queries(samples, ARTWORK_OF, frozenset({"a1"})) == [query("c2")]


def test_no_query_left_is_an_error() -> None:
    with pytest.raises(CratewatchError, match="synthesize --split test"):
        unseen_queries([query("c1")], ARTWORK_OF, frozenset({"a1"}))


def answered(truth: str, *ranking: str, severity: float) -> Answer:
    hits = tuple(Hit(f"cover of {artwork}", artwork, 0.5) for artwork in ranking)
    return Answer(query("x", severity), truth, hits)


def test_recall_by_hand() -> None:
    answers = [
        answered("a1", "a1", "a2", severity=0.1),
        answered("a2", "a1", "a2", severity=0.2),
        answered("a3", "a1", "a2", severity=0.9),
        answered("a4", "a4", severity=1.0),
    ]
    found = count(answers, "model", ARTWORK_OF)
    assert (found.n_queries, found.n_gallery, found.n_artworks) == (4, 5, 4)
    assert found.recall_at_1.value == 0.5
    assert found.recall_at_5.value == 0.75
    assert found.chance_at_1 == 0.25
    assert found.chance_at_5 == 1.0
    assert {name: share.value for name, share in found.by_severity.items()} == {
        "0.00-0.25": 0.5,
        "0.75-1.00": 0.5,
    }
    assert [item.right for item in answers] == [True, False, False, True]


def test_shards_and_grid_find_the_same_in_the_same_queries(
    imported: list[Cover], lake: FolderLake, home: Path, tiny_model: str
) -> None:
    """Twelve artworks of two covers each, searched by Milvus and exactly in memory."""
    covers = [replace(cover, artwork_id=f"a{n // 2}") for n, cover in enumerate(imported)]
    artwork_of = {cover.cover_id: cover.artwork_id for cover in covers}
    embedder = load_model(lake, tiny_model)
    gallery_of_grid = embed_catalog(covers, embedder, lake, unseen)
    hand = np.full((60, 90, 4), 255, np.uint8)
    queries = list(draw_queries(Pictures(lake, covers), 60, 1.0, 48, [hand], seed=4))
    shown = {cover.artwork_id: cover.cover_id for cover in covers}
    samples = [Sample("", q.jpeg, {"cover_id": shown[q.artwork], "severity": 0}) for q in queries]
    with open_gallery(str(home / "gallery.db")) as gallery:
        make_collection(gallery, tiny_model, embedder.config.dim)
        gallery.rows.upsert(
            tiny_model, list(artwork_of), gallery_of_grid.artworks, gallery_of_grid.vectors
        )
        gallery.rows.flush(tiny_model)
        gallery.alias.point_to(tiny_model)
        answers = ask(samples, artwork_of, Searcher(embedder, gallery, AS_IT_IS))
    found = count(answers, tiny_model, artwork_of)
    scores = score(queries, gallery_of_grid, embedder.embed_queries)
    assert (found.recall_at_1, found.recall_at_5) == (scores.recall_at_1, scores.recall_at_5)
    assert 0 < found.recall_at_1.value < found.recall_at_5.value
