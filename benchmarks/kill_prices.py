"""Kills `cratewatch refresh-prices` with SIGKILL at random moments, runs it again, and compares.

    .venv/bin/python benchmarks/kill_prices.py --times 20

A replayed eBay answers on loopback. The command, or the crawl that it started, is killed; then the
command runs until it ends well. Prices, items and runs must be those of a home that nobody
disturbed, up to times and run ids, and nothing may have been asked again but what was under way or
not written down yet. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from cratewatch.catalog.catalog import open_catalog
from cratewatch.settings import load_settings
from tests.market import KEYS, Market

SEARCHES, RATE_PER_S = 80, 20.0
EACH = 3
"""Prices that a search finds."""
MOST_AGAIN = 2 * RATE_PER_S
"""Searches of the last second before a kill, and those under way; twice that on a busy machine."""
COMMAND = [sys.executable, "-c", "from cratewatch.commands.app import main; main()"]
CRAWL = b"scrapers.crawl"
SETTINGS = """
[sources.ebay]
spider = "ebay_sold"
url = "{url}"
client_id = "{keys[0]}"
client_secret = "{keys[1]}"
rate_per_s = {rate}
queries = {queries}
"""


@dataclass(frozen=True)
class Outcome:
    """What one kill led to; problem is empty if all is as it should be."""

    killed: str
    asked_again: int
    problem: str


class PriceKills:
    """A market, and what a refresh leaves of it that nobody disturbs."""

    def __init__(self, folder: Path, market: Market, seed: int) -> None:
        self._folder = folder
        self._market = market
        self._rng = random.Random(seed)
        calm = self._home("calm")
        if self._start(calm).wait():
            raise SystemExit(f"the refresh that nobody disturbs failed; see {calm}/command.log")
        self._expected = snapshot(calm)
        if len(self._expected["prices"]) != SEARCHES * EACH:
            raise SystemExit(f"{len(self._expected['prices'])} prices came, see {calm}")

    def kill(self, number: int) -> Outcome:
        """Kill a refresh of a fresh home, run it again, compare."""
        home = self._home(f"home-{number}")
        self._market.asked.clear()
        process = self._start(home)
        self._wait_for(process, self._rng.randrange(SEARCHES))
        victim = self._rng.choice(["command", "crawl"])
        killed = self._kill(process, victim)
        code = process.wait()
        while code == -signal.SIGKILL:
            code = self._start(home).wait()
        asked = Counter(query["q"] for _, _, query, _ in self._market.asked if "q" in query)
        again = sum(asked.values()) - len(asked)
        problem = f"exit code {code}" if code else _difference(self._expected, snapshot(home))
        if again > MOST_AGAIN:
            problem = f"{problem} {again} searches asked again".strip()
        if not problem:
            shutil.rmtree(home)
        return Outcome(killed, again, problem)

    def _wait_for(self, process: subprocess.Popen[bytes], searches: int) -> None:
        """Wait until so many searches were asked for: at random times most kills would miss."""
        while process.poll() is None:
            if sum("q" in query for _, _, query, _ in list(self._market.asked)) >= searches:
                return
            time.sleep(0.01)

    def _home(self, name: str) -> Path:
        home = self._folder / name
        home.mkdir(parents=True)
        queries = json.dumps([f"q{n}" for n in range(SEARCHES)])
        said = SETTINGS.format(url=self._market.url, keys=KEYS, rate=RATE_PER_S, queries=queries)
        (home / "cratewatch.toml").write_text(said)
        return home

    def _start(self, home: Path) -> subprocess.Popen[bytes]:
        command = [*COMMAND, "refresh-prices", "ebay", "--home", str(home)]
        with (home / "command.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def _kill(self, process: subprocess.Popen[bytes], victim: str) -> str:
        pid = process.pid if victim == "command" else _crawl_of(process.pid)
        if pid is None or process.poll() is not None:
            return "nothing"
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return "nothing"
        doing = "asking" if any("q" in query for _, _, query, _ in self._market.asked) else "start"
        return f"{victim}, {doing}"


def snapshot(home: Path) -> dict[str, Any]:
    """Return what a refresh left, without times and run ids."""
    url = str(load_settings(home=home).catalog_url)
    with closing(open_catalog(url)) as catalog:
        items, runs = catalog.items.states(), catalog.runs.latest(100)
    engine = create_engine(url)
    with engine.connect() as connection:
        prices = connection.execute(text("SELECT * FROM observations")).all()
        staged = connection.scalar(text("SELECT count(*) FROM staged_observations"))
    engine.dispose()
    states = Counter(run["state"] for run in runs)
    return {"prices": set(prices), "staged": staged, "items": items, "runs": states}


def _crawl_of(parent: int) -> int | None:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            above = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if above == parent and CRAWL in (entry / "cmdline").read_bytes():
                return int(entry.name)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return None


def _difference(expected: dict[str, Any], found: dict[str, Any]) -> str:
    return "; ".join(
        f"{name}: {str(found[name])[:200]}" for name in expected if found[name] != expected[name]
    )


@contextmanager
def price_kills(folder: Path, seed: int) -> Iterator[PriceKills]:
    """Open a market, and prepare homes below folder, which must not exist."""
    market = Market()
    for n in range(SEARCHES):
        market.listings[f"q{n}"] = [_sold(n * EACH + each) for each in range(EACH)]
    try:
        yield PriceKills(folder, market, seed)
    finally:
        market.close()


def _sold(n: int) -> dict[str, Any]:
    return {
        "itemId": str(n),
        "title": f"Record {n}",
        "condition": "New",
        "lastSoldDate": datetime.now(UTC).strftime("%Y-%m-%dT00:00:00.000Z"),
        "lastSoldPrice": {"value": f"{n + 1}.50", "currency": "USD"},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--home", type=Path, default=Path("build/kill-prices"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    shutil.rmtree(options.home, ignore_errors=True)
    with price_kills(options.home.absolute(), options.seed) as kills:
        outcomes = [kills.kill(number) for number in range(options.times)]
    for outcome in outcomes:
        if outcome.problem:
            print(f"  {outcome.killed}: {outcome.problem}")
    wrong = sum(bool(outcome.problem) for outcome in outcomes)
    print(
        f"{len(outcomes)} refreshes of prices, killed {dict(Counter(o.killed for o in outcomes))}, "
        f"{len(outcomes) - wrong} equal in the end, "
        f"{sum(o.asked_again for o in outcomes)} of {SEARCHES * len(outcomes)} searches asked twice"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
