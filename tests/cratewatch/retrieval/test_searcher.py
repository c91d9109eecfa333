import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cratewatch.embedding.arrays import Embeddings
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.loading import load_model
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.retrieval.background import Background
from cratewatch.retrieval.config import ONE_LOOK, SearchConfig
from cratewatch.retrieval.cover_keypoints import CoverKeypoints
from cratewatch.retrieval.searcher import Searcher
from cratewatch.retrieval.views import draw_views
from tests.cratewatch.retrieval.pictures import picture
from tests.made_collections import make_collection
from tests.pictures import draw_noise

COVERS = [draw_noise(seed) for seed in range(20)]
QUERIES = [draw_noise(seed, side_px=60).rotate(3) for seed in (3, 3, 11, 99)]


@pytest.fixture
def embedder(lake: Lake, tiny_model: str) -> Embedder:
    return load_model(lake, tiny_model)


@pytest.fixture
def gallery(home: Path, embedder: Embedder) -> Iterator[Gallery]:
    """COVERS, two of each artwork."""
    with open_gallery(str(home / "gallery.db")) as gallery:
        make_collection(gallery, embedder.name, 128)
        numbers = range(len(COVERS))
        gallery.rows.upsert(
            embedder.name,
            [f"cover-{n}" for n in numbers],
            [f"artwork-{n // 2}" for n in numbers],
            embedder.embed_covers(COVERS),
        )
        gallery.alias.point_to(embedder.name)
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
    config = SearchConfig((1.0, 0.85), (0.0, 6.0), fusion, nearest, rerank=0)  # type: ignore[arg-type]
    searcher = Searcher(embedder, gallery, config, background)
    found = searcher.search(QUERIES, 4)
    for hits, expected in zip(found, by_hand(embedder, config, background), strict=True):
        best = sorted(expected, key=lambda artwork: -expected[artwork])[:4]
        assert [hit.artwork_id for hit in hits] == best
        assert [hit.score for hit in hits] == pytest.approx([expected[a] for a in best], abs=1e-4)


def test_without_a_background_scores_are_cosines(embedder: Embedder, gallery: Gallery) -> None:
    (hits,) = Searcher(embedder, gallery, ONE_LOOK).search(COVERS[4:5], 3)
    assert hits[0].cover_id == "cover-4"
    assert hits[0].score == pytest.approx(1, abs=1e-4)
    assert len({hit.artwork_id for hit in hits}) == 3


def test_no_image_no_answer(embedder: Embedder, gallery: Gallery) -> None:
    assert Searcher(embedder, gallery, ONE_LOOK).search([], 3) == []


class CountingEmbedder(Embedder):
    """Notes how many queries each call embeds."""

    def __init__(self, embedder: Embedder) -> None:
        self.__dict__.update(embedder.__dict__)
        self.counts: list[int] = []

    def embed_queries(self, images: Sequence[Image.Image]) -> Embeddings:
        self.counts.append(len(images))
        return super().embed_queries(images)


@pytest.fixture
def discs(lake: Lake, home: Path, embedder: Embedder) -> Iterator[Gallery]:
    """Pictures 0 to 5, of which a lake has the covers."""
    pictures = [picture(number).convert("RGB") for number in range(6)]
    for number, image in enumerate(pictures):
        data = io.BytesIO()
        image.save(data, "JPEG", quality=95)
        lake.write(cover_key(f"{number}" * 64), data.getvalue())
    ids = [f"{number}" * 64 for number in range(6)]
    with open_gallery(str(home / "discs.db")) as gallery:
        make_collection(gallery, embedder.name, 128)
        gallery.rows.upsert(embedder.name, ids, ids, embedder.embed_covers(pictures))
        gallery.alias.point_to(embedder.name)
        yield gallery


def test_other_views_are_drawn_of_what_is_not_recognised_at_a_glance(
    embedder: Embedder, discs: Gallery, lake: Lake
) -> None:
    config = SearchConfig(crops=(1.0, 0.9), turns_deg=(0.0, 5.0, -5.0), rerank=6, glance=6)
    counting = CountingEmbedder(embedder)
    searcher = Searcher(counting, discs, config, covers=CoverKeypoints(lake))
    unknown = picture(77)
    found = searcher.search([picture(4), unknown, picture(2)], 3)
    assert [found[n][0].cover_id[0] for n in (0, 2)] == ["4", "2"]
    assert [len(hits) for hits in found] == [3, 3, 3]
    assert counting.counts == [3, 6]  # each as it is, then six views of the unknown one
    assert found[0][0].score > found[1][0].score + 0.3


def test_a_glance_tells_how_much_of_a_picture_a_cover_fills(
    embedder: Embedder, discs: Gallery, lake: Lake
) -> None:
    searcher = Searcher(embedder, discs, SearchConfig(rerank=6), covers=CoverKeypoints(lake))
    framed = Image.new("L", (240, 240), 128)
    framed.paste(picture(4), (40, 40))
    filled, half, unknown = searcher.glance([picture(2), framed, picture(77)], 3)
    assert [filled.clear, half.clear, unknown.clear] == [True, True, False]
    assert filled.share == pytest.approx(1, abs=0.05)
    assert half.share == pytest.approx((160 / 240) ** 2, abs=0.05)
    assert unknown.share == 0


def test_geometry_finds_what_the_embedding_ranked_low(
    embedder: Embedder, discs: Gallery, lake: Lake
) -> None:
    plain = Searcher(embedder, discs, ONE_LOOK)
    scenes = [picture(number).rotate(35) for number in range(6)]
    ranked_low = [n for n in range(6) if plain.search(scenes, 6)[n][0].cover_id[0] != str(n)]
    assert ranked_low
    better = Searcher(embedder, discs, replace(ONE_LOOK, rerank=6), covers=CoverKeypoints(lake))
    assert [hits[0].cover_id[0] for hits in better.search(scenes, 1)] == list("012345")


def test_reranking_without_keypoints_is_refused(embedder: Embedder, gallery: Gallery) -> None:
    with pytest.raises(ValueError, match="needs the keypoints"):
        Searcher(embedder, gallery, SearchConfig(rerank=3))


@pytest.mark.parametrize("config", [SearchConfig(rerank=0), ONE_LOOK])
def test_artworks_are_left_out_as_if_the_gallery_lacked_them(
    embedder: Embedder, gallery: Gallery, config: SearchConfig
) -> None:
    searcher = Searcher(embedder, gallery, replace(config, rerank=0))
    whole = searcher.search(QUERIES, 3)
    first = [{hits[0].artwork_id} for hits in whole]
    without = searcher.search(QUERIES, 2, without=first)
    assert [[hit.cover_id for hit in hits] for hits in without] == [
        [hit.cover_id for hit in hits[1:]] for hits in whole
    ]
