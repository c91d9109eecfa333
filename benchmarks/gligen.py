"""Our GLIGEN loop against diffusers' stock pipeline, on equal weights, scenes and steps.

    .venv/bin/python benchmarks/gligen.py            # tiny model, CPU
    .venv/bin/python benchmarks/gligen.py --full     # full architecture at 512 px on a GPU, bf16

The stock pipeline takes one layout per call; our loop takes a batch of different ones. Both get
the same requests and go from uint8 pictures to uint8 pictures. The ways take turns, each once
without measuring first, which also compiles; the median counts. --full makes a model with the
architecture of Stable Diffusion 1.4 with GLIGEN and random weights: speed and memory are those of
a trained one. docs/synthesis.md holds the output.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from diffusers import StableDiffusionGLIGENPipeline
from PIL import Image
from rich.console import Console
from rich.table import Table

from cratewatch.synthesis.diffusion.architectures import build_model
from cratewatch.synthesis.diffusion.config import GligenConfig
from cratewatch.synthesis.diffusion.gligen import GligenEngine
from cratewatch.synthesis.diffusion.model import GligenModel
from cratewatch.synthesis.diffusion.placement import place
from cratewatch.synthesis.painting import PaintRequest
from cratewatch.synthesis.scene import PhraseBox

WANTED_RATIO = 1.5  # of the stock pipeline's images/s, tiny model, CPU, batch 8
WANTED_FULL = 2.5  # images/s, full size, 25 steps


@dataclass(frozen=True)
class Way:
    """One way to paint; batch 0 is the stock pipeline."""

    steps: int
    batch: int
    compiled: bool = False

    def __str__(self) -> str:
        kind = "stock, one by one" if not self.batch else f"ours, batch {self.batch}"
        return f"{kind}{', compiled' if self.compiled else ''}"


@dataclass(frozen=True)
class Measured:
    images_per_s: float
    peak_gib: float


def main() -> None:
    options = _options()
    if options.full and not torch.cuda.is_available():
        sys.exit("--full needs a GPU and PyTorch sees none; leave it out for the tiny model")
    if not options.full:
        torch.set_num_threads(options.threads)
    config = GligenConfig(
        device="cuda" if options.full else "cpu",
        precision="bf16" if options.full else "fp32",
        prompt="a photo",
    )
    with tempfile.TemporaryDirectory() as folder:
        size: Literal["tiny", "full"] = "full" if options.full else "tiny"
        model = build_model(Path(folder), "gligen", size, seed=0).to(place(config))
    runs: dict[Way, list[Measured]] = {}
    painters = {way: _painter(way, model, config) for way in _ways(options)}
    for way, paint in painters.items():
        _measure(paint, max(way.batch, 1))
    for _ in range(options.rounds):
        for way, paint in painters.items():
            count = -(-options.images // max(way.batch, 1)) * max(way.batch, 1)
            runs.setdefault(way, []).append(_measure(paint, count))
    _show(runs, options.full)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--steps", type=int, nargs="+")
    parser.add_argument("--batches", type=int, nargs="+")
    parser.add_argument("--images", type=int, default=16, help="of each way and round, at least")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="on a CPU")
    options = parser.parse_args()
    options.steps = options.steps or ([25, 50] if options.full else [10])
    options.batches = options.batches or ([1, 4, 8, 16, 32] if options.full else [1, 8])
    return options


def _ways(options: argparse.Namespace) -> list[Way]:
    compiled = [False, True] if options.full else [False]
    ours = [
        Way(steps, batch, each)
        for each in compiled
        for steps in options.steps
        for batch in options.batches
    ]
    return [*(Way(steps, 0) for steps in options.steps), *ours]


def _painter(
    way: Way, model: GligenModel, config: GligenConfig
) -> Callable[[list[PaintRequest]], object]:
    if not way.batch:
        return _stock(way, model, config)
    # Each way its own network over the same weights: compiling one leaves the others as they are.
    with torch.device("meta"):
        unet = type(model.unet).from_config(model.unet.config)
    unet.load_state_dict(model.unet.state_dict(), assign=True)
    engine = GligenEngine(
        replace(model, unet=unet.eval()),
        replace(config, steps=way.steps, batch=way.batch, compile=way.compiled),
    )
    return engine.paint


def _stock(
    way: Way, model: GligenModel, config: GligenConfig
) -> Callable[[list[PaintRequest]], object]:
    pipeline = StableDiffusionGLIGENPipeline(
        model.vae,
        model.text_encoder,
        model.tokenizer,
        model.unet,
        model.scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.vae.sample_size = pipeline.vae.config.sample_size  # it asks there, and warns of it
    return lambda requests: [
        pipeline(
            config.prompt,
            num_inference_steps=way.steps,
            guidance_scale=config.guidance,
            gligen_scheduled_sampling_beta=config.beta,
            gligen_phrases=[box.phrase for box in request.boxes],
            gligen_boxes=[list(box.xyxy) for box in request.boxes],
            gligen_inpaint_image=Image.fromarray(request.image),
        )
        for request in requests
    ]


def _requests(count: int) -> list[PaintRequest]:
    rng = np.random.default_rng(0)
    requests = []
    for seed in range(count):
        image = rng.integers(0, 256, (320, 320, 3), dtype=np.uint8)
        left, top = rng.uniform(0.0, 0.6, 2)
        mask = np.zeros(image.shape[:2], dtype=np.bool_)
        mask[int(top * 320) : int(top * 320) + 128, int(left * 320) : int(left * 320) + 128] = True
        box = PhraseBox(
            "a hand holding a record sleeve", (float(left), float(top), left + 0.4, top + 0.4)
        )
        requests.append(PaintRequest(image, (box,), (mask,), seed))
    return requests


def _measure(paint: Callable[[list[PaintRequest]], object], count: int) -> Measured:
    requests = _requests(count)
    gpu = torch.cuda.is_available()
    if gpu:
        torch.cuda.reset_peak_memory_stats()
    start = time.perf_counter()
    paint(requests)  # ends with pictures on the CPU, so that the GPU is done as well
    seconds = time.perf_counter() - start
    peak = torch.cuda.max_memory_allocated() / 2**30 if gpu else 0.0
    return Measured(count / seconds, peak)


def _show(runs: dict[Way, list[Measured]], full: bool) -> None:
    device = torch.cuda.get_device_name() if full else f"CPU, {torch.get_num_threads()} threads"
    table = Table("steps", "way", "images/s", "of stock", "peak GiB", title=f"GLIGEN, {device}")
    speed = {way: statistics.median(run.images_per_s for run in each) for way, each in runs.items()}
    for way, rate in sorted(speed.items(), key=lambda item: item[0].steps):
        ratio = rate / speed[Way(way.steps, 0)]
        peak = f"{max(run.peak_gib for run in runs[way]):.1f}" if full else ""
        table.add_row(str(way.steps), str(way), f"{rate:.2f}", f"{ratio:.2f}", peak)
    Console(width=100).print(table)
    wanted = f"{WANTED_FULL} images/s at 25 steps" if full else f"{WANTED_RATIO} of stock, batch 8"
    print(f"wanted: {wanted}")
    rates = {
        f"{way.steps} steps, {way}": [run.images_per_s for run in each]
        for way, each in runs.items()
    }
    print(json.dumps({"images_per_s": rates}))


if __name__ == "__main__":
    main()
