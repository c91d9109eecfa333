from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from cratewatch.catalog.records import Cover
from cratewatch.errors import CratewatchError
from cratewatch.training.leaks import Leak, leaks_by_embedding, leaks_by_hash, refuse_leaks

SHIPPED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def cover(name: str, bits: np.ndarray) -> Cover:
    phash = np.packbits(bits).tobytes().hex()
    return Cover(name, f"artwork {name}", "import", "", 100, 100, phash, SHIPPED_AT)


def hashes(count: int) -> list[np.ndarray]:
    return list(np.random.default_rng(0).integers(0, 2, (count, 256)))


def flipped(bits: np.ndarray, count: int) -> np.ndarray:
    return np.concatenate([1 - bits[:count], bits[count:]])


def test_near_hashes_are_found_across_the_splits() -> None:
    bits = hashes(4)
    train = [cover(f"t{n}", bits[n]) for n in range(3)]
    near, far = cover("near", flipped(bits[1], 40)), cover("far", flipped(bits[2], 41))
    assert leaks_by_hash(train, [near, far]) == [Leak("t1", "near", "hash, 40 bits")]
    assert leaks_by_hash(train, []) == []


def test_near_embeddings_are_found_across_the_splits() -> None:
    train = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    held_out = np.array([[0.98, 0.199], [-1, 0]], np.float32)
    found = leaks_by_embedding(["a", "b", "c"], train, ["x", "y"], held_out)
    assert found == [Leak("a", "x", "embedding, score 0.98")]
    assert leaks_by_embedding(["a"], train[:1], [], held_out[:0]) == []


def test_artworks_that_leak_are_left_out_whole() -> None:
    train = [cover(f"t{n}", bits) for n, bits in enumerate(hashes(20))]
    train[5] = replace(train[5], artwork_id=train[4].artwork_id)
    kept = refuse_leaks(train, [Leak("t4", "x", "hash, 3 bits")])
    assert [c.cover_id for c in kept] == [f"t{n}" for n in range(20) if n not in (4, 5)]


def test_a_catalog_that_is_not_grouped_is_refused() -> None:
    train = [cover(f"t{n}", bits) for n, bits in enumerate(hashes(20))]
    leaks = [Leak(f"t{n}", f"x{n}", "hash, 3 bits") for n in range(5)]
    with pytest.raises(CratewatchError, match=r"5 of 20 artworks .* cover t0 like x0"):
        refuse_leaks(train, leaks)
    assert len(refuse_leaks(train, leaks[:4])) == 16, "few that look alike are no fault of it"
