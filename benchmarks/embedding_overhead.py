"""Our embedding through Ray against the bare model and against a bare loop on the same machine.

    .venv/bin/python benchmarks/embedding_overhead.py --covers 4000 --pairs 5 [--folder COVERS]

Four ways take turns over the same covers, all on every CPU: the bare model, which embeds pictures
that are ready in memory; a bare loop in one process that reads, decodes and embeds batch after
batch; `workers.embedding.embed_shards`, which does the same in Ray actors and keeps the embeddings
in the lake; and `cratewatch.indexing.embedding.embed_missing`, which has that done and also records
them in the catalog. Between them the machine multiplies large matrices: its peak arithmetic. The
first SKIPPED shards or batches of each run do not count, nor do the last: starting actors is not
what is compared, and is told by itself.
docs/operations.md holds the output.
"""

from __future__ import annotations

import argparse
import queue
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import ray
import torch
from rich.console import Console
from rich.table import Table
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.loopback_shop import distinct_jpeg
from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.records import Cover
from cratewatch.chunks import chunks
from cratewatch.embedding.arrays import Grey
from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.net import EmbeddingNet
from cratewatch.embedding.preprocessing import frame_cover
from cratewatch.embedding.shards import PREFIX
from cratewatch.embedding.sizing import CPU_BATCH
from cratewatch.gallery.gallery import Gallery
from cratewatch.images.covers import prepare_cover
from cratewatch.images.reading import decode
from cratewatch.indexing.embedding import embed_missing
from cratewatch.indexing.stores import Stores
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake, cover_key
from workers import indexing
from workers.cluster import node_cpus, ray_cluster
from workers.embedding import ModelUse, embed_shards

LEAST_RATIO = 0.9
COVER_BYTES = 30_000
SKIPPED = 2
MATRIX = 4096
PRODUCTS = 3
PATIENCE_S = 300.0

Told = list[tuple[float, int]]
"""When images were done, in seconds from the start, and how many."""


def main() -> None:
    options = _options()
    shutil.rmtree(options.home, ignore_errors=True)
    home: Path = options.home.absolute()
    lake = FolderLake(home / "lake")
    config = ModelConfig(
        backbone=options.backbone, stages=options.stages, image_px=options.image_px
    )
    torch.manual_seed(0)
    net = EmbeddingNet(config)
    model = save_model(lake, net, config, {}, [])
    rates: dict[str, list[float]] = {}
    starts: list[float] = []
    peaks: dict[str, list[float]] = {}
    indexing.SHARD_COVERS = options.shard
    with (
        closing(open_catalog(f"sqlite:///{home / 'catalog.db'}")) as catalog,
        ray_cluster("local", home / "ray"),
    ):
        covers = _store(catalog, lake, options)
        ways: dict[str, Callable[[], Told]] = {
            "bare model": lambda: _apart(_model_alone, lake, model, covers),
            "bare loop": lambda: _apart(_loop, lake, model, covers),
            "shards through Ray": lambda: _told(_shards(lake, model, covers, options.shard)),
            "with the catalog": lambda: _told(_recorded(catalog, lake, model, covers)),
        }
        for _ in range(options.pairs):
            for dtype in (torch.float32, torch.bfloat16):
                peaks.setdefault(str(dtype), []).append(_apart(_peak_flops, dtype))
            for name, way in ways.items():
                rate, start_s = _rate(way())
                rates.setdefault(name, []).append(rate)
                if name == "shards through Ray":
                    starts.append(start_s)
            for key in catalog.embeddings.shards(model):
                catalog.embeddings.forget_shard(model, key)
            _drop_shards(lake)
    _show(rates)
    print(f"actors need {statistics.median(starts):.1f} s until the first shard is written")
    _show_arithmetic(config, net, statistics.median(rates["bare model"]), peaks)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--covers", type=int, default=4000)
    parser.add_argument("--pairs", type=int, default=5, help="runs of each way, taking turns")
    parser.add_argument("--folder", type=Path, help="of JPEG covers; drawn ones without it")
    parser.add_argument("--shard", type=int, default=128, help="covers of a shard")
    parser.add_argument("--backbone", choices=["resnet18", "resnet50"], default="resnet18")
    parser.add_argument("--stages", type=int, default=ModelConfig.stages)
    parser.add_argument("--image-px", type=int, default=ModelConfig.image_px)
    parser.add_argument("--home", type=Path, default=Path("build/embedding-overhead"))
    return parser.parse_args()


def _store(catalog: Catalog, lake: Lake, options: argparse.Namespace) -> list[Cover]:
    run_id = catalog.runs.start("import")
    for number, data in enumerate(_jpegs(options)):
        stored = prepare_cover(data)
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
        catalog.covers.add(run_id, cover, str(number))
    return catalog.covers.all()


def _jpegs(options: argparse.Namespace) -> Iterator[bytes]:
    if options.folder is None:
        yield from (distinct_jpeg(number, COVER_BYTES) for number in range(options.covers))
    else:
        files = sorted(options.folder.rglob("*.jpg"))[: options.covers]
        yield from (file.read_bytes() for file in files)


def _apart(way: Callable[..., Any], *arguments: Any) -> Any:
    """Run a bare way in a process of its own, as the actors are: the kernel may favour those."""
    cpus = node_cpus()

    @ray.remote(num_cpus=cpus, max_calls=1)
    def run() -> Any:
        torch.set_num_threads(cpus)
        found = way(*arguments)
        return _told(found) if isinstance(found, Iterator) else found

    return ray.get(run.remote())


def _told(counts: Iterator[int]) -> Told:
    begin = time.perf_counter()
    return [(time.perf_counter() - begin, count) for count in counts]


def _rate(told: Told) -> tuple[float, float]:
    """Return images a second and the seconds before the first ones, given what came when."""
    counted = told[SKIPPED - 1 : -SKIPPED]
    seconds = counted[-1][0] - counted[0][0]
    return sum(count for _, count in counted[1:]) / seconds, told[0][0]


def _model_alone(lake: Lake, model: str, covers: list[Cover]) -> Iterator[int]:
    embedder = load_model(lake, model)
    grey = [_picture(lake, embedder, cover) for cover in covers[:CPU_BATCH]]
    for _ in chunks(covers, CPU_BATCH):
        yield len(embedder.embed_grey(grey))


def _loop(lake: Lake, model: str, covers: list[Cover]) -> Iterator[int]:
    embedder = load_model(lake, model)
    for part in chunks(covers, CPU_BATCH):
        yield len(embedder.embed_grey([_picture(lake, embedder, cover) for cover in part]))


def _picture(lake: Lake, embedder: Embedder, cover: Cover) -> Grey:
    data = lake.read(cover_key(cover.cover_id))
    return frame_cover(decode(data, side_px=2 * embedder.config.image_px), embedder.config)


def _shards(lake: Lake, model: str, covers: list[Cover], size: int) -> Iterator[int]:
    for shard in embed_shards(lake, ModelUse(model), iter(covers), size):
        yield len(shard.cover_ids)
    _drop_shards(lake)


def _drop_shards(lake: Lake) -> None:
    for key in list(lake.keys(PREFIX)):
        lake.delete(key)


def _recorded(catalog: Catalog, lake: Lake, model: str, covers: list[Cover]) -> Iterator[int]:
    """Embed and record in a thread, which tells each shard as it is done."""
    told: queue.Queue[int] = queue.Queue()
    stores = Stores(catalog, lake, cast(Gallery, None))  # nothing is loaded
    with ThreadPoolExecutor(1) as executor:
        embed = indexing.embed_by_ray("local", Path(), lake)  # is connected to already
        report = executor.submit(
            embed_missing, stores, model, embed, lambda done, _total, _note: told.put(done)
        )
        done = 0
        while done < len(covers):
            before, done = done, told.get(timeout=PATIENCE_S)
            yield done - before
    assert report.result().covers == len(covers)


def _peak_flops(dtype: torch.dtype) -> float:
    """Return the floating-point operations a second of the product of two large matrices."""
    matrix = torch.rand(MATRIX, MATRIX).to(dtype)
    torch.mm(matrix, matrix)
    seconds = []
    for _ in range(PRODUCTS):
        begin = time.perf_counter()
        torch.mm(matrix, matrix)
        seconds.append(time.perf_counter() - begin)
    return float(2 * MATRIX**3 / min(seconds))


def _flops_each(config: ModelConfig, net: EmbeddingNet) -> int:
    """Return the floating-point operations for a picture; a multiply-add is two."""
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        net.eval()(torch.zeros(1, 1, config.image_px, config.image_px))
    return int(counter.get_total_flops())


def _show_arithmetic(
    config: ModelConfig, net: EmbeddingNet, rate: float, peaks: dict[str, list[float]]
) -> None:
    each = _flops_each(config, net)
    print(f"the model takes {each / 1e9:.3f} GFLOP for a picture, {each * rate / 1e9:.0f} GFLOP/s")
    for dtype, values in peaks.items():
        peak = statistics.median(values)
        print(
            f"{dtype}: a product of {MATRIX} x {MATRIX} reaches {peak / 1e9:.0f} GFLOP/s, of which "
            f"the bare model has {each * rate / peak:.2f}"
        )


def _show(rates: dict[str, list[float]]) -> None:
    table = Table("way", "images/s", "range", "of bare model", "of bare loop")
    for name, values in rates.items():
        spread = f"{min(values):.0f} to {max(values):.0f}"
        shares = [f"{_share(values, rates[bare]):.2f}" for bare in ("bare model", "bare loop")]
        table.add_row(name, f"{statistics.median(values):.0f}", spread, *shares)
    Console().print(table)
    print(f"at least {LEAST_RATIO} of the bare model is wanted of shards through Ray")


def _share(ours: list[float], bare: list[float]) -> float:
    return statistics.median(mine / other for mine, other in zip(ours, bare, strict=True))


if __name__ == "__main__":
    main()
