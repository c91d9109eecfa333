"""Embedding on a CPU: PyTorch against OpenVINO, fp32 against bf16 and int8, side by side.

    .venv/bin/python benchmarks/inference.py --covers ../shared/data/covers \\
        --hands ../shared/data/occluders/hands --model build/real-64/lake/models/NAME

All ways take turns over the same batches, of the given model and of an untrained ResNet50 at
224 px; then each embeds covers, and the cosine with PyTorch in fp32 is taken. At last each searches
queries of the held-out artworks among all covers, with a gallery of its own and with that of
PyTorch in fp32, as after a change of settings. docs/evaluation.md holds the output.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.real_collection import RealCover, held_out, read_collection
from cratewatch.chunks import chunks
from cratewatch.embedding.arrays import Embeddings, Grey
from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.exporting import quantise_model
from cratewatch.embedding.inference import Inference
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.net import EmbeddingNet
from cratewatch.embedding.preprocessing import frame_cover
from cratewatch.embedding.saved_models import adopt_model, find_model
from cratewatch.evaluation.protocol.hands import load_hands
from cratewatch.evaluation.protocol.queries import draw_queries
from cratewatch.evaluation.protocol.vectors import ArtworkVectors, score
from cratewatch.images.reading import load, pixels
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake
from cratewatch.training.sketch import lay_cover, make_props, sketch

BATCH = 64
CALIBRATED_ON = 150
RESNET50 = ModelConfig(backbone="resnet50", stages=4, pooling="gem", image_px=224)
REFERENCE = "PyTorch fp32"
WAYS = {
    REFERENCE: Inference("torch", "fp32", "cpu"),
    "PyTorch bf16": Inference("torch", "bf16", "cpu"),
    "OpenVINO fp32": Inference("openvino", "fp32"),
    "OpenVINO bf16": Inference("openvino", "bf16"),
}
INT8 = "OpenVINO int8"


@dataclass(frozen=True)
class Pictures:
    """Covers of the collection: to calibrate on, and of artworks that training did not see."""

    known: Sequence[Path]
    unseen: Sequence[Path]


def main() -> None:
    options = _options()
    covers = read_collection(options.covers)
    unseen = held_out(covers)
    pictures = Pictures(
        [options.covers / c.file for c in covers if c.artwork not in unseen][:CALIBRATED_ON],
        [options.covers / c.file for c in covers if c.artwork in unseen],
    )
    lake = FolderLake(options.home.absolute() / "lake")
    name = adopt_model(lake, options.model)
    ways = _open(lake, name, pictures)
    results = {name: _compare(ways, pictures, options)}
    torch.manual_seed(0)
    large = save_model(lake, EmbeddingNet(RESNET50), RESNET50, {}, [])
    results[f"{large}, 224 px, untrained"] = _compare(
        _open(lake, large, pictures), pictures, options
    )
    for model, rows in results.items():
        _show(f"{model}, batch {BATCH}, {torch.get_num_threads()} threads", rows)
    recalls = _recalls(ways, covers, options)
    _show(f"{name}: {options.queries} queries, severity 1, 128 px, {len(covers)} covers", recalls)
    print(json.dumps({**results, "recall": recalls}))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--covers", type=Path, required=True, help="folder with covers.csv")
    parser.add_argument("--hands", type=Path, required=True, help="folder of cut-outs")
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--home", type=Path, default=Path("build/inference"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each way in a round")
    parser.add_argument("--queries", type=int, default=1000)
    return parser.parse_args()


def _open(lake: Lake, name: str, pictures: Pictures) -> dict[str, Embedder]:
    ways = {way: load_model(lake, name, inference) for way, inference in WAYS.items()}
    folder = find_model(lake, name)
    config = folder.config()
    props, rng = make_props(0), np.random.default_rng(0)
    calibrated_on: list[Grey] = []
    for file in pictures.known:
        cover = load(file)
        query = sketch(lay_cover(cover), props, rng, config.image_px)
        calibrated_on += [frame_cover(cover, config), query]
    return {**ways, INT8: quantise_model(folder, calibrated_on)[0]}


def _compare(
    ways: dict[str, Embedder], pictures: Pictures, options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """Return for each way its images a second, and how it agrees with the reference."""
    config = ways[REFERENCE].config
    grey = [frame_cover(load(file), config) for file in pictures.unseen[: 4 * BATCH]]
    expected = _embed(ways[REFERENCE], grey)
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(options.rounds):
        for way, embedder in ways.items():
            rates[way].append(_rate(embedder, grey[:BATCH], options.seconds))
    rows = {}
    for way, embedder in ways.items():
        cosines = (_embed(embedder, grey) * expected).sum(axis=1)
        ratios = [ours / plain for ours, plain in zip(rates[way], rates[REFERENCE], strict=True)]
        rows[way] = {
            "images/s": round(statistics.median(rates[way]), 1),
            "least": round(min(rates[way]), 1),
            "most": round(max(rates[way]), 1),
            "ratio": round(statistics.median(ratios), 2),
            "cosine, least": round(float(cosines.min()), 5),
            "cosine, mean": round(float(cosines.mean()), 5),
        }
    return rows


def _rate(embedder: Embedder, grey: Sequence[Grey], seconds: float) -> float:
    """Return images a second, after one batch that does not count."""
    embedder.embed_grey(grey)
    start, images = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        embedder.embed_grey(grey)
        images += len(grey)
    return images / (time.perf_counter() - start)


def _recalls(
    ways: dict[str, Embedder], covers: Sequence[RealCover], options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    config = ways[REFERENCE].config
    artworks = [cover.artwork for cover in covers]
    grey = [frame_cover(load(options.covers / cover.file), config) for cover in covers]
    unseen = held_out(covers)
    shown = [(c.artwork, _rgb(options.covers / c.file)) for c in covers if c.artwork in unseen]
    queries = list(draw_queries(shown, options.queries, 1.0, 128, load_hands(options.hands), 0))
    plain = ArtworkVectors(_embed(ways[REFERENCE], grey), artworks)
    rows = {}
    for way, embedder in ways.items():
        own = score(
            queries, ArtworkVectors(_embed(embedder, grey), artworks), embedder.embed_queries
        )
        mixed = score(queries, plain, embedder.embed_queries)
        rows[way] = {
            "recall@1": round(own.recall_at_1.value, 4),
            "recall@5": round(own.recall_at_5.value, 4),
            "recall@1, gallery of the first": round(mixed.recall_at_1.value, 4),
            "recall@5, gallery of the first": round(mixed.recall_at_5.value, 4),
        }
    return rows


def _rgb(file: Path) -> npt.NDArray[np.uint8]:
    return pixels(load(file))


def _embed(embedder: Embedder, grey: Sequence[Grey]) -> Embeddings:
    return np.concatenate([embedder.embed_grey(part) for part in chunks(grey, BATCH)])


def _show(title: str, rows: dict[str, dict[str, float]]) -> None:
    table = Table("way", *next(iter(rows.values())), title=title)
    for way, values in rows.items():
        table.add_row(way, *(str(value) for value in values.values()))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
