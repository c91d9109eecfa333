"""Puts a trained, calibrated model of a home into the package, with a card that says what it is.

    .venv/bin/python benchmarks/ship_model.py --home build/real-64 --model resnet18_0123abcd \\
        --measured build/protocols.jsonl

The catalog of the home is indexed with the model and `cratewatch calibrate` has run. Figures of the
card are the lines that benchmarks/protocols.py has written of the model. What it confuses stays
behind: the covers it was trained on are no part of the package.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.protocol_lines import Line, read_lines
from cratewatch.embedding.model_card import model_card
from cratewatch.embedding.model_folder import CONFIG, CONFUSED, TRAIN_ARTWORKS, WEIGHTS
from cratewatch.embedding.saved_models import SHIPPED, find_model
from cratewatch.lake.opening import open_lake
from cratewatch.retrieval.model_aids import BACKGROUND, CALIBRATION
from cratewatch.settings import load_settings

METRICS = "metrics.json"
MOST_BYTES = 25_000_000
DATA = (
    "On {n_artworks} artworks of real album covers, each seen in sketches: drawn hands, stickers, "
    "glare and backgrounds over the cover, in perspective, then a bad camera "
    "(`cratewatch.training.sketch`). No photograph of a held sleeve was among them. 1,200 further "
    "artworks were held out for the figures below, and a tenth of the rest to watch the training."
)
LICENCE = (
    "The weights are under the licence of this project. The covers belong to their owners; none is "
    "in this folder, and none can be recovered from it: it holds the network's weights, hashes of "
    "the cover files that it was trained on, and embeddings of 1,000 covers, of 128 numbers each."
)


def main() -> None:
    options = _options()
    folder = find_model(open_lake(load_settings(home=options.home).lake), options.model)
    target = SHIPPED / options.model
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file in (WEIGHTS, TRAIN_ARTWORKS, BACKGROUND, CALIBRATION):
        (target / file).write_bytes(folder.read(file))
    config = json.loads(folder.read(CONFIG))
    trained = json.loads(folder.read(METRICS))
    metrics = _metrics(trained, read_lines(options.measured), options.model)
    provenance = {
        "training": config["training"],
        "metrics": metrics,
        "data": " ".join([DATA.format(**config["training"]), *options.start]),
        "licence": LICENCE,
    }
    card = model_card(options.model, folder.config(), provenance)
    (target / "README.md").write_text(card)
    (target / METRICS).write_text(json.dumps(metrics, indent=2) + "\n")
    (target / CONFUSED).write_text("artwork,taken_for\n")
    (target / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    size = sum(file.stat().st_size for file in target.iterdir())
    if size > MOST_BYTES:
        raise SystemExit(f"{target}: {size} bytes are more than {MOST_BYTES}")
    print(f"{target}: {size} bytes")
    print(card)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--measured", type=Path, required=True)
    parser.add_argument(
        "--start", nargs=1, default=[], help="what it started from, and its licence"
    )
    return parser.parse_args()


def _metrics(trained: dict[str, Any], lines: Sequence[Line], model: str) -> dict[str, Any]:
    """Return how training ended, and a row for each cell: the model alone, and with identify."""
    rows = {
        f"{line.protocol}, {line.cell}, {line.way.removeprefix(model) or 'alone'}": {
            "queries": line.found["queries"],
            "covers": line.found["covers"],
            "recall@1": line.found["scores"]["recall_at_1"]["value"],
            "recall@5": line.found["scores"]["recall_at_5"]["value"],
        }
        for line in lines
        if line.way.startswith(model)
    }
    if not rows:
        raise SystemExit(f"no line of {model}; run benchmarks/protocols.py with it first")
    return {"final_loss": trained["final_loss"], "seconds": trained["seconds"], **rows}


if __name__ == "__main__":
    main()
