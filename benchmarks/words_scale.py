"""Time of a first stage over many persons on a real Milvus server, with and without filters.

    python benchmarks/words_scale.py --rows 1000000

Embeddings are drawn around as many looks as there are persons; three rows are one person's.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from cratewatch.gallery.gallery import open_gallery
from cratewatch.gallery.person_rows import PersonRow, PersonsWanted
from cratewatch.gallery.persons import Persons
from tests.milvus_server import MilvusProcess

NOW = datetime.now(UTC)
BATCH = 10_000
SEARCHES = 100
TERMS = ("upper:orange", "upper:black", "upper:blue", "lower:black", "lower:blue", "backpack")


def rows_of(first: int, count: int, rng: np.random.Generator) -> list[PersonRow]:
    """Return rows of ten cameras over a week."""
    return [
        PersonRow(
            row_id=f"r:{n:09d}",
            footage=f"{n // 3000:064x}",
            camera=f"camera {n % 10}",
            track_id=n // 3,
            seconds=float(n % 3600),
            frame=n,
            filmed_at=NOW - timedelta(seconds=int(rng.integers(7 * 86_400))),
            box_xyxy=(1.0, 2.0, 50.0, 150.0),
            terms=tuple(sorted(rng.choice(TERMS, 3, replace=False))),
            caption="orange above, blue below",
            crop_key=f"persons/{n:012d}.jpg",
            recording="/srv/door.mp4",
            expires_at=NOW + timedelta(days=7),
        )
        for n in range(first, first + count)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=256)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        server = MilvusProcess(Path(folder))
        server.start()
        try:
            with open_gallery(server.uri) as gallery:
                measure(Persons(gallery), options.rows, options.dim, rng)
        finally:
            server.kill()


def measure(persons: Persons, count: int, dim: int, rng: np.random.Generator) -> None:
    collection = persons.begin("scale", dim, "auto", count)
    began = time.monotonic()
    for first in range(0, count, BATCH):
        size = min(BATCH, count - first)
        persons.upsert(collection, rows_of(first, size, rng), unit(rng, size, dim))
    persons.flush(collection)
    persons.indexes.wait_for(collection, print)
    print(f"{count:,} rows of length {dim}: {time.monotonic() - began:.0f} s to fill and index")
    assert persons.count(collection) == count
    wanted = {
        "everybody": PersonsWanted(NOW),
        "one camera": PersonsWanted(NOW, camera="camera 3"),
        "one camera, a day": PersonsWanted(NOW, camera="camera 3", since=NOW - timedelta(days=1)),
        "a facet": PersonsWanted(NOW, facets=("upper:orange",)),
    }
    for name, narrowed in wanted.items():
        took = []
        for query in unit(rng, SEARCHES, dim):
            start = time.perf_counter()
            persons.search(collection, query, 148, narrowed)
            took.append((time.perf_counter() - start) * 1000)
        p50, p95 = np.percentile(took, [50, 95])
        print(f"{name}: {p50:.1f} ms p50, {p95:.1f} ms p95, 148 rows asked for")


def unit(rng: np.random.Generator, count: int, dim: int) -> np.ndarray:
    vectors = rng.normal(size=(count, dim)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


if __name__ == "__main__":
    main()
