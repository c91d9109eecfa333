"""The gallery on a real Milvus server: load, index, memory, disk, latency, and an alias that moves.

    .venv/bin/python benchmarks/gallery_scale.py --rows 10000 100000 1000000

Starts the server of the tests on loopback and, for each size, writes the same rows into two
collections in turns, chunk by chunk: through `cratewatch.gallery`, and by bare pymilvus with the
same schema. A third is filled by bulk import. The first two are indexed alike and searched in
turns, query by query, by one client and by 16. At last readers ask 50 times a second while the
alias moves from the first to the third. Embeddings are random points around random centres, which
are as hard to index as those of covers or harder.
docs/operations.md holds the output.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psutil
from pymilvus import MilvusClient
from rich.console import Console
from rich.table import Table

from cratewatch.catalog.facts import Facts
from cratewatch.errors import CratewatchError
from cratewatch.gallery.bulk import import_file
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.gallery.indexes import IndexChoice, Parameters, TunedIndex, choose_index, efforts
from cratewatch.gallery.rows import LOAD_BATCH
from cratewatch.gallery.schema import facts_as_fields, make_schema
from cratewatch.indexing.importing import IMPORT_ROWS
from tests.milvus_server import MilvusProcess

Vectors = npt.NDArray[np.float32]

DIM = 128
CENTRES = 4096
SPREAD = 0.6
K = 10
WANTED_RECALL = 0.98
SAMPLE = 200
QUERIES = 10_000
CLIENTS = (1, 16)
BARE = "bare"
MODEL = "scale"
RATE_PER_S = 50.0
SWITCH_S = 40.0
AROUND_S = 10.0
BUILD_LIMIT_S = 3600.0


@dataclass
class Size:
    """What was measured with a number of rows; times in seconds, latencies in milliseconds."""

    rows: int
    load_s: float = 0.0
    bare_load_s: float = 0.0
    flush_s: float = 0.0
    import_s: float = 0.0
    imported: str = ""
    index_s: float = 0.0
    ef: Parameters = field(default_factory=dict)
    recall: float = 0.0
    memory_bytes: int = 0
    disk_bytes: int = 0
    latency_ms: dict[tuple[str, int], Vectors] = field(default_factory=dict)


def main() -> None:
    options = _options()
    sizes = []
    for rows in options.rows:
        with tempfile.TemporaryDirectory(dir=options.folder.absolute()) as folder:
            server = MilvusProcess(Path(folder))
            server.start()
            try:
                sizes.append(_measure(rows, server, Path(folder)))
                _tell_load(sizes)
                _tell_latency(sizes[-1])
                if rows == options.rows[-1]:
                    _switch(server, sizes[-1].imported)
            finally:
                server.kill()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--folder", type=Path, default=Path("build"), help="on a disk with room")
    return parser.parse_args()


def _measure(rows: int, server: MilvusProcess, folder: Path) -> Size:
    size = Size(rows)
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((CENTRES, DIM), dtype=np.float32)
    vectors = _around(centres, rows, rng)
    queries = _around(centres, QUERIES, rng)
    idle = _memory(server)
    client = MilvusClient(server.uri)
    with open_gallery(server.uri) as gallery:
        ours = gallery.collections.begin(MODEL, DIM)
        client.create_collection(BARE, schema=make_schema(client, DIM))
        _load(gallery, client, ours, vectors, size)
        choice = choose_index("auto", rows, DIM, lite=False)
        size.index_s = _seconds(lambda: _make_searchable(gallery, ours, choice))
        size.disk_bytes = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        size.memory_bytes = _memory(server) - idle
        exact = _exact(vectors, queries[:SAMPLE])
        for effort in efforts(choice):
            found = gallery.search(queries[:SAMPLE], K, collection=ours, effort=effort)
            size.ef, size.recall = effort, _recall([[h.cover_id for h in f] for f in found], exact)
            if size.recall >= WANTED_RECALL:
                break
        gallery.indexes.keep(ours, TunedIndex(choice, size.ef, size.recall))
        gallery.alias.point_to(ours)
        _index_bare(client, choice.kind, dict(choice.build))
        _ask(gallery, client, queries, size)
        began = time.perf_counter()
        size.imported = _import(gallery, vectors, choice, folder)
        size.import_s = time.perf_counter() - began
        gallery.indexes.keep(size.imported, TunedIndex(choice, size.ef, size.recall))
    client.close()
    return size


def _around(centres: Vectors, count: int, rng: np.random.Generator) -> Vectors:
    """Return (count, DIM) unit vectors near the centres."""
    noise = rng.standard_normal((count, DIM), dtype=np.float32)
    vectors: Vectors = centres[rng.integers(len(centres), size=count)] + np.float32(SPREAD) * noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _load(gallery: Gallery, client: MilvusClient, ours: str, vectors: Vectors, size: Size) -> None:
    """Write chunk by chunk, in turns, and check that every row arrived."""
    for start in range(0, len(vectors), LOAD_BATCH):
        part = vectors[start : start + LOAD_BATCH]
        ids = [f"{number:016x}" for number in range(start, start + len(part))]

        def through_ours(ids: list[str] = ids, part: Vectors = part) -> None:
            gallery.rows.upsert(ours, ids, ids, part)

        def bare(ids: list[str] = ids, part: Vectors = part) -> None:
            facts = facts_as_fields(Facts())
            rows = [
                {"cover_id": i, "artwork_id": i, "embedding": vector, **facts}
                for i, vector in zip(ids, part, strict=True)
            ]
            client.upsert(BARE, rows)

        if start // LOAD_BATCH % 2:
            size.load_s += _seconds(through_ours)
            size.bare_load_s += _seconds(bare)
        else:
            size.bare_load_s += _seconds(bare)
            size.load_s += _seconds(through_ours)
    size.flush_s = _seconds(lambda: (gallery.rows.flush(ours), client.flush(BARE)))


def _make_searchable(gallery: Gallery, collection: str, choice: IndexChoice) -> None:
    gallery.indexes.build(collection, choice)
    gallery.indexes.wait_for(collection)
    gallery.collections.load(collection)


def _import(gallery: Gallery, vectors: Vectors, choice: IndexChoice, folder: Path) -> str:
    """Bring the same rows into a third collection by bulk import; return it once searchable."""
    imported = gallery.collections.begin(MODEL, DIM)
    for start in range(0, len(vectors), IMPORT_ROWS):
        part = vectors[start : start + IMPORT_ROWS]
        ids = [f"{number:016x}" for number in range(start, start + len(part))]
        file = folder / f"{start}.parquet"
        file.write_bytes(import_file(ids, ids, part, [Facts()] * len(part)))
        gallery.imports.run(imported, str(file))
    _make_searchable(gallery, imported, choice)
    found = gallery.rows.count(imported)
    if found != len(vectors):
        raise SystemExit(f"{len(vectors)} rows were imported, {found} are there")
    return imported


def _index_bare(client: MilvusClient, kind: str, build: dict[str, int]) -> None:
    index = client.prepare_index_params()
    index.add_index("embedding", index_type=kind, metric_type="COSINE", params=build)
    client.create_index(BARE, index, timeout=BUILD_LIMIT_S)
    client.load_collection(BARE, timeout=BUILD_LIMIT_S)


def _ask(gallery: Gallery, client: MilvusClient, queries: Vectors, size: Size) -> None:
    params = {"params": size.ef}

    def ask(number: int) -> tuple[float, float]:
        """Ask both ways, the one first or the other, and return their times."""
        query = queries[number : number + 1]
        ways: list[Callable[[], object]] = [
            lambda: gallery.search(query, K),
            lambda: client.search(
                BARE,
                data=list(query),
                limit=K,
                output_fields=["artwork_id"],
                search_params=params,
                consistency_level="Bounded",
            ),
        ]
        if number % 2:
            own, other = _seconds(ways[0]), _seconds(ways[1])
        else:
            other, own = _seconds(ways[1]), _seconds(ways[0])
        return own, other

    for clients in CLIENTS:
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(ask, range(4 * clients)))  # connections, caches
            times = np.array(list(pool.map(ask, range(QUERIES))), dtype=np.float32) * 1000
        size.latency_ms["ours", clients], size.latency_ms["bare", clients] = times.T


def _switch(server: MilvusProcess, after: str) -> None:
    """Let readers ask at a rate while the alias moves to a collection, and tell how they fared."""
    rng = np.random.default_rng(1)
    queries = _around(rng.standard_normal((CENTRES, DIM), dtype=np.float32), QUERIES, rng)
    with open_gallery(server.uri) as readers, open_gallery(server.uri) as writer:
        for query in queries[:SAMPLE]:
            writer.search(query[None], K, collection=after, consistency="Bounded")  # warm
            readers.search(query[None], K)
        began = time.monotonic()
        moved = threading.Timer(SWITCH_S / 2, writer.alias.point_to, [after])
        moved.start()
        asked = list(_at_a_rate(lambda n: readers.search(queries[n : n + 1], K), began))
        moved.join()
    at = np.array([moment for moment, _ in asked])
    took = np.array([seconds * 1000 for _, seconds in asked])
    near = np.abs(at - SWITCH_S / 2) <= AROUND_S / 2
    failed = np.isnan(took)
    steady, around = np.nanpercentile(took[~near], 99), np.nanpercentile(took[near], 99)
    print(
        f"alias moved under {RATE_PER_S:.0f} queries/s: {len(asked)} asked, {failed.sum()} failed; "
        f"p99 {steady:.1f} ms, in the {AROUND_S:.0f} s around it {around:.1f} ms "
        f"({around / steady:.2f} of it, at most 1.5 wanted)"
    )


def _at_a_rate(ask: Callable[[int], object], began: float) -> Iterator[tuple[float, float]]:
    """Ask at RATE_PER_S for SWITCH_S; yield when each was due and its seconds, NaN if it failed."""

    def one(number: int) -> tuple[float, float]:
        due = number / RATE_PER_S
        time.sleep(max(0.0, began + due - time.monotonic()))
        start = time.perf_counter()
        try:
            ask(number % QUERIES)
        except CratewatchError:
            return due, float("nan")
        return due, time.perf_counter() - start

    with ThreadPoolExecutor(16) as pool:
        yield from pool.map(one, range(int(RATE_PER_S * SWITCH_S)))


def _exact(vectors: Vectors, queries: Vectors) -> list[set[str]]:
    scores = queries @ vectors.T
    best = np.argpartition(-scores, K, axis=1)[:, :K]
    return [{f"{number:016x}" for number in row} for row in best]


def _recall(found: list[list[str]], exact: list[set[str]]) -> float:
    return float(np.mean([len(set(f) & e) / K for f, e in zip(found, exact, strict=True)]))


def _memory(server: MilvusProcess) -> int:
    return int(psutil.Process(server.pid).memory_info().rss)


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _tell_load(sizes: list[Size]) -> None:
    table = Table(title="through cratewatch.gallery; the disk holds two collections")
    columns = "rows|rows/s|of bare|flush s|index s|effort|recall@10|memory MB|disk MB|import s"
    for column in columns.split("|"):
        table.add_column(column, justify="right")
    for size in sizes:
        table.add_row(
            f"{size.rows:,}",
            f"{size.rows / size.load_s:,.0f}",
            f"{size.bare_load_s / size.load_s:.2f}",
            f"{size.flush_s:.1f}",
            f"{size.index_s:.1f}",
            ", ".join(f"{name} {value}" for name, value in size.ef.items()) or "-",
            f"{size.recall:.3f}",
            f"{size.memory_bytes / 1e6:,.0f}",
            f"{size.disk_bytes / 1e6:,.0f}",
            f"{size.import_s:.0f}",
        )
    Console(width=110).print(table)


def _tell_latency(size: Size) -> None:
    table = Table(title=f"{size.rows:,} rows, {QUERIES:,} queries of one cover each")
    for column in ("clients", "p50 ms", "bare", "ratio", "p99 ms", "bare", "ratio"):
        table.add_column(column, justify="right")
    for clients in CLIENTS:
        own, bare = (size.latency_ms[way, clients] for way in ("ours", "bare"))
        cells = [str(clients)]
        for percent in (50, 99):
            mine, other = np.percentile(own, percent), np.percentile(bare, percent)
            cells += [f"{mine:.1f}", f"{other:.1f}", f"{mine / other:.2f}"]
        table.add_row(*cells)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
