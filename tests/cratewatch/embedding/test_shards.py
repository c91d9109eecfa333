import json
from collections.abc import Callable

import numpy as np
import pytest

from cratewatch.embedding.shards import (
    EmbeddingShard,
    done_shards,
    read_embeddings,
    write_embeddings,
)
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake


def shard(*cover_ids: str) -> EmbeddingShard:
    vectors = np.random.default_rng(len(cover_ids)).normal(size=(len(cover_ids), 4))
    return EmbeddingShard(list(cover_ids), ["art"] * len(cover_ids), vectors.astype(np.float32))


def test_a_shard_comes_back_and_its_covers_name_it(lake: Lake) -> None:
    written = shard("b", "a")
    key = write_embeddings(lake, "net", written)
    found = read_embeddings(lake, key)
    assert (found.cover_ids, found.artwork_ids) == (["b", "a"], ["art", "art"])
    np.testing.assert_array_equal(found.embeddings, written.embeddings)
    assert write_embeddings(lake, "net", shard("a", "b")) == key
    other = write_embeddings(lake, "net", shard("c"))
    assert done_shards(lake, "net") == sorted([key, other])
    assert done_shards(lake, "other") == []


def test_a_shard_without_its_marker_does_not_count(lake: Lake) -> None:
    class Killed(BaseException):
        pass

    class DyingLake(FolderLake):
        def write(self, key: str, data: bytes) -> None:
            if key.endswith(".done"):
                raise Killed
            super().write(key, data)

    with pytest.raises(Killed):
        write_embeddings(DyingLake(lake.root), "net", shard("a"))  # type: ignore[arg-type]
    (key,) = lake.keys("embeddings")
    assert done_shards(lake, "net") == []
    with pytest.raises(NotFoundError):
        read_embeddings(lake, key)


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "half of it": lambda data: data[: len(data) // 2],
    "a flipped bit": lambda data: bytes([data[0] ^ 1]) + data[1:],
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("part", ["parquet", "done"])
def test_what_is_not_what_was_written_is_told_from_it(lake: Lake, name: str, part: str) -> None:
    key = write_embeddings(lake, "net", shard("a", "b"))
    harmed = key.replace("parquet", part)
    lake.write(harmed, CHANGES[name](lake.read(harmed)))
    with pytest.raises(NotFoundError, match=r"is not what its done marker tells: cut off or"):
        read_embeddings(lake, key)


def test_the_marker_tells_what_lies_there(lake: Lake) -> None:
    key = write_embeddings(lake, "net", shard("a", "b", "c"))
    told = json.loads(lake.read(key.replace(".parquet", ".done")))
    assert (told["covers"], told["dim"]) == (3, 4)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_embedding_that_is_none_is_refused_by_the_name_of_its_cover(value: float) -> None:
    vectors = np.eye(4, dtype=np.float32)
    vectors[2, 1] = vectors[3, 3] = value
    with pytest.raises(CratewatchError, match=r"^cover c: .* 1 more of 4 covers; look after the"):
        EmbeddingShard(["a", "b", "c", "d"], ["art"] * 4, vectors)
