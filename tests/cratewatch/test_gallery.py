"""Against a real Milvus Lite."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.gallery import Gallery, open_gallery


@pytest.fixture
def uri(home: Path) -> str:
    return str(home / "gallery.db")


@pytest.fixture
def gallery(uri: str) -> Iterator[Gallery]:
    with open_gallery(uri) as gallery:
        yield gallery


def unit(rng: np.random.Generator, count: int) -> np.ndarray:
    vectors = rng.normal(size=(count, 128)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def fill(gallery: Gallery, model: str, vectors: np.ndarray) -> list[str]:
    ids = [f"cover-{n:03d}" for n in range(len(vectors))]
    gallery.create(model, 128)
    gallery.upsert(model, ids, [f"artwork-{n // 2}" for n in range(len(vectors))], vectors)
    return ids


def test_search_agrees_with_numpy(gallery: Gallery) -> None:
    rng = np.random.default_rng(0)
    vectors, queries = unit(rng, 300), unit(rng, 7)
    ids = fill(gallery, "m", vectors)
    found = gallery.search(queries, 5, model="m")
    cosines = queries @ vectors.T
    for row, hits in zip(cosines, found, strict=True):
        best = np.argsort(-row)[:5]
        assert [hit.cover_id for hit in hits] == [ids[n] for n in best]
        np.testing.assert_allclose([hit.score for hit in hits], row[best], atol=1e-5)
        assert [hit.artwork_id for hit in hits] == [f"artwork-{n // 2}" for n in best]


def test_an_upsert_replaces(gallery: Gallery) -> None:
    rng = np.random.default_rng(0)
    fill(gallery, "m", unit(rng, 20))
    moved = unit(rng, 20)
    ids = fill(gallery, "m", moved)
    assert gallery.count("m") == 20
    assert gallery.search(moved[3:4], 1, model="m")[0][0].cover_id == ids[3]


def test_readers_follow_the_alias(gallery: Gallery) -> None:
    rng = np.random.default_rng(0)
    old, new = unit(rng, 5), unit(rng, 5)
    fill(gallery, "old", old)
    fill(gallery, "new", new)
    assert gallery.serving_model() is None
    with pytest.raises(NotFoundError, match="cratewatch index"):
        gallery.search(old[:1], 1)
    gallery.point_alias("old")
    assert gallery.search(old[:1], 1)[0][0].score == pytest.approx(1, abs=1e-5)
    gallery.point_alias("new")
    assert gallery.serving_model() == "new"
    assert gallery.search(old[:1], 1)[0][0].score < 0.9
    assert gallery.models() == ["new", "old"]


def test_what_was_flushed_is_there_after_reopening(uri: str) -> None:
    vectors = unit(np.random.default_rng(0), 50)
    with open_gallery(uri) as gallery:
        fill(gallery, "m", vectors)
        gallery.flush("m")
        gallery.point_alias("m")
    with open_gallery(uri) as gallery:
        assert gallery.serving_model() == "m"
        gallery.load("m")
        assert gallery.count("m") == 50
        assert gallery.search(vectors[7:8], 1)[0][0].cover_id == "cover-007"


def test_a_collection_is_made_once(gallery: Gallery) -> None:
    assert gallery.create("m", 128)
    assert not gallery.create("m", 128)
    assert gallery.models() == ["m"]


def test_rows_that_nobody_knows_are_removed(gallery: Gallery) -> None:
    ids = fill(gallery, "m", unit(np.random.default_rng(0), 30))
    gallery.keep_only("m", set(ids[:20]))
    assert gallery.count("m") == 20
    gallery.keep_only("m", set(ids))
    assert gallery.count("m") == 20


def test_doubled_ids_and_broken_vectors_are_refused(gallery: Gallery) -> None:
    gallery.create("m", 128)
    vectors = unit(np.random.default_rng(0), 2)
    with pytest.raises(ValueError, match="repeats"):
        gallery.upsert("m", ["a", "a"], ["x", "y"], vectors)
    vectors[1, 0] = np.nan
    with pytest.raises(ValueError, match="finite"):
        gallery.upsert("m", ["a", "b"], ["x", "y"], vectors)
    assert gallery.count("m") == 0


def test_a_file_that_another_process_holds_is_named(gallery: Gallery, uri: str) -> None:
    assert gallery.models() == []
    code = (
        "from cratewatch.gallery import open_gallery\n"
        "from cratewatch.errors import CratewatchError\n"
        "try:\n"
        f"    open_gallery({uri!r}).__enter__()\n"
        "except CratewatchError as error:\n"
        "    print(error)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "one process at a time" in answer.stdout


def test_a_server_that_does_not_answer_is_named() -> None:
    with pytest.raises(CratewatchError, match="gallery_uri"), open_gallery("http://127.0.0.1:9"):
        pass
