"""Whether a request fails while a rebuild moves the alias below a service that answers.

    python benchmarks/service_rebuild.py HOME CROPS [--rate 20] [--sleeves crop]

HOME has an index, which is rebuilt once by `cratewatch index --rebuild`; CROPS is a folder of
pictures. Requests begin at the rate whether those before were answered or not, each on a
connection of its own: from 10 s before the rebuild begins until 10 s after the service took up
what it made.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path

import httpx

from benchmarks.service import middle_ms, start

AROUND_S = 10.0
LIMIT_S = 900.0
AT_ONCE = 64
OPENED = "cratewatch_openings_total"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("crops", type=Path)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--sleeves", default="crop")
    given = parser.parse_args()
    crops = [path.read_bytes() for path in sorted(given.crops.iterdir())]
    process, url, _ = start(given.home)
    try:
        told = under_rebuild(given.home, url, crops, given.rate, given.sleeves)
    finally:
        process.terminate()
        process.wait()
    print(json.dumps({"rate_per_s": given.rate} | told, indent=2))


def under_rebuild(
    home: Path, url: str, crops: list[bytes], rate_per_s: float, sleeves: str
) -> dict[str, object]:
    """Ask at a rate while a home is rebuilt; return what became of the requests."""
    over = threading.Event()
    asked: list[Future[tuple[str, float]]] = []

    def keep_asking() -> None:
        began = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for number in count():
                wait_s = began + number / rate_per_s - time.perf_counter()
                if over.wait(max(0.0, wait_s)):
                    return
                crop = crops[number % len(crops)]
                asked.append(threads.submit(partial(ask, url, crop, sleeves)))

    asking = threading.Thread(target=keep_asking)
    asking.start()
    time.sleep(AROUND_S)
    before, began = openings(url), time.perf_counter()
    call = "from cratewatch.commands.app import main; main()"
    rebuild = [sys.executable, "-c", call, "index", "--rebuild", "--home", str(home)]
    subprocess.run(rebuild, check=True, stdout=subprocess.DEVNULL)
    rebuilt_s = time.perf_counter() - began
    while openings(url) == before:
        if time.perf_counter() - began > LIMIT_S:
            raise SystemExit("the service did not take up what was rebuilt")
        time.sleep(0.5)
    taken_s = time.perf_counter() - began
    time.sleep(AROUND_S)
    over.set()
    asking.join()
    told = [one.result() for one in asked]
    times = sorted(seconds for _, seconds in told)
    return {
        "requests": len(told),
        "answers": dict(Counter(answer for answer, _ in told)),
        "rebuilt_s": round(rebuilt_s, 1),
        "taken_up_s": round(taken_s, 1),
        "p50_ms": middle_ms(times),
        "p99_ms": round(1000 * times[int(len(times) * 0.99)], 1),
        "longest_ms": round(1000 * times[-1], 1),
    }


def ask(url: str, crop: bytes, sleeves: str) -> tuple[str, float]:
    """Ask for a crop; return the status, or what went wrong, and after how many seconds."""
    began = time.perf_counter()
    try:
        answer = httpx.post(
            f"{url}/v1/identify",
            files={"pictures": ("crop.jpg", crop)},
            data={"sleeves": sleeves},
            timeout=120,
        )
        said = str(answer.status_code)
    except httpx.HTTPError as error:
        said = type(error).__name__
    return said, time.perf_counter() - began


def openings(url: str) -> float:
    """Return how often the service took a gallery up."""
    lines = httpx.get(f"{url}/metrics", timeout=60).text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{OPENED} "))


if __name__ == "__main__":
    main()
