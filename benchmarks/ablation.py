"""What each part of training brings: variants compared on validation artworks, never on test ones.

    .venv/bin/python benchmarks/ablation.py --home build/demo --steps 150 --seeds 0 1

Takes a home with covers and a run of training queries, as `cratewatch demo` leaves it. Of the
training artworks it holds out those of `in_validation` in cratewatch.splits, trains each variant on
the others, in this process and on one thread, and searches their queries among all covers of the
catalog. A line of the table is printed as each training ends; docs/evaluation.md holds the table.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torchvision.models import resnet18

from cratewatch.catalog import open_catalog
from cratewatch.embedding import Embedder, EmbeddingNet, ModelConfig, TorchRuntime, batches
from cratewatch.images import decode
from cratewatch.lake import Lake, cover_key, open_lake
from cratewatch.metrics import wilson
from cratewatch.settings import load_settings
from cratewatch.shards import Sample, find_run, read_samples
from cratewatch.splits import in_split, in_validation
from cratewatch.training.data import TrainingSet
from cratewatch.training.loop import TrainConfig, Trainer

SEEN_QUERIES = 1000
BATCH = 64


@dataclass(frozen=True)
class Home:
    """Covers and queries of a home; artwork_of names every cover of the catalog."""

    lake: Lake
    artwork_of: Mapping[str, str]
    samples: Sequence[Sample]

    def of(self, keep: Callable[[str], bool]) -> dict[str, str]:
        """Return the artwork of each cover, for the artworks to keep."""
        return {cover: artwork for cover, artwork in self.artwork_of.items() if keep(artwork)}


@dataclass(frozen=True)
class Variant:
    """What differs from the defaults.

    Attributes:
        alter: Changes the untrained net.
        share: Of the training queries that are used.
    """

    train: TrainConfig = field(default_factory=TrainConfig)
    alter: Callable[[EmbeddingNet], None] | None = None
    share: float = 1.0


def main() -> None:
    options = _options()
    torch.set_num_threads(1)
    home = _open(options.home)
    print("| variant | seed | recall@1 | 95 % interval | on queries it trained on | CPU s |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    for name in options.only or VARIANTS:
        for seed in options.seeds:
            cells = _measure(home, VARIANTS[name], options.steps, seed)
            print(f"| {name} | {seed} | {cells} |", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--only", nargs="*", choices=VARIANTS, metavar="VARIANT")
    return parser.parse_args()


def _open(home: Path) -> Home:
    settings = load_settings(home=home)
    lake = open_lake(settings.lake)
    catalog = open_catalog(settings.catalog_url)
    artwork_of = {cover.cover_id: cover.artwork_id for cover in catalog.covers()}
    catalog.close()
    return Home(lake, artwork_of, list(read_samples(find_run(lake, "", "train"))))


def _measure(home: Home, variant: Variant, steps: int, seed: int) -> str:
    config = replace(variant.train, steps=steps, seed=seed)
    fitted = home.of(lambda artwork: in_split(artwork, "train") and not in_validation(artwork))
    held_out = home.of(in_validation)
    seen = [sample for sample in home.samples if sample.label["cover_id"] in fitted]
    seen = seen[: round(variant.share * len(seen))]
    covers = ((cover_id, home.lake.read(cover_key(cover_id))) for cover_id in sorted(fitted))
    trainer = Trainer(TrainingSet(covers, seen, fitted, config.model), config)
    if variant.alter:
        torch.manual_seed(seed)
        variant.alter(trainer.net)
    start = time.process_time()
    for _ in trainer.steps():
        pass
    seconds = time.process_time() - start
    embedder = Embedder(TorchRuntime(trainer.net), config.model, "")
    unseen = [sample for sample in home.samples if sample.label["cover_id"] in held_out]
    found = wilson(_answered(home, embedder, unseen), len(unseen))
    known = wilson(_answered(home, embedder, seen[:SEEN_QUERIES]), len(seen[:SEEN_QUERIES]))
    interval = f"{found.low:.3f} to {found.high:.3f}"
    return f"{found.value:.3f} | {interval} | {known.value:.3f} | {seconds:.0f}"


def _answered(home: Home, embedder: Embedder, samples: Sequence[Sample]) -> int:
    """Return how many queries have a cover of their own artwork as the best match."""
    cover_ids = sorted(home.artwork_of)
    gallery = np.vstack(
        [
            embedder.embed_covers([_cover(home, c, embedder.config) for c in cover_ids[place]])
            for place in batches(len(cover_ids), BATCH)
        ]
    )
    right = 0
    for place in batches(len(samples), BATCH):
        images = [Image.open(io.BytesIO(sample.jpeg)) for sample in samples[place]]
        best = (embedder.embed_queries(images) @ gallery.T).argmax(axis=1)
        right += sum(
            home.artwork_of[cover_ids[index]] == home.artwork_of[sample.label["cover_id"]]
            for index, sample in zip(best.tolist(), samples[place], strict=True)
        )
    return right


def _cover(home: Home, cover_id: str, config: ModelConfig) -> Image.Image:
    return decode(home.lake.read(cover_key(cover_id)), side_px=2 * config.image_px)


def _whole_resnet18(net: EmbeddingNet) -> None:
    """All four stages and the average of their map, as torchvision has them."""
    trunk = resnet18(weights=None)
    trunk.conv1, trunk.fc = net.trunk.conv1, nn.Linear(512, net.trunk.fc.out_features)
    net.trunk = trunk


def _averaged(net: EmbeddingNet) -> None:
    """Three stages and the average of their map."""
    net.trunk.avgpool = nn.AdaptiveAvgPool2d(1)
    net.trunk.fc = nn.Linear(256, net.trunk.fc.out_features)


DEFAULTS = TrainConfig()
VARIANTS = {
    "as it is": Variant(),
    "four stages, averaged": Variant(alter=_whole_resnet18),
    "three stages, averaged": Variant(alter=_averaged),
    "no jitter": Variant(replace(DEFAULTS, jitter=0.0)),
    "not turned": Variant(replace(DEFAULTS, turn=False)),
    "covers without frame": Variant(replace(DEFAULTS, model=ModelConfig(cover_margin=0.0))),
    "half the queries": Variant(share=0.5),
}


if __name__ == "__main__":
    main()
