"""The main job on real covers: MusicBrainz replayed, crawl, synthesis, training, evaluation.

    .venv/bin/python benchmarks/real_covers.py --covers ../shared/data/covers --home build/real

Trains on half of the artworks and evaluates on the other half, with all of them as the gallery.
Each stage is taken up where an earlier call left it. docs/evaluation.md holds the output.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from benchmarks.musicbrainz_replay import LABEL_MBID, MusicBrainzReplay, read_rows
from cratewatch.commands.tables import evaluation_table
from cratewatch.evaluation.serving import evaluate_serving
from cratewatch.settings import load_settings
from cratewatch.settings_layers import CONFIG_NAME
from cratewatch.training.config import TrainConfig
from flows.orchestration import configure_prefect
from workers.catalog_index import index_catalog
from workers.query_runs import synthesize
from workers.run_request import RunRequest, covers_of
from workers.training import train
from workers.training_job import TrainRequest

TRAIN_SAMPLES_EACH = 10


def main() -> None:
    options = _options()
    home: Path = options.home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    configure_prefect(home)
    seconds: dict[str, float] = {}
    if "refresh" in options.stages:
        seconds["refresh"] = _refresh(home, options.covers)
    if "train" in options.stages:
        seconds |= _train(home, options.steps, options.seed)
    if "evaluate" in options.stages:
        seconds["evaluate"] = _evaluate(home, options.seed)
    print("seconds:", json.dumps(seconds))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--covers", type=Path, required=True, help="folder with covers.csv")
    parser.add_argument("--home", type=Path, default=Path("build/real"))
    parser.add_argument("--steps", type=int, default=TrainConfig.steps)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stages", nargs="*", default=["refresh", "train", "evaluate"])
    return parser.parse_args()


def _refresh(home: Path, covers: Path) -> float:
    from flows.refresh_catalog import refresh_catalog

    with MusicBrainzReplay(covers, read_rows(covers)) as service:
        (home / CONFIG_NAME).write_text(
            f'[sources.musicbrainz]\nspider = "musicbrainz"\nlabel = "{LABEL_MBID}"\n'
            f'url = "{service.url}"\narchive_url = "{service.archive_url}"\n'
            "rate_per_s = 200\nconcurrency = 8\n"
        )
        start = time.monotonic()
        report = refresh_catalog(home, ["musicbrainz"])[0]
        seconds = time.monotonic() - start
    shown = report.as_json()
    print(json.dumps({name: shown[name] for name in ("diff", "covers", "failed")}, indent=2))
    return round(seconds, 1)


def _train(home: Path, steps: int, seed: int) -> dict[str, float]:
    settings = load_settings(home=home)
    n_train = len(covers_of(settings.catalog_url, "train"))
    start = time.monotonic()
    synthesize(settings, RunRequest(TRAIN_SAMPLES_EACH * n_train, seed, "train"))
    drawn = time.monotonic()
    model = train(settings, TrainRequest(TrainConfig(steps=steps, seed=seed)))
    trained = time.monotonic()
    print(json.dumps(asdict(model)))
    index_catalog(settings, model.name)
    return {
        "synthesize": round(drawn - start, 1),
        "train": round(trained - drawn, 1),
        "index": round(time.monotonic() - trained, 1),
    }


def _evaluate(home: Path, seed: int) -> float:
    settings = load_settings(home=home)
    start = time.monotonic()
    n_test = len(covers_of(settings.catalog_url, "test"))
    synthesize(settings, RunRequest(n_test, seed + 1, "test"))
    evaluation, _ = evaluate_serving(settings)
    Console().print(evaluation_table(asdict(evaluation)))
    return round(time.monotonic() - start, 1)


if __name__ == "__main__":
    main()
