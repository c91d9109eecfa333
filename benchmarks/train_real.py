"""Trains on the real covers minus the held-out artworks, in this process.

    .venv/bin/python benchmarks/train_real.py --covers ../shared/data/covers --home build/real \\
        --steps 3000 --threads 2

An interrupted training goes on where it was when the same command is given again. The model lies
in the home's lake; benchmarks/protocols.py evaluates it.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import torch

from benchmarks.real_training import read_sets
from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.saved_models import describe_start, start_artworks
from cratewatch.lake.opening import open_lake
from cratewatch.settings import load_settings
from cratewatch.training.checkpoints import Checkpoints
from cratewatch.training.config import Draw, LossConfig, TrainConfig
from cratewatch.training.loop import Trainer
from cratewatch.training.naming import training_name
from cratewatch.training.progress import TrainProgress
from cratewatch.training.validation import Validation

REPORT_EVERY = 50


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    config = _config(options)
    sets = read_sets(options.covers, config.model)
    seen = sets.seen
    lake = open_lake(load_settings(home=options.home).lake)
    name = training_name(config, str(options.covers), seen.artworks)
    checkpoints = Checkpoints(lake, name)
    validation = Validation(seen, sets.unseen, config.seed, config.draw.sketched)
    trainer = Trainer(seen, config, validation, checkpoints)
    for progress in trainer.steps():
        if progress.step % REPORT_EVERY == 0:
            _report(progress)
    provenance = {
        "training": {
            "n_artworks": len(seen.artworks),
            "covers": "real",
            **_settings(config),
            **dict(zip(("weights", "started_from"), describe_start(config.weights), strict=True)),
        },
        "metrics": {
            "final_loss": progress.loss,
            "seconds": round(progress.seconds, 1),
            "waiting": round(progress.waiting, 4),
            "validation": trainer.history,
        },
    }
    confused = [
        (seen.artworks[number], seen.artworks[other]) for number, other in trainer.taken_for.items()
    ]
    known = sorted(start_artworks(config.weights) | set(sets.seen_ids))
    model = save_model(lake, trainer.net, config.model, provenance, known, confused)
    checkpoints.drop()
    print(json.dumps({"model": model, **provenance["metrics"]}))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--covers", type=Path, required=True, help="folder with covers.csv")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=TrainConfig.steps)
    parser.add_argument("--round-steps", type=int, default=TrainConfig.round_steps)
    parser.add_argument("--artworks", type=int, default=96)
    parser.add_argument("--images-each", type=int, default=2)
    parser.add_argument("--confused", type=float, default=Draw.confused)
    parser.add_argument("--backbone", default=ModelConfig.backbone)
    parser.add_argument("--stages", type=int, default=ModelConfig.stages)
    parser.add_argument("--pooling", default=ModelConfig.pooling)
    parser.add_argument("--image-px", type=int, default=ModelConfig.image_px)
    parser.add_argument("--weights", default="")
    parser.add_argument("--loss", default=LossConfig.name)
    parser.add_argument("--mining", default=LossConfig.mining)
    parser.add_argument("--margin", type=float, default=LossConfig.margin)
    parser.add_argument("--temperature", type=float, default=LossConfig.temperature)
    parser.add_argument("--memory", type=int, default=LossConfig.memory)
    parser.add_argument("--learning-rate", type=float, default=TrainConfig.learning_rate)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _config(options: argparse.Namespace) -> TrainConfig:
    return TrainConfig(
        model=ModelConfig(options.backbone, options.stages, options.pooling, options.image_px),
        loss=LossConfig(
            options.loss, options.mining, options.margin, options.temperature, options.memory
        ),
        draw=Draw(options.artworks, options.images_each, sketched=1.0, confused=options.confused),
        weights=options.weights,
        steps=options.steps,
        round_steps=options.round_steps,
        learning_rate=options.learning_rate,
        seed=options.seed,
    )


def _settings(config: TrainConfig) -> dict[str, object]:
    return {key: value for key, value in asdict(config).items() if key != "model"}


def _report(progress: TrainProgress) -> None:
    recall = f"{progress.recall.at_1:.3f}" if progress.recall else "-"
    sys.stderr.write(
        f"step {progress.step} of {progress.steps}, {progress.seconds:.0f} s, "
        f"{progress.left_s:.0f} s left, loss {progress.loss:.3f}, recall@1 {recall}, "
        f"waiting {progress.waiting:.1%}\n"
    )
    sys.stderr.flush()


if __name__ == "__main__":
    main()
