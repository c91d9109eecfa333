"""The exact search that tuned searches are compared with."""

from __future__ import annotations

import numpy as np

from cratewatch.embedding.shards import EmbeddingShard
from cratewatch.gallery.gallery import Hit
from cratewatch.indexing.checking import K, Probe


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
