"""The ledger with 10 M items: what nights ask of it, timed on SQLite or PostgreSQL.

    .venv/bin/python benchmarks/ledger_scale.py --items 10000000
    .venv/bin/python benchmarks/ledger_scale.py --items 10000000 --url postgresql://…

The database itself makes the rows: of 20 sources, one of which has a run under way that has done
half of its items, and four of which only had runs that are older than `ledger_keep_days`; 2 in 100
have failed. A row of the table tells the median of several times, the slowest, and how much of the
median this process computed: all of it that is no waiting for the disk on SQLite, what is not the
server's on PostgreSQL. A database that is named must be empty. docs/operations.md holds the output.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, create_engine, text

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.leases import Leases, Lessee
from cratewatch.catalog.records import Item

SOURCES, OLD_SOURCES = 20, 4
BATCH = 100
TIMES = 20
KEPT = timedelta(days=365)

FILL = """
INSERT INTO items (source, kind, key, run_id, state, reason, attempts, updated_at)
SELECT 's{n}', 'price', 's{n}:' || substr('0000000' || i, -8), 'run-{n}',
       CASE WHEN {n} = 0 AND i % 2 = 0 THEN 'planned' WHEN i % 50 = 1 THEN 'failed'
            ELSE 'fetched' END,
       CASE WHEN i % 50 = 1 THEN 'http_500' END, 0, '2026-01-01 00:00:00'
FROM ({numbers}) AS numbers
"""
NUMBERS = {
    "sqlite": "WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i + 1 < {most})"
    " SELECT i FROM c",
    "postgresql": "SELECT generate_series(0, {most} - 1) AS i",
}


class Took(NamedTuple):
    """What something took: in all, and of this process's processor."""

    wall_s: float
    cpu_s: float


def main() -> None:
    options = _options()
    options.home.mkdir(parents=True, exist_ok=True)
    file = options.home / "ledger.db"
    if not options.url:
        file.unlink(missing_ok=True)
    url = options.url or f"sqlite:///{file.absolute()}"
    with closing(open_catalog(url)) as catalog:
        began = time.perf_counter()
        _fill(url, options.items)
        print(f"{options.items:,} items made in {time.perf_counter() - began:.0f} s")
        _show(_rows(catalog))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=10_000_000)
    parser.add_argument("--url", default="", help="of an empty database; else a SQLite file")
    parser.add_argument("--home", type=Path, default=Path("build/ledger-scale"))
    return parser.parse_args()


def _fill(url: str, items: int) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+pg8000:"))
    numbers = NUMBERS[engine.dialect.name].format(most=items // SOURCES)
    for n in range(SOURCES):
        with engine.begin() as connection:
            _add_run(connection, n)
            # In both dialects a negative start counts from the end, or is cut off: i has 8 digits.
            fill = FILL.replace("substr('0000000' || i, -8)", "right('0000000' || i, 8)")
            statement = FILL if engine.dialect.name == "sqlite" else fill
            connection.execute(text(statement.format(n=n, numbers=numbers)))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("VACUUM ANALYZE items"))
    engine.dispose()


def _add_run(connection: Connection, n: int) -> None:
    age = timedelta(days=400) if n >= SOURCES - OLD_SOURCES else timedelta(hours=1)
    values = {
        "run": f"run-{n}",
        "kind": f"prices-s{n}",
        "state": "running" if n == 0 else "done",
        "at": (datetime.now(UTC) - age).replace(tzinfo=None),
    }
    insert = "INSERT INTO runs (run_id, kind, state, started_at) VALUES (:run, :kind, :state, :at)"
    connection.execute(text(insert), values)


def _rows(catalog: Catalog) -> Iterable[tuple[str, list[Took]]]:
    items = catalog.items
    yield from _leased(catalog.leases) if catalog.leases else _written(catalog)
    yield "what a run has planned: nothing", _timed(lambda: items.planned("run-1", "price"))
    yield "a run's items by state", _timed(lambda: items.tally("run-0", "price"), 5)
    yield "a run's failures by reason", _timed(lambda: items.failures_of_run("run-0"), 5)
    yield "go on with a run: what is done", _timed(lambda: items.done("run-0", "price"), 5)
    yield "status: all items by state", _timed(items.states, 3)
    yield "status: failures by reason", _timed(items.failures, 3)
    yield "status: sources to retry", _timed(items.sources_to_retry, 3)
    keys = [f"s1:{n:08d}" for n in range(BATCH * 100)]
    yield "plan 10,000 items", _timed(lambda: items.plan("run-next", "s1", "price", keys), 3)
    gone: list[int] = []
    took = _timed(lambda: gone.append(items.forget_before(datetime.now(UTC) - KEPT)), 1)
    yield f"forget {gone[0]:,} old items", took


def _leased(leases: Leases) -> Iterable[tuple[str, list[Took]]]:
    one = Lessee("one", "run-0", "s0", "price", 3600.0)
    taken: list[list[str]] = []
    yield f"lease {BATCH} items", _timed(lambda: taken.append(leases.take(one, BATCH)))
    yield f"renew {BATCH} leases", _timed(lambda: leases.renew(one, taken[0]))
    parts = iter(taken)
    done = _timed(lambda: leases.record(one, [_fetched(key) for key in next(parts)], {}))
    yield f"mark {BATCH} done", done


def _written(catalog: Catalog) -> Iterable[tuple[str, list[Took]]]:
    planned = iter(range(0, 2 * BATCH * TIMES, 2))

    def write() -> None:
        keys = [f"s0:{next(planned):08d}" for _ in range(BATCH)]
        catalog.items.record("run-0", [_fetched(key) for key in keys])

    yield f"mark {BATCH} done", _timed(write)


def _fetched(key: str) -> Item:
    return Item("s0", "price", key, "fetched")


def _timed(work: Callable[[], object], times: int = TIMES) -> list[Took]:
    took = []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        took.append(Took(time.perf_counter() - wall, time.process_time() - cpu))
    return took


def _show(rows: Iterable[tuple[str, list[Took]]]) -> None:
    table = Table("what", "wall ms", "slowest", "of it here, cpu ms")
    for what, took in rows:
        wall, cpu = [one.wall_s for one in took], [one.cpu_s for one in took]
        times_s = (statistics.median(wall), max(wall), statistics.median(cpu))
        table.add_row(what, *(f"{seconds * 1e3:,.1f}" for seconds in times_s))
    Console(width=90).print(table)


if __name__ == "__main__":
    main()
