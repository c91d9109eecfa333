"""Kills nights of footage with SIGKILL at random moments, runs them again, and compares.

    .venv/bin/python benchmarks/kill_footage.py --times 20
    .venv/bin/python benchmarks/kill_footage.py --times 20 --recordings FOLDER

Each night is a home of its own: it is killed once, within the time that a night takes which nobody
disturbs, and then run to its end. Catalog and lake must be equal to those of that other night, but
for run ids, and no recording may have been analysed again that the catalog knew at the kill.
Without --recordings the detectors have a stand-in that takes a fraction of a second and leaves a
run's files; with it each recording is analysed by `cratewatch footage` in a process of its own.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

from cratewatch.catalog.catalog import open_catalog
from cratewatch.lake.opening import open_lake
from cratewatch.settings import Settings, load_settings
from flows.analysing_footage import KIND, Clip, analyse_footage
from flows.footage_process import analyse_in_process

N = 12
SLOW_S = 0.1
DIARY = "analysed.txt"
EVER = datetime(1971, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
COLUMNS = (
    *("handling_id", "track_id", "started_s", "ended_s", "seconds", "cover_id", "artwork_id"),
    *("path_or_url", "artist", "title", "probability", "known", "frames", "best_frame"),
)


def stand_in(_settings: Settings, clip: Clip, folder: Path) -> None:
    """Leave what a run leaves, a file at a time."""
    digest = hashlib.sha256(clip.file.read_bytes()).hexdigest()
    (folder / "handled").mkdir(parents=True)
    rng = random.Random(digest)
    with (folder / "handled.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for number in range(1, rng.randrange(2, 6)):
            time.sleep(SLOW_S * rng.random())
            began = rng.random() * 600
            named = ("", "", "", "", "", "", "false")
            frames = rng.randrange(1, 99)
            rows.writerow([number, rng.randrange(1, 9), began, began + 5, 5, *named, frames, 1])
            Image.new("RGB", (64, 64)).save(folder / "handled" / f"{number:05d}.jpg")
    run = {"input": {"sha256": digest}, "report": {"complete": True}}
    (folder / "run.json").write_text(json.dumps(run))
    time.sleep(SLOW_S)


def night(home: Path, recordings: Path, *, real: bool) -> None:
    """Analyse recordings, and write down which."""
    diary = home / DIARY

    def analyse(settings: Settings, clip: Clip, folder: Path) -> None:
        with diary.open("a") as file:
            file.write(f"{folder.name}\n")
        (analyse_in_process if real else stand_in)(settings, clip, folder)

    analyse_footage(load_settings(home=home), [str(recordings)], "", analyse)


def start(home: Path, recordings: Path, *, real: bool) -> subprocess.Popen[bytes]:
    command = [sys.executable, __file__, "--home", str(home), "--recordings", str(recordings)]
    with (home / "command.log").open("ab") as log:
        return subprocess.Popen(
            [*command, "--night", "real" if real else "stand-in"],
            stdin=subprocess.DEVNULL,
            stderr=log,
        )


def draw_recordings(folder: Path) -> Path:
    folder.mkdir(parents=True)
    today = f"{datetime.now(UTC):%Y%m%d}"
    for number in range(N):
        file = folder / f"{('door', 'till')[number % 2]}_{today}T{number:02d}0000.mp4"
        file.write_bytes(f"recording {number}".encode() * 9999)
        os.utime(file, (1e9, 1e9))
    return folder


def prepared(home: Path) -> Path:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    (home / "cratewatch.toml").touch()
    return home


def left(home: Path) -> dict[str, Any]:
    """Return what nights left in a home, without run ids."""
    settings = load_settings(home=home)
    lake = open_lake(settings.lake)
    with closing(open_catalog(settings.catalog_url)) as catalog:
        return {
            "handlings": set(catalog.handlings.between(*EVER)),
            "items": set(catalog.items.known(KIND, KIND).items()),
            "pictures": {(key, lake.read(key)) for key in lake.keys(KIND)},
            "running": [r["run_id"] for r in catalog.runs.latest(99) if r["state"] == "running"],
        }


def stored(home: Path) -> set[str]:
    """Return the recordings that the catalog knows to be stored."""
    with closing(open_catalog(load_settings(home=home).catalog_url)) as catalog:
        known = catalog.items.known(KIND, KIND)
    return {key for key, item in known.items() if item.state == "stored"}


def analysed(home: Path) -> list[str]:
    diary = home / DIARY
    return diary.read_text().splitlines() if diary.exists() else []


def killed(home: Path, recordings: Path, after_s: float, *, real: bool) -> tuple[int, list[str]]:
    """Kill a night, run it to its end; return how many were stored then, and which were redone."""
    process = start(home, recordings, real=real)
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before, begun = stored(home), len(analysed(home))
    if code := start(home, recordings, real=real).wait():
        raise SystemExit(f"the night after the kill ended with {code}; see {home / 'command.log'}")
    return len(before), [key for key in analysed(home)[begun:] if key in before]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--home", type=Path, default=Path("build/footage-kills"))
    parser.add_argument("--recordings", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--night", choices=("real", "stand-in"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.night:
        night(options.home, options.recordings, real=options.night == "real")
        return 0
    root = options.home.absolute()
    shutil.rmtree(root, ignore_errors=True)
    real = options.recordings is not None
    recordings = options.recordings or draw_recordings(root / "recordings")
    began = time.monotonic()
    if start(prepared(root / "calm"), recordings, real=real).wait():
        raise SystemExit(f"the night that nobody disturbs failed; see {root / 'calm/command.log'}")
    whole_s = time.monotonic() - began
    expected, rng = left(root / "calm"), random.Random(options.seed)
    bad, stored_at, redone = 0, [], 0
    for number in range(options.times):
        home = prepared(root / f"night-{number}")
        n_stored, again = killed(home, recordings, rng.uniform(0, whole_s), real=real)
        differs = [name for name, value in left(home).items() if value != expected[name]]
        bad += bool(differs)
        redone += len(again)
        stored_at.append(n_stored)
        if differs or again:
            print(f"night {number}: {', '.join(differs)} differ; {len(again)} analysed again")
        else:
            shutil.rmtree(home)
    print(
        f"{options.times} nights of {len(expected['items'])} recordings and "
        f"{len(expected['handlings'])} handlings, killed when {min(stored_at)} to "
        f"{max(stored_at)} were stored: {options.times - bad} equal in the end, {redone} stored "
        f"recordings analysed again; an undisturbed night took {whole_s:.1f} s"
    )
    return 1 if bad or redone else 0


if __name__ == "__main__":
    sys.exit(main())
