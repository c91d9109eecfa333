"""Trains the finder that ships, on real covers and scenes, network by network, in the background.

    .venv/bin/python benchmarks/train_finder.py --data ../shared/data --out build/finder \\
        --network proposer --steps 3000
    .venv/bin/python benchmarks/train_finder.py ... --network refiner --steps 1200
    .venv/bin/python benchmarks/ship_finder.py --trained build/finder --measured FILE

Covers are those that the embedding model in the package was trained on, scenes four in five: the
protocol of benchmarks/finding.py draws with the others. A network in the folder is trained further.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import torch

from cratewatch.embedding.model_folder import TRAIN_ARTWORKS
from cratewatch.embedding.saved_models import SHIPPED, shipped_models
from cratewatch.finding.drawn_batches import draw_batches
from cratewatch.finding.net import Proposer, Refiner
from cratewatch.finding.training import FinderTraining, train_proposer, train_refiner
from cratewatch.finding.weights import start_from_imagenet
from cratewatch.images.reading import load, pixels
from cratewatch.synthesis.pixels import Rgb
from cratewatch.synthesis.whole_pictures.stock import Stock, make_stock

IMAGENET = "weights/mobilenet_v1_075_224_imagenet.npz"
PICTURES = {"proposer": 16, "refiner": 12}
"""In a batch of each network."""
TOLD_STEPS = 50
Net = TypeVar("Net", Proposer, Refiner)


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    stock = real_stock(options.data)
    average = 1 - 10 / max(options.steps, 20)
    config = FinderTraining(
        options.steps, options.learning_rate, average=average, seed=options.seed
    )
    batches = draw_batches(stock, PICTURES[options.network], uses=2, seed=options.seed)
    imagenet, proposer = options.data / IMAGENET, options.out / "proposer.pt"
    if options.network == "proposer":
        first = _start(Proposer(), proposer, imagenet)
        trained: torch.nn.Module = train_proposer(first, batches, config, _teller(options.steps))
    else:
        second = _start(Refiner(), options.out / "refiner.pt", imagenet)
        proposes = _start(Proposer(), proposer, imagenet)
        trained = train_refiner(second, proposes, batches, config, _teller(options.steps))
    torch.save(trained.state_dict(), options.out / f"{options.network}.pt")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of covers/ and scenes/")
    parser.add_argument("--out", type=Path, default=Path("build/finder"))
    parser.add_argument("--network", choices=sorted(PICTURES), required=True)
    parser.add_argument("--steps", type=int, default=FinderTraining.steps)
    parser.add_argument("--learning-rate", type=float, default=FinderTraining.learning_rate)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def real_stock(data: Path) -> Stock:
    """Return the stock of the covers and scenes that may be trained on."""
    listed = (SHIPPED / shipped_models()[-1] / TRAIN_ARTWORKS).read_text().split()
    seen = frozenset(listed)
    covers = [path for path in sorted(data.glob("covers/*/*.jpg")) if _sha256(path) in seen]
    scenes = [path for path in sorted(data.glob("scenes/*.jpg")) if not is_held_out(path)]
    print(f"{len(covers)} covers, {len(scenes)} scenes", flush=True)
    return make_stock(_read(covers), _read(scenes), seed=0)


def is_held_out(scene: Path) -> bool:
    """Whether a scene is one of those that only the protocol draws with."""
    return hashlib.sha256(scene.name.encode()).digest()[0] % 5 == 0


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(paths: Sequence[Path]) -> list[Rgb]:
    return [pixels(load(path)) for path in paths]


def _start(net: Net, file: Path, imagenet: Path) -> Net:
    if file.exists():
        net.load_state_dict(torch.load(file, weights_only=True))
    else:
        start_from_imagenet(net, imagenet)
    return net


def _teller(steps: int) -> Callable[[int, float], None]:
    """Return what prints the mean loss now and then."""
    began = time.monotonic()
    losses: list[float] = []

    def tell(step: int, loss: float) -> None:
        losses.append(loss)
        if len(losses) == TOLD_STEPS or step == steps - 1:
            seconds = time.monotonic() - began
            print(f"{step + 1}/{steps} {seconds:.0f} s, loss {np.mean(losses):.4f}", flush=True)
            losses.clear()

    return tell


if __name__ == "__main__":
    main()
