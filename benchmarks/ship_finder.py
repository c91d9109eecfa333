"""Puts trained networks of a finder into the package, exported, with a card that says what it is.

    .venv/bin/python benchmarks/ship_finder.py --trained build/finder --measured build/finding.json

--measured is what benchmarks/finding.py --json wrote of it, if it was measured already.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from cratewatch.finding.exporting import proposer_onnx, refiner_onnx
from cratewatch.finding.loading import PROPOSER_ONNX, REFINER_ONNX, SHIPPED, WEIGHTS
from cratewatch.finding.net import Proposer, Refiner
from cratewatch.finding.weights import save_networks

MOST_BYTES = 8_000_000
METRICS, CARD = "metrics.json", "README.md"


def main() -> None:
    options = _options()
    proposer, refiner = Proposer(), Refiner()
    for name, net in (("proposer", proposer), ("refiner", refiner)):
        net.load_state_dict(torch.load(options.trained / f"{name}.pt", weights_only=True))
        net.eval()
    metrics = json.loads(options.measured.read_text()) if options.measured else {}
    files = {
        WEIGHTS: save_networks(proposer, refiner),
        PROPOSER_ONNX: proposer_onnx(proposer),
        REFINER_ONNX: refiner_onnx(refiner),
        METRICS: (json.dumps(metrics, indent=2, sort_keys=True) + "\n").encode(),
        CARD: _card(options.trained, metrics).encode(),
    }
    SHIPPED.mkdir(exist_ok=True)
    for name, data in files.items():
        (SHIPPED / name).write_bytes(data)
    size = sum(len(data) for data in files.values())
    if size > MOST_BYTES:
        raise SystemExit(f"{SHIPPED}: {size} bytes are more than {MOST_BYTES}")
    print(f"{SHIPPED}: {size} bytes")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trained", type=Path, default=Path("build/finder"))
    parser.add_argument("--measured", type=Path)
    return parser.parse_args()


def _card(trained: Path, metrics: dict[str, Any]) -> str:
    text = (Path(__file__).parent / "finder_card.md").read_text()
    notes = trained / "training.md"
    return text.format(
        training=notes.read_text().strip() if notes.exists() else "Not recorded.",
        measured="\n".join(f"| {name} | {value} |" for name, value in metrics.items()),
    )


if __name__ == "__main__":
    main()
