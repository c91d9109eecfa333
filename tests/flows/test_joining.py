"""Two processes, each with a home of its own as on two machines, that ask one source for prices."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cratewatch.catalog.catalog import open_catalog
from tests.market import KEYS, Market
from tests.postgres_server import engine_of

SEARCHES = 64
RATE_PER_S = 8.0
LEASE_S = 4.0
PATIENCE_S = 240.0


@pytest.fixture
def market() -> Iterator[Market]:
    one = Market()
    sold = {"condition": "New", "lastSoldPrice": {"value": "9.50", "currency": "USD"}}
    day = datetime.now(UTC).strftime("%Y-%m-%dT00:00:00.000Z")
    one.listings = {
        f"q{n}": [sold | {"itemId": str(n), "title": f"Record {n}", "lastSoldDate": day}]
        for n in range(SEARCHES)
    }
    yield one
    one.close()


class Machines:
    """Homes that share a catalog and a lake."""

    def __init__(self, folder: Path, catalog_url: str, market: Market) -> None:
        self._folder = folder
        self.catalog_url = catalog_url
        self._market = market
        self._started: list[subprocess.Popen[str]] = []
        self._engine = engine_of(catalog_url)

    def start(self, name: str, queries: int = SEARCHES) -> subprocess.Popen[str]:
        """Start `cratewatch refresh-prices` on a machine."""
        home = self._folder / name
        home.mkdir()
        (home / "cratewatch.toml").write_text(
            f'catalog_url = "{self.catalog_url}"\nlake_path = "{self._folder / "lake"}"\n'
            f'[sources.ebay]\nspider = "ebay_sold"\nurl = "{self._market.url}"\n'
            f'client_id = "{KEYS[0]}"\nclient_secret = "{KEYS[1]}"\nretries = 0\ntimeout_s = 300\n'
            f"rate_per_s = {RATE_PER_S}\nlease_s = {LEASE_S}\n"
            f"queries = {json.dumps([f'q{n}' for n in range(queries)])}\n"
        )
        command = "from cratewatch.commands.app import main; main()"
        process = subprocess.Popen(
            [sys.executable, "-c", command, "refresh-prices", "ebay", "--home", home, "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.05)

    def at_work(self) -> int:
        """Return how many crawls hold leases."""
        query = "SELECT count(DISTINCT owner) FROM items WHERE leased_until > now()"
        with self._engine.connect() as connection:
            return int(connection.scalar(text(query)) or 0)

    def asked(self) -> Counter[str]:
        """Return how often each search was asked for."""
        return Counter(query["q"] for _, _, query, _ in list(self._market.asked) if "q" in query)

    def close(self) -> None:
        for process in self._started:
            process.kill()
            process.communicate()
        self._engine.dispose()


@pytest.fixture
def machines(tmp_path: Path, postgres: Any, market: Market) -> Iterator[Machines]:
    url = postgres.create_database()
    open_catalog(url).close()
    made = Machines(tmp_path, url, market)
    yield made
    made.close()


def report_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    return dict(json.loads(out))


def published(machines: Machines) -> tuple[int, list[str]]:
    """Return how many prices are published, and the states of all runs."""
    with closing(open_catalog(machines.catalog_url)) as catalog:
        return sum(catalog.observations.counts().values()), [
            run["state"] for run in catalog.runs.latest(9)
        ]


def test_two_machines_ask_each_thing_once_and_one_publishes(
    machines: Machines, market: Market
) -> None:
    market.answers.clear()
    processes = [machines.start("one"), machines.start("other")]
    machines.until(lambda: machines.at_work() == 2)
    began = time.monotonic()
    market.answers.set()
    reports = [report_of(process) for process in processes]
    assert set(machines.asked().values()) == {1}
    assert len(machines.asked()) == SEARCHES
    led, helped = sorted(reports, key=lambda report: report["joined"])
    assert (led["published"], led["crawl"]["items"]) == ({"new": SEARCHES, "known": 0}, SEARCHES)
    assert (helped["joined"], helped["run_id"]) == (True, led["run_id"])
    assert 0 < helped["crawl"]["items"] < SEARCHES
    assert published(machines) == (SEARCHES, ["done"])
    assert time.monotonic() - began > 0.7 * SEARCHES / RATE_PER_S, "two are no faster than one"


@pytest.mark.slow
@pytest.mark.parametrize("killed", ["the leader", "the helper"])
def test_what_a_killed_machine_held_is_done_by_the_other(
    machines: Machines, market: Market, killed: str
) -> None:
    market.answers.clear()
    leader = machines.start("one")
    machines.until(lambda: machines.at_work() == 1)
    helper = machines.start("other")
    machines.until(lambda: machines.at_work() == 2)
    market.answers.set()
    machines.until(lambda: len(machines.asked()) >= SEARCHES // 4)
    victim, left = (leader, helper) if killed == "the leader" else (helper, leader)
    os.kill(victim.pid, signal.SIGKILL)
    report = report_of(left)
    assert published(machines) == (SEARCHES, ["done"])
    assert report["published"] == {"new": SEARCHES, "known": 0}
    twice = [key for key, n in machines.asked().items() if n > 1]
    assert len(machines.asked()) == SEARCHES
    assert len(twice) <= 2 * RATE_PER_S, "only what was under way, or not yet written"


def test_machines_that_are_set_differently_say_so(machines: Machines, market: Market) -> None:
    market.answers.clear()
    leader = machines.start("one")
    machines.until(lambda: machines.at_work() == 1)
    helper = machines.start("other", queries=3)
    out, _ = helper.communicate(timeout=PATIENCE_S)
    assert helper.returncode == 1
    market.answers.set()
    assert "give all machines the same [sources.ebay]" in json.loads(out)["error"]
    assert report_of(leader)["published"] == {"new": SEARCHES, "known": 0}
    assert set(machines.asked().values()) == {1}
