"""What the service costs beside the pipeline that it calls: latency, throughput, memory, start.

The same crops are asked bare, in this process, and over HTTP of a service in a process of its own.

    python benchmarks/service.py HOME CROPS [--seconds 60]

HOME has an index; CROPS is a folder of pictures, a multiple of 16.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from cratewatch.chunks import chunks
from cratewatch.retrieval.identification import Identifier, open_identifier
from cratewatch.retrieval.sleeves import Sleeves
from cratewatch.settings import load_settings

MANY = 16
"""Clients, and pictures looked at together."""
TURNS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("crops", type=Path)
    parser.add_argument("--asked", type=int, default=200, help="in each way")
    parser.add_argument("--seconds", type=float, default=60.0, help="of load")
    parser.add_argument("--sleeves", default="crop")
    given = parser.parse_args()
    crops = [path.read_bytes() for path in sorted(given.crops.iterdir())]
    process, url, ready_s = start(given.home)
    print(f"ready after {ready_s} s", flush=True)
    try:
        with (
            open_identifier(load_settings(home=given.home)) as identifier,
            httpx.Client(base_url=url, timeout=120) as asking,
        ):
            ways = ways_of(identifier, asking, process.pid, crops, given.sleeves)
            in_turn(ways, given.asked)
        for way in ways:
            print(json.dumps(way.told()), flush=True)
        load = under_load(process.pid, url, crops, given.sleeves, given.seconds)
    finally:
        process.terminate()
        process.wait()
    print(json.dumps({"load": load}, indent=2))


def ways_of(
    identifier: Identifier,
    asking: httpx.Client,
    pid: int,
    crops: Sequence[bytes],
    sleeves: Sleeves,
) -> list[Way]:
    """Return the same questions, bare and over HTTP."""
    named = [("crop", partial(bytes, crop)) for crop in crops]

    def bare(at_once: int) -> list[Callable[[], object]]:
        return [partial(identifier.identify, part, 5, sleeves) for part in chunks(named, at_once)]

    served = [partial(send, asking, crop, sleeves) for crop in crops]
    return [
        Way("the pipeline", bare(1)),
        Way("the service", served, pid=pid),
        Way("the pipeline, 16 at once", bare(MANY), pictures=MANY),
        Way("the service", served, clients=MANY, pid=pid),
    ]


def in_turn(ways: Sequence[Way], asked: int) -> None:
    """Ask in every way in turn, so that what else the machine does slows all of them alike."""
    for turn in range(TURNS + 1):
        for way in ways:
            way.ask(max(MANY, asked // TURNS), warms=turn == 0)


@dataclass
class Way:
    """Calls, by how many clients, and of how many pictures each; what they took.

    Attributes:
        pid: Of whom CPU time is told, who answers.
    """

    name: str
    calls: Sequence[Callable[[], object]]
    clients: int = 1
    pictures: int = 1
    times: list[float] = field(default_factory=list)
    lasted_s: float = 0.0
    pid: int = field(default_factory=os.getpid)
    cpu_s: float = 0.0

    def ask(self, pictures: int, *, warms: bool) -> None:
        """Have the clients ask about so many pictures; when it only warms, that is not counted."""
        numbers = range(max(1, pictures // self.pictures))
        with ThreadPoolExecutor(self.clients) as pool:
            began, spent_s = time.perf_counter(), self._cpu_s()
            times = list(pool.map(lambda n: timed(self.calls[n % len(self.calls)]), numbers))
            lasted_s = time.perf_counter() - began
        if not warms:
            self.times += times
            self.lasted_s += lasted_s
            self.cpu_s += self._cpu_s() - spent_s

    def _cpu_s(self) -> float:
        spent = psutil.Process(self.pid).cpu_times()
        return float(spent.user + spent.system)

    def told(self) -> dict[str, Any]:
        p50, p99 = (round(float(one) * 1000, 1) for one in np.percentile(self.times, (50, 99)))
        asked = len(self.times) * self.pictures
        per_s, cpu_ms = round(asked / self.lasted_s, 1), round(1000 * self.cpu_s / asked, 1)
        told = {"way": self.name, "clients": self.clients}
        return told | {"p50_ms": p50, "p99_ms": p99, "per_s": per_s, "cpu_ms": cpu_ms}


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
    body, headers = form_of(crop, sleeves)
    client.post("/v1/identify", content=body, headers=headers).raise_for_status()


@cache
def form_of(crop: bytes, sleeves: Sleeves) -> tuple[bytes, dict[str, str]]:
    """Return what is sent; written once, since clients share the cores with the service."""
    files = {"pictures": ("crop.jpg", crop)}
    asked = httpx.Request("POST", "http://host", files=files, data={"sleeves": sleeves})
    return asked.read(), {"Content-Type": asked.headers["Content-Type"]}


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
                turn += MANY

    clients = [threading.Thread(target=client, args=(n,)) for n in range(MANY)]
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
