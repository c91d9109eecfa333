"""What the service costs beside the pipeline that it calls: latency, throughput, memory, start.

The same crops are asked bare, in this process, and over HTTP of a service in a process of its own.

    python benchmarks/service.py HOME CROPS [--seconds 60]

HOME has an index; CROPS is a folder of pictures.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import httpx
import psutil

from cratewatch.chunks import chunks
from cratewatch.retrieval.identification import Identifier, open_identifier
from cratewatch.retrieval.sleeves import Sleeves
from cratewatch.settings import load_settings

CLIENTS = 16
TOGETHER = 16
TIMED = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("crops", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--sleeves", default="crop")
    given = parser.parse_args()
    crops = [path.read_bytes() for path in sorted(given.crops.iterdir())]
    with open_identifier(load_settings(home=given.home)) as identifier:
        told = bare(identifier, crops, given.sleeves)
    process, url, ready_s = start(given.home)
    try:
        served = over_http(url, crops, given.sleeves)
        load = under_load(process.pid, url, crops, given.sleeves, given.seconds)
    finally:
        process.terminate()
        process.wait()
    print(json.dumps({"bare": told, "service": served, "load": load, "ready_s": ready_s}, indent=2))
    print(f"p50 {served['p50_ms'] / told['p50_ms']:.2f} times bare")
    print(f"throughput {load['per_s'] / told['per_s']:.2f} of bare")


def bare(identifier: Identifier, crops: Sequence[bytes], sleeves: Sleeves) -> dict[str, float]:
    """Ask one crop after the other, then many together."""
    asked = [(str(n), partial(bytes, crop)) for n, crop in enumerate(crops)]
    for one in asked[:5]:
        identifier.identify([one], 5, sleeves)
    times = [timed(partial(identifier.identify, [one], 5, sleeves)) for one in asked[:TIMED]]
    began = time.perf_counter()
    for part in chunks(asked, TOGETHER):
        identifier.identify(part, 5, sleeves)
    return {"p50_ms": middle_ms(times), "per_s": len(asked) / (time.perf_counter() - began)}


def start(home: Path) -> tuple[subprocess.Popen[str], str, float]:
    """Start a service; return it, its address, and after how many seconds it was ready."""
    began = time.perf_counter()
    call = "from cratewatch.commands.app import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", call, "serve", "--home", str(home), "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    url = process.stderr.readline().split()[1]
    threading.Thread(target=process.stderr.read, daemon=True).start()
    while httpx.get(f"{url}/readyz").status_code != 200:
        time.sleep(0.1)
    return process, url, round(time.perf_counter() - began, 1)


def send(client: httpx.Client, crop: bytes, sleeves: Sleeves) -> None:
    answer = client.post(
        "/v1/identify", files={"pictures": ("crop.jpg", crop)}, data={"sleeves": sleeves}
    )
    answer.raise_for_status()


def over_http(url: str, crops: Sequence[bytes], sleeves: Sleeves) -> dict[str, float]:
    """Ask one crop after the other."""
    with httpx.Client(base_url=url, timeout=120) as client:
        for crop in crops[:5]:
            send(client, crop, sleeves)
        times = [timed(partial(send, client, crop, sleeves)) for crop in crops[:TIMED]]
    return {"p50_ms": middle_ms(times)}


def under_load(
    pid: int, url: str, crops: Sequence[bytes], sleeves: Sleeves, seconds: float
) -> dict[str, float]:
    """Have many clients ask at once, and watch memory meanwhile."""
    until, times, errors = time.perf_counter() + seconds, [], []
    memory = psutil.Process(pid)
    sizes: list[float] = []

    def client(number: int) -> None:
        with httpx.Client(base_url=url, timeout=120) as asking:
            turn = number
            while time.perf_counter() < until:
                try:
                    times.append(timed(partial(send, asking, crops[turn % len(crops)], sleeves)))
                except httpx.HTTPError as error:
                    errors.append(str(error))
                turn += CLIENTS

    clients = [threading.Thread(target=client, args=(n,)) for n in range(CLIENTS)]
    began = time.perf_counter()
    for one in clients:
        one.start()
    while any(one.is_alive() for one in clients):
        sizes.append(memory.memory_info().rss / 1e6)
        time.sleep(1)
    fifth = max(1, len(sizes) // 5)
    return {
        "requests": len(times),
        "errors": len(errors),
        "per_s": len(times) / (time.perf_counter() - began),
        "p50_ms": middle_ms(times),
        "p99_ms": 1000 * sorted(times)[int(len(times) * 0.99)],
        "memory_mb_at_first": round(statistics.mean(sizes[fifth : 2 * fifth])),
        "memory_mb_at_last": round(statistics.mean(sizes[-fifth:])),
    }


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def middle_ms(times: Sequence[float]) -> float:
    return round(1000 * statistics.median(times), 1)


if __name__ == "__main__":
    main()
