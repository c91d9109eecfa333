from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cratewatch.embedding import Embedder, Embeddings, load_model
from cratewatch.gallery import Gallery, open_gallery
from cratewatch.lake import Lake
from cratewatch.retrieval import Background, SearchConfig, Searcher, draw_views
from tests.conftest import draw_noise

COVERS = [draw_noise(seed) for seed in range(20)]
QUERIES = [draw_noise(seed, side_px=60).rotate(3) for seed in (3, 3, 11, 99)]


@pytest.fixture
def embedder(lake: Lake, tiny_model: str) -> Embedder:
    return load_model(lake, tiny_model)


@pytest.fixture
def gallery(home: Path, embedder: Embedder) -> Iterator[Gallery]:
    """COVERS, two of each artwork."""
    with open_gallery(str(home / "gallery.db")) as gallery:
        gallery.create(embedder.name, 128)
        numbers = range(len(COVERS))
        gallery.upsert(
            embedder.name,
            [f"cover-{n}" for n in numbers],
            [f"artwork-{n // 2}" for n in numbers],
            embedder.embed_covers(COVERS),
        )
        gallery.point_alias(embedder.name)
        yield gallery


@pytest.fixture
def background() -> Background:
    vectors = np.random.default_rng(5).normal(size=(30, 128)).astype(np.float32)
    return Background(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def by_hand(
    embedder: Embedder, config: SearchConfig, background: Background
) -> list[dict[str, float]]:
    """Return the score of each artwork for each query, one view, one cover after the other."""
    covers = embedder.embed_covers(COVERS)
    answers: list[dict[str, float]] = []
    for query in QUERIES:
        looks: Embeddings = np.vstack(
            [embedder.embed_queries([view]) for view in draw_views(query, config)]
        )
        if config.fusion == "mean":
            looks = looks.mean(axis=0, keepdims=True)
            looks /= np.linalg.norm(looks)
        answers.append({})
        for look in looks:
            nearest = sorted(background.vectors @ look)[-config.background :]
            offset = np.mean(nearest) if config.background else 0
            for n, cover in enumerate(covers):
                score = float(look @ cover - offset)
                artwork = f"artwork-{n // 2}"
                answers[-1][artwork] = max(score, answers[-1].get(artwork, -9))
    return answers


@pytest.mark.parametrize("fusion", ["best", "mean"])
@pytest.mark.parametrize("nearest", [0, 4])
def test_a_search_in_one_batch_equals_one_view_after_the_other(
    embedder: Embedder, gallery: Gallery, background: Background, fusion: str, nearest: int
) -> None:
    config = SearchConfig((1.0, 0.85), (0.0, 6.0), fusion, nearest)  # type: ignore[arg-type]
    searcher = Searcher(embedder, gallery, config, background)
    found = searcher.search(QUERIES, 4)
    for hits, expected in zip(found, by_hand(embedder, config, background), strict=True):
        best = sorted(expected, key=lambda artwork: -expected[artwork])[:4]
        assert [hit.artwork_id for hit in hits] == best
        assert [hit.score for hit in hits] == pytest.approx([expected[a] for a in best], abs=1e-4)


def test_without_a_background_scores_are_cosines(embedder: Embedder, gallery: Gallery) -> None:
    (hits,) = Searcher(embedder, gallery, model=embedder.name).search(COVERS[4:5], 3)
    assert hits[0].cover_id == "cover-4"
    assert hits[0].score == pytest.approx(1, abs=1e-4)
    assert len({hit.artwork_id for hit in hits}) == 3


def test_no_image_no_answer(embedder: Embedder, gallery: Gallery) -> None:
    assert Searcher(embedder, gallery).search([], 3) == []
