"""A quick stand-in for the analysis of footage, and a night of it as a program."""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

from cratewatch.errors import CratewatchError
from cratewatch.settings import Settings, load_settings
from flows.analysing_footage import Clip, analyse_footage
from flows.recordings import sha256_of
from tests.cratewatch.footage.run_folders import handling, write_run

SLOW_S = 0.15


def write_recordings(folder: Path, n: int) -> Path:
    """Write files that nobody has touched for long, of two cameras in turn."""
    folder.mkdir(parents=True)
    for number in range(n):
        camera = ("door", "till")[number % 2]
        file = folder / f"{camera}_20261120T1{number:05d}.mp4"
        file.write_bytes(f"recording {number}".encode())
        os.utime(file, (1e9, 1e9))
    return folder


def analyse(_settings: Settings, clip: Clip, folder: Path) -> None:
    """Leave two handlings, the same for the same bytes."""
    text = clip.file.read_bytes()
    if text.startswith(b"bad"):
        raise CratewatchError("no moov atom")
    rng = random.Random(text)
    handlings = [
        handling(number, track_id=rng.randrange(1, 5), frames=rng.randrange(1, 99))
        for number in (1, 2)
    ]
    write_run(folder, handlings, sha256=sha256_of(clip.file))


def analyse_slowly(settings: Settings, clip: Clip, folder: Path) -> None:
    """Take some time, in which files are half written."""
    folder.mkdir(parents=True)
    (folder / "annotated.mp4").write_bytes(b"half")
    time.sleep(SLOW_S)
    analyse(settings, clip, folder)
    time.sleep(SLOW_S)


def main(home: str, recordings: str) -> None:
    """Analyse recordings."""
    settings = load_settings(home=Path(home))
    analyse_footage(settings, [recordings], "", analyse_slowly)


if __name__ == "__main__":
    main(*sys.argv[1:])
