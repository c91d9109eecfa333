"""What each part of training brings: variants compared on validation artworks, never on test ones.

    .venv/bin/python benchmarks/ablation.py --covers ../shared/data/covers \\
        --out build/ablation.jsonl --table losses --steps 300

Trains each variant on the real covers for as many steps, from the same seed, and searches sketches
of the validation artworks among all covers of the training and the validation; the 1,200 held-out
artworks take no part. A line is added to the file as each training ends, and a variant that has
its line is not trained again. docs/evaluation.md holds the tables.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.real_training import RealSets, read_sets
from cratewatch.embedding.config import ModelConfig
from cratewatch.errors import CratewatchError
from cratewatch.training.config import Draw, LossConfig, TrainConfig
from cratewatch.training.loop import Trainer
from cratewatch.training.validation import Validation

BASE = TrainConfig(draw=Draw(artworks=96, images_each=2, sketched=1.0))
MOBILENET = "../shared/data/weights/mobilenet_v1_075_224_imagenet.npz"


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    sets: dict[ModelConfig, RealSets] = {}
    done = _read(options.out)
    for name, variant in TABLES[options.table].items():
        config = replace(variant, steps=options.steps, round_steps=options.steps, seed=options.seed)
        key = f"{name}, seed {config.seed}, {config.steps} steps"
        if key in done:
            continue
        seen = ModelConfig(image_px=config.model.image_px, cover_margin=config.model.cover_margin)
        if seen not in sets:
            sets[seen] = read_sets(options.covers, seen)
        done[key] = {"table": options.table, "variant": key, **_measure(config, sets[seen])}
        with options.out.open("a") as lines:
            lines.write(json.dumps(done[key]) + "\n")
    for row in _rows(done, options.table):
        print(row)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--covers", type=Path, required=True, help="folder with covers.csv")
    parser.add_argument("--out", type=Path, required=True, help="file of JSON lines, added to")
    parser.add_argument("--table", choices=TABLES, required=True)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _measure(config: TrainConfig, sets: RealSets) -> dict[str, Any]:
    validation = Validation(sets.seen, sets.unseen, seed=0, sketched=1.0)
    trainer = Trainer(sets.seen, config, validation)
    start = time.monotonic()
    try:
        *_, progress = trainer.steps()
    except CratewatchError as error:
        return {"failed": str(error)}
    assert trainer.recall is not None
    return {
        **asdict(trainer.recall),
        "loss": round(progress.loss, 3),
        "seconds": round(time.monotonic() - start),
        "waiting": round(progress.waiting, 3),
    }


def _read(file: Path) -> dict[str, dict[str, Any]]:
    lines = file.read_text().splitlines() if file.exists() else []
    rows = [json.loads(line) for line in lines]
    return {row["variant"]: row for row in rows}


def _rows(done: dict[str, dict[str, Any]], table: str) -> Iterator[str]:
    yield "| variant | recall@1 | recall@5 | last loss | seconds |"
    yield "| --- | --- | --- | --- | --- |"
    for row in done.values():
        if row["table"] != table:
            continue
        if "failed" in row:
            yield f"| {row['variant']} | failed: {row['failed']} | | | |"
        else:
            yield (
                f"| {row['variant']} | {row['at_1']:.3f} | {row['at_5']:.3f} | {row['loss']} "
                f"| {row['seconds']} |"
            )


def _loss(**settings: Any) -> TrainConfig:
    return replace(BASE, loss=LossConfig(**settings))


def _model(weights: str = "", **settings: Any) -> TrainConfig:
    return replace(BASE, model=ModelConfig(**settings), weights=weights)


def _draw(**settings: Any) -> TrainConfig:
    return replace(BASE, draw=replace(BASE.draw, **settings))


TABLES: dict[str, dict[str, TrainConfig]] = {
    "losses": {
        "triplet, all, margin 1.0": _loss(name="triplet", mining="all", margin=1.0),
        "triplet, hard, margin 1.0": _loss(name="triplet", mining="hard", margin=1.0),
        "triplet, warm-up, margin 1.0": _loss(name="triplet", mining="warmup", margin=1.0),
        "triplet, warm-up, margin 0.2": _loss(name="triplet", mining="warmup", margin=0.2),
        "triplet, semi-hard, margin 0.2": _loss(name="triplet", mining="semihard", margin=0.2),
        "triplet, warm-up, margin 0.2, memory": _loss(
            name="triplet", mining="warmup", margin=0.2, memory=1024
        ),
        "soft triplet": _loss(name="soft_triplet"),
        "soft triplet, memory": _loss(name="soft_triplet", memory=4096),
        "multi-similarity": _loss(name="multi_similarity"),
        "multi-similarity, memory": _loss(name="multi_similarity", memory=4096),
        "InfoNCE, temperature 0.05": _loss(name="infonce", temperature=0.05),
        "InfoNCE, temperature 0.05, memory": _loss(name="infonce", temperature=0.05, memory=4096),
    },
    "backbones": {
        "ResNet18, three stages, map": _model(),
        "ResNet18, three stages, GeM": _model(pooling="gem"),
        "ResNet18, four stages, GeM": _model(stages=4, pooling="gem"),
        "ResNet34, three stages, map": _model(backbone="resnet34"),
        "ResNet50, three stages, map": _model(backbone="resnet50"),
        "RegNetY-400MF, three stages, map": _model(backbone="regnet_y_400mf"),
        "MobileNetV1, three stages, map": _model(backbone="mobilenet_v1"),
        "MobileNetV1, three stages, map, from ImageNet": _model(
            backbone="mobilenet_v1", weights=MOBILENET
        ),
    },
    "drawing": {
        "not turned": _draw(turn=False),
        "64 artworks, 3 images of each": _draw(artworks=64, images_each=3),
        "96 px": _model(image_px=96),
        "covers without frame": _model(cover_margin=0.0),
    },
}


if __name__ == "__main__":
    main()
