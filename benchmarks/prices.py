"""The figures of docs/prices.md: the price model on listings at hand, split in several ways.

nice .venv/bin/python benchmarks/prices.py --csv ../shared/data/prices/discogs_asking_prices.csv
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.observations import Observation
from cratewatch.pricing.csv_listings import read_listings
from cratewatch.pricing.evaluating import PriceEvaluation, Split, SplitBy, evaluate_prices
from cratewatch.pricing.listing import PricedListing
from cratewatch.pricing.model import Facts
from cratewatch.pricing.model_file import of_bytes, to_bytes
from cratewatch.pricing.training import train_prices

SPLITS: tuple[tuple[SplitBy, int], ...] = (
    ("release", 0),
    ("release", 1),
    ("artist", 0),
    ("label", 0),
)
ASKED = 300
OBSERVED = 100_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--speed-alone", action="store_true")
    arguments = parser.parse_args()
    listings, currency = read_listings(arguments.csv)
    if not arguments.speed_alone:
        for by, seed in SPLITS:
            show(evaluate_prices(listings, currency, Split(by, seed)))
    measure_model(listings)
    measure_observations()


def show(told: PriceEvaluation) -> None:
    best = min(told.baselines.values())
    print(
        f"{told.split}, seed {told.seed}: {told.median_ape:.4f}, {told.better_by:.1%} below {best}"
    )
    print("  " + ", ".join(f"{name} {ape}" for name, ape in told.baselines.items()))
    print(f"  80 %: {told.coverage_80:.4f}, 90 %: {told.coverage_90:.4f}")
    for one in told.by_condition:
        print(
            f"  {one.condition:<3} {one.n:>5}  {one.median_ape:.4f}  {one.coverage_80:.4f}  "
            f"{one.coverage_90:.4f}"
        )


def measure_model(listings: list[PricedListing]) -> None:
    began = time.process_time()
    model = train_prices(listings, Facts("", "asking", "", 0, 0, ()))
    print(f"training: {time.process_time() - began:.1f} s of one core")
    data = to_bytes(model)
    began = time.process_time()
    model = of_bytes(data, "memory")
    print(f"file: {len(data) / 1e6:.1f} MB, read in {time.process_time() - began:.2f} s")
    model.guess([listings[0].listing])
    seconds = []
    for one in listings[:ASKED]:
        began = time.process_time()
        (guess,) = model.guess([one.listing])
        model.interval(one.listing, guess, 0.8)
        seconds.append(time.process_time() - began)
    middle, slow = np.percentile(np.array(seconds) * 1000, [50, 95])
    print(f"one price: median {middle:.1f} ms, 95 % within {slow:.1f} ms of one core")


def measure_observations() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    many = [
        Observation(
            source="till",
            native_id=str(number),
            kind="sold",
            title=f"Title {number}",
            price=Decimal("9.90"),
            currency="EUR",
            observed_at=start + timedelta(minutes=number),
            release_id=f"shop:{number % 5000}",
        )
        for number in range(OBSERVED)
    ]
    with tempfile.TemporaryDirectory() as folder:
        catalog = open_catalog(f"sqlite:///{folder}/catalog.db")
        for what in ("new", "known"):
            began = time.process_time()
            added = catalog.observations.add(many)
            print(f"{OBSERVED} {what}: {added} added, {time.process_time() - began:.1f} s")
        catalog.close()


if __name__ == "__main__":
    main()
