"""Our embedding through Ray against a bare loop over the same model, batch and threads.

    .venv/bin/python benchmarks/embedding_overhead.py --covers 4000 --pairs 5

Three ways take turns over the same covers of a lake, all on every CPU: a plain loop in this
process that reads, decodes and embeds batch after batch; `workers.embedding.embed_covers`, which
does the same in a Ray actor; and `workers.indexing.index_covers`, which also keeps the embeddings
in the lake and the ledger, with a gallery in memory. The first batch of each run does not count:
loading the model is not what is compared.
docs/operations.md holds the output.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.loopback_shop import distinct_jpeg
from cratewatch.catalog import Catalog, Cover, open_catalog
from cratewatch.embedding import (
    EmbeddingNet,
    Embeddings,
    ModelConfig,
    batches,
    load_model,
    save_model,
)
from cratewatch.gallery import Gallery, Hit
from cratewatch.images import decode, prepare_cover
from cratewatch.lake import FolderLake, Lake, cover_key
from workers.cluster import node_cpus, ray_cluster
from workers.embedding import BATCH, ModelUse, embed_covers
from workers.indexing import index_covers

LEAST_RATIO = 0.85
COVER_BYTES = 30_000


class MemoryGallery:
    """What index_covers needs of a gallery, at no cost."""

    def __init__(self) -> None:
        self._embeddings: dict[str, Embeddings] = {}

    def upsert(self, _model: str, ids: list[str], _artworks: Any, embeddings: Embeddings) -> None:
        self._embeddings |= dict(zip(ids, embeddings, strict=True))

    def flush(self, _model: str) -> None:
        return

    def count(self, _model: str) -> int:
        return len(self._embeddings)

    def search(self, queries: Embeddings, k: int, **_: object) -> list[list[Hit]]:
        del k
        return [[Hit(cover_id, "", 1.0) for cover_id in self._embeddings] for _ in queries]


def main() -> None:
    options = _options()
    shutil.rmtree(options.home, ignore_errors=True)
    home: Path = options.home.absolute()
    lake = FolderLake(home / "lake")
    config = ModelConfig(backbone=options.backbone, image_px=options.image_px)
    torch.manual_seed(0)
    model = save_model(lake, EmbeddingNet(config), config, {}, [])
    rates: dict[str, list[float]] = {"bare loop": [], "workers": [], "with shards and ledger": []}
    with (
        closing(open_catalog(f"sqlite:///{home / 'catalog.db'}")) as catalog,
        ray_cluster("local", home / "ray"),
    ):
        covers = _store(catalog, lake, options.covers)
        torch.set_num_threads(node_cpus())
        for _ in range(options.pairs):
            rates["bare loop"].append(_rate(_bare(lake, model, covers)))
            rates["workers"].append(
                _rate(len(batch.covers) for batch in embed_covers(lake, ModelUse(model), covers))
            )
            catalog.embeddings.forget(model)
            indexed = _indexed(catalog, lake, model, covers)
            rates["with shards and ledger"].append(indexed)
    _show(rates)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--covers", type=int, default=4000)
    parser.add_argument("--pairs", type=int, default=5, help="runs of each way, taking turns")
    parser.add_argument("--backbone", choices=["resnet18", "resnet50"], default="resnet18")
    parser.add_argument("--image-px", type=int, default=ModelConfig.image_px)
    parser.add_argument("--home", type=Path, default=Path("build/embedding-overhead"))
    return parser.parse_args()


def _store(catalog: Catalog, lake: Lake, count: int) -> list[Cover]:
    run_id = catalog.runs.start("import")
    for number in range(count):
        stored = prepare_cover(distinct_jpeg(number, COVER_BYTES))
        lake.write(cover_key(stored.cover_id), stored.data)
        cover = Cover(
            cover_id=stored.cover_id,
            artwork_id=stored.cover_id,
            source="import",
            source_url=str(number),
            width_px=stored.width_px,
            height_px=stored.height_px,
            phash=stored.phash,
            fetched_at=datetime.now(UTC),
        )
        catalog.add_cover(run_id, cover, str(number))
    return catalog.covers()


def _rate(counts: Iterator[int]) -> float:
    """Return images a second after the first batch, given the number of images in each."""
    next(counts)
    start = time.perf_counter()
    images = sum(counts)
    return images / (time.perf_counter() - start)


def _bare(lake: Lake, model: str, covers: list[Cover]) -> Iterator[int]:
    embedder = load_model(lake, model)
    side_px = 2 * embedder.config.image_px
    for part in batches(len(covers), BATCH):
        images = [
            decode(lake.read(cover_key(cover.cover_id)), side_px=side_px) for cover in covers[part]
        ]
        yield len(embedder.embed_covers(images))


def _indexed(catalog: Catalog, lake: Lake, model: str, covers: list[Cover]) -> float:
    told: list[tuple[float, int]] = []
    gallery = cast(Gallery, MemoryGallery())
    index_covers(
        catalog,
        lake,
        gallery,
        ModelUse(model),
        lambda done, _: told.append((time.perf_counter(), done)),
    )
    (start, first), (end, last) = told[0], told[-1]
    assert last == len(covers)
    return (last - first) / (end - start)


def _show(rates: dict[str, list[float]]) -> None:
    bare = rates["bare loop"]
    table = Table("way", "images/s, median", "range", "ratio to the bare loop, median of pairs")
    for name, values in rates.items():
        ratio = statistics.median(ours / loop for ours, loop in zip(values, bare, strict=True))
        spread = f"{min(values):.0f} to {max(values):.0f}"
        table.add_row(name, f"{statistics.median(values):.0f}", spread, f"{ratio:.2f}")
    Console().print(table)
    print(f"at least {LEAST_RATIO} is wanted of the workers")


if __name__ == "__main__":
    main()
