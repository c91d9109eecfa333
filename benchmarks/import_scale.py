"""Import and refresh of 1,000 and of 10,000 covers, and again without changes: time and memory.

    .venv/bin/python benchmarks/import_scale.py --sizes 1000 10000
    .venv/bin/python benchmarks/import_scale.py --sizes 100000 --no-refresh --cover-bytes 0

Each row is one `cratewatch` command in a process of its own; its peak memory is what the kernel
says of it when it ends, and for a refresh the larger one of the command and its crawls. A refresh
reads a loopback shop with one page and one image of its own for each cover, without a limit on the
rate. docs/operations.md holds the output.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.loopback_shop import distinct_jpeg, loopback_shop

COMMAND = str(Path(sys.executable).with_name("cratewatch"))
MOST_GROWTH_MIB = 64
KIB_PER_MIB = 1024


@dataclass(frozen=True)
class Row:
    """What one command took; peak_mib is of its largest process."""

    what: str
    covers: int
    seconds: float
    peak_mib: float
    result: str


def main() -> None:
    options = _options()
    shutil.rmtree(options.home, ignore_errors=True)
    options.home.mkdir(parents=True)
    rows: list[Row] = []
    for covers in options.sizes:
        home: Path = options.home.absolute() / str(covers)
        rows += _import_twice(home, covers, options.cover_bytes)
        if options.refresh:
            rows += _refresh_twice(home / "refresh", covers, options.cover_bytes)
    _show(rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000], metavar="COVERS")
    parser.add_argument("--cover-bytes", type=int, default=30_000)
    parser.add_argument("--refresh", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--home", type=Path, default=Path("build/import-scale"))
    return parser.parse_args()


def _import_twice(home: Path, covers: int, cover_bytes: int) -> Iterator[Row]:
    folder = home / "images"
    for number in range(covers):
        file = folder / f"{number % 100:02d}" / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(distinct_jpeg(number, cover_bytes))
    for what in ("import", "import, no changes"):
        seconds, peak_mib, report = _run(home, "import", str(folder))
        result = f"{report['covers_new']} new, {report['covers_known']} known"
        yield Row(what, covers, seconds, peak_mib, result)


def _refresh_twice(home: Path, covers: int, cover_bytes: int) -> Iterator[Row]:
    home.mkdir()
    with loopback_shop(covers, cover_bytes) as url:
        (home / "cratewatch.toml").write_text(
            f'[sources.shop]\nspider = "storefront"\nurl = "{url}"\n'
            "rate_per_s = 1e9\nconcurrency = 16\n"
        )
        for what in ("refresh", "refresh, no changes"):
            seconds, peak_mib, report = _run(home, "refresh", "shop")
            diff = report["diff"]
            result = f"{diff['new']} new, {diff['unchanged']} unchanged, "
            yield Row(
                what, covers, seconds, peak_mib, f"{result}{report['covers']['items']} covers"
            )


def _run(home: Path, *arguments: str) -> tuple[float, float, dict[str, Any]]:
    """Return a command's seconds, the peak MiB of its largest process, and its report."""
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, __file__, "--measure", COMMAND, *arguments, "--json", "--home", str(home)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = process.stdout.read().splitlines()
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)}: exit code {process.returncode}")
    return time.perf_counter() - start, float(lines[-1]), json.loads(lines[-2])


def _measure(command: list[str]) -> None:
    """Run a command and print the peak MiB of it and of what it waited for."""
    code = subprocess.run(command, check=False).returncode
    peak_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    sys.stdout.write(f"{peak_kib / KIB_PER_MIB:.1f}\n")
    sys.stdout.flush()
    os._exit(code)


def _show(rows: list[Row]) -> None:
    table = Table("command", "covers", "seconds", "covers/s", "peak MiB", "result")
    for row in rows:
        rate = f"{row.covers / row.seconds:.0f}"
        peak = f"{row.peak_mib:.0f}"
        table.add_row(row.what, str(row.covers), f"{row.seconds:.1f}", rate, peak, row.result)
    Console().print(table)
    for what in dict.fromkeys(row.what for row in rows):
        peaks = [row.peak_mib for row in rows if row.what == what]
        growth = peaks[-1] - peaks[0]
        verdict = "fine" if growth <= MOST_GROWTH_MIB else "TOO MUCH"
        print(f"{what}: {growth:+.0f} MiB from least to most covers; {verdict}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        _measure(sys.argv[2:])
    main()
