"""Whether a collection holds its covers, and the exact search that tuned ones are compared with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cratewatch.embedding.shards import EmbeddingShard
from cratewatch.errors import CheckError
from cratewatch.gallery.gallery import Hit, open_gallery
from cratewatch.indexing.checking import K, Probe, check_collection
from tests.made_collections import make_collection


def test_a_cover_that_is_loaded_twice_counts_once() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(40, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = [f"cover-{n:02d}" for n in range(40)]
    shard = EmbeddingShard(ids, ids, vectors)
    probe = Probe.draw([shard])
    for part in (shard, EmbeddingShard(ids[:25], ids[:25], vectors[:25])):
        probe.compare(part)
    best = np.argsort(-(probe.queries @ vectors.T), axis=1)[:, :K]
    right = [[Hit(ids[n], ids[n], 1.0) for n in row] for row in best]
    assert probe.recall(right) == 1
    assert probe.recall([hits[:5] for hits in right]) == 0.5


def test_of_few_covers_no_more_are_wanted_than_there_are() -> None:
    vectors = np.eye(3, 8, dtype=np.float32)
    shard = EmbeddingShard(["a", "b", "c"], ["a", "b", "c"], vectors)
    probe = Probe.draw([shard])
    for _ in range(2):
        probe.compare(shard)
    hits = [Hit(name, name, 1.0) for name in "abc"]
    assert probe.recall([hits] * 3) == 1


def test_covers_drawn_alike_are_there_though_none_finds_itself_first(home: Path) -> None:
    """A model that sees grey takes all blank sleeves for one."""
    ids = [f"blank-{n:02d}" for n in range(20)]
    blank = np.tile(np.eye(1, 128, dtype=np.float32), (20, 1))
    sample = dict(zip(ids, blank, strict=True))
    with open_gallery(str(home / "gallery.db")) as gallery:
        make_collection(gallery, "model", 128)
        gallery.rows.upsert("model", ids, ids, blank)
        check_collection(gallery, "model", 20, sample)
        other = np.eye(2, 128, dtype=np.float32)[1:]
        gallery.rows.upsert("model", ids[-1:], ids[-1:], other)  # in the place of one that is lost
        with pytest.raises(CheckError, match=r"1 of 20 covers .* first blank-19"):
            check_collection(gallery, "model", 20, sample)
