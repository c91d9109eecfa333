"""What footage costs by stage, in CPU seconds for each second of it, and the memory it takes.

    .venv/bin/python benchmarks/footage_speed.py --input footage.mp4 --out build/speed
    .venv/bin/python benchmarks/footage_speed.py --input footage.mp4 --out build/speed \
        --size 1920x1080
    .venv/bin/python benchmarks/footage_speed.py --input footage.mp4 --out build/speed --minutes 60

The footage goes all the way of `cratewatch footage`; without --home its sleeves are found, and not
named. CPU seconds are those of all threads, so that what else the machine does counts little. With
--minutes the file is looped, and the memory that the process holds is told for each minute of it.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from cratewatch.footage.analysing import Analysis, FootageOptions, FootageReport
from cratewatch.footage.events import Event
from cratewatch.footage.frames import Frame
from cratewatch.footage.run import Seen
from cratewatch.footage.sources import Source, open_source
from cratewatch.footage.video import fitted
from cratewatch.footage.video_writing import VideoWriter
from cratewatch.retrieval.identification import Identifier, open_identifier
from cratewatch.settings import load_settings
from workers.camera import Sleeves, analyse, load_sleeve_finder

MB = 2**20


@dataclass
class Memory:
    """An output that notes how much memory the process holds, once a minute of footage."""

    held_mb: list[float] = field(default_factory=list)
    _process: psutil.Process = field(default_factory=psutil.Process)

    def write(self, seen: Seen) -> None:
        if seen.frame.seconds >= 60 * len(self.held_mb):
            self.held_mb.append(self._process.memory_info().rss / MB)
            print(f"minute {len(self.held_mb) - 1}: {self.held_mb[-1]:.0f} MB", flush=True)

    def write_end(self, events: Sequence[Event]) -> None:
        pass

    def close(self) -> None:
        pass


def main() -> None:
    options = _options()
    # The clock by which a run measures its stages: here it tells what they cost.
    time.perf_counter = time.process_time
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)
    footage = _sized(options.input, options.size, options.out) if options.size else options.input
    if options.minutes:
        footage = _looped(footage, options.minutes, options.out / "loop")
    source = open_source(str(footage))
    with _gallery(options.home) as identifier:
        sleeves = Sleeves(
            load_sleeve_finder(FootageOptions()), identifier.namer if identifier else None
        )
        began = time.process_time(), time.monotonic()
        memory = Memory()
        report = _run(source, options.out / "run", options.every, sleeves, memory)
        _tell(source, report, time.process_time() - began[0], time.monotonic() - began[1])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--size", help="WIDTHxHEIGHT that the footage is scaled to")
    parser.add_argument("--every", type=int)
    parser.add_argument("--minutes", type=float, help="of the looped footage")
    return parser.parse_args()


@contextlib.contextmanager
def _gallery(home: Path | None) -> Iterator[Identifier | None]:
    if home is None:
        yield None
        return
    with open_identifier(load_settings(home=home)) as identifier:
        yield identifier


def _run(
    source: Source, folder: Path, every: int | None, sleeves: Sleeves, memory: Memory
) -> FootageReport:
    analysis = Analysis(source, folder, FootageOptions(every=every))
    analysis.begin()
    return analyse(analysis, folder, source.name, sleeves, [memory])


def _sized(file: Path, size: str, out: Path) -> Path:
    """Return footage at another size."""
    width, height = (int(side) for side in size.split("x"))
    scaled = out / "scaled.mp4"
    source = open_source(str(file))
    with VideoWriter(scaled, width, height, source.rate_fps) as writer:
        for frame in source.frames():
            pixels = fitted(frame.pixels, width, height)
            writer.write(Frame(frame.number, frame.seconds, pixels))
    return scaled


def _looped(file: Path, minutes: float, folder: Path) -> Path:
    """Return a folder in which a file stands as often as it takes."""
    folder.mkdir()
    source = open_source(str(file))
    lasts_s = (source.expected or 1) / source.rate_fps
    source.close()
    for number in range(max(1, round(60 * minutes / lasts_s))):
        (folder / f"{number:06d}{file.suffix}").symlink_to(file.absolute())
    return folder


def _tell(source: Source, report: FootageReport, cpu_s: float, wall_s: float) -> None:
    print(
        f"{source.width_px}x{source.height_px}, {source.rate_fps:g} frames/s, each "
        f"{report.every}. looked at: {report.seconds:.0f} s of footage, {report.persons} persons, "
        f"{report.events.get('sleeve_put_back', 0)} handlings; {wall_s / report.seconds:.2f} s "
        "of time for each"
    )
    print("| stage | CPU seconds a second |\n| --- | --- |")
    for stage, spent in report.spent_s.items():
        print(f"| {stage} | {spent / report.seconds:.3f} |")
    print(f"| all | {cpu_s / report.seconds:.3f} |", flush=True)


if __name__ == "__main__":
    main()
