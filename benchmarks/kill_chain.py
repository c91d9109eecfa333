"""Kills a night with SIGKILL at random moments, runs it again, and compares what it left.

    .venv/bin/python benchmarks/kill_chain.py --times 20 --home build/kills

Every stage is killed as often as asked for: the crawl, the fetch of the covers, the embedding,
the load into the gallery, and the flow itself; what the night was doing at that moment is read
from its catalog. Where the night does not end well by itself, `cratewatch refresh` runs once
more. Then catalog, lake and gallery must be equal to those of a night that nobody disturbed, up
to times, run ids and the order of arrival, and pages that were recorded as read before the kill
must not have been asked for again. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from cratewatch.catalog.catalog import open_catalog
from cratewatch.demo.covers import draw_stock
from cratewatch.demo.site import DemoShop
from cratewatch.demo.stock import StockPlan, stock_of_night
from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.net import EmbeddingNet
from cratewatch.embedding.shards import read_embeddings
from cratewatch.gallery.gallery import open_gallery
from cratewatch.lake.opening import open_lake
from cratewatch.settings import load_settings

PLAN = StockPlan(n_releases=60)
TINY = ModelConfig(image_px=32, cover_margin=0.0)
SOURCE = "shop"
# The command, with small shards, so that a night of few covers has several.
COMMAND = [
    sys.executable,
    "-c",
    "import workers.indexing\n"
    "workers.indexing.SHARD_COVERS = 12\n"
    "from cratewatch.commands.app import main; main()",
]
CRAWL = "scrapers.crawl"
EMBEDDER = "ray::_Embedder"
LAST_BREATH_S = 60.0  # what a process below a killed one may take to notice; Ray's agents half


@dataclass(frozen=True)
class Outcome:
    """What one kill led to; problem is empty if all is as it should be."""

    killed: str
    asked_again: int
    below: dict[int, str]  # processes below the night at that moment
    problem: str


class Night:
    """One `cratewatch refresh` of a home, as a process."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.started = time.monotonic()
        self.log = home / "command.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "refresh", SOURCE, "--home", str(home)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def descendants(self) -> dict[int, str]:
        """Return the command lines of all processes below this one, by pid."""
        parents, commands = _processes()
        below = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in below} - below:
            below |= more
        return {pid: commands[pid] for pid in below - {self.process.pid} if pid in commands}

    def await_process(self, command: str, *, after: int = 0) -> int | None:
        """Return the pid of the first descendant with the command, skipping some; None at end."""
        seen: list[int] = []
        while self.process.poll() is None:
            new = [pid for pid, line in self.descendants().items() if command in line]
            seen += [pid for pid in sorted(new) if pid not in seen]
            if len(seen) > after:
                return seen[after]
            time.sleep(0.01)
        return None

    def await_embeddings(self, model: str) -> int | None:
        """Return the pid of the flow once embeddings are kept and not loaded yet."""
        with closing(open_catalog(load_settings(home=self.home).catalog_url)) as catalog:
            while self.process.poll() is None:
                if catalog.embeddings.shards(model, unindexed=True):
                    return self.process.pid
                time.sleep(0.005)
        return None


def _processes() -> tuple[dict[int, int], dict[int, str]]:
    parents, commands = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(entry.name)] = int(fields[1])
            commands[int(entry.name)] = line
    return parents, commands


def snapshot(home: Path) -> dict[str, Any]:
    """Return what a night left, without times, run ids, and which scan of a sleeve came first."""
    settings = load_settings(home=home)
    lake = open_lake(settings.lake)
    with closing(open_catalog(settings.catalog_url)) as catalog:
        covers = catalog.covers.all()
        releases = catalog.releases.of_artworks([cover.artwork_id for cover in covers])
        groups: dict[str, set[str]] = {}
        for cover in covers:
            groups.setdefault(cover.artwork_id, set()).add(cover.cover_id)
        left: dict[str, Any] = {
            "counts": catalog.counts(),
            "covers": {(c.cover_id, c.width_px, c.height_px, c.phash) for c in covers},
            "artworks": {frozenset(group) for group in groups.values()},
            "releases": {
                (r.release_id, r.artist, r.title, r.year, r.price, r.currency, r.in_stock)
                for listed in releases.values()
                for r in listed
            },
            "items": catalog.items.states(),
            "failures": catalog.items.failures(),
            "running": [r["run_id"] for r in catalog.runs.latest(100) if r["state"] == "running"],
            "unloaded": [
                model
                for model in catalog.embeddings.models()
                if catalog.embeddings.shards(model, unindexed=True)
            ],
        }
    left["lake"] = set(lake.keys("covers"))
    shards = [read_embeddings(lake, key) for key in lake.keys("embeddings")]
    left["embedded"] = {cover_id for shard in shards for cover_id in shard.cover_ids}
    with open_gallery(settings.gallery_uri) as gallery:
        model = gallery.alias.serving()
        assert model is not None
        gallery.collections.load(model)
        left["rows"] = gallery.rows.count(model)
        queries = {i: v for s in shards for i, v in zip(s.cover_ids, s.embeddings, strict=True)}
        hits = gallery.search(np.stack(list(queries.values())), 1, collection=model)
        left["found"] = {
            cover_id for cover_id, hit in zip(queries, hits, strict=True) if hit[0].score > 0.9999
        }
    return left


class Kills:
    """A prepared home, the night that nobody disturbed, and the shop that serves all."""

    def __init__(self, folder: Path, shop: DemoShop, seed: int) -> None:
        self._folder = folder
        self._shop = shop
        self._rng = random.Random(seed)
        self._prepared, self._model = self._prepare()
        calm, self._seconds = self._calm_night()
        self._expected = snapshot(calm)

    def _prepare(self) -> tuple[Path, str]:
        """Make a home whose gallery serves two covers, so that a night embeds its own."""
        home = self._folder / "prepared"
        home.mkdir(parents=True)
        (home / "cratewatch.toml").write_text(
            f'[sources.{SOURCE}]\nspider = "storefront"\nurl = "{self._shop.url}"\n'
            "rate_per_s = 100\nretries = 2\n"
        )
        covers = self._folder / "covers"
        covers.mkdir()
        for number in range(2):
            noise = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(noise).resize((200, 200)).save(covers / f"{number}.png")
        torch.manual_seed(0)
        lake = open_lake(load_settings(home=home).lake)
        model = save_model(lake, EmbeddingNet(TINY), TINY, {}, [])
        for command in (["import", str(covers)], ["index"]):
            subprocess.run(
                [*COMMAND, *command, "--home", str(home)],
                check=True,
                stdout=subprocess.DEVNULL,
            )
        return home, model

    def _home(self, name: str) -> Path:
        home = self._folder / name
        shutil.copytree(self._prepared, home, ignore=shutil.ignore_patterns("ray"))
        return home

    def _calm_night(self) -> tuple[Path, float]:
        night = Night(self._home("calm"))
        if night.process.wait() != 0:
            raise SystemExit(f"the night that nobody disturbs failed; see {night.log}")
        return night.home, time.monotonic() - night.started

    def kill(self, stage: str, number: int) -> Outcome:
        """Kill a night of a fresh home in a stage, run it again, compare."""
        aims: dict[str, tuple[Callable[[Night], int | None], float]] = {
            "crawl": (lambda night: night.await_process(CRAWL), 3.0),
            "covers": (lambda night: night.await_process(CRAWL, after=1), 4.0),
            "embedding": (lambda night: night.await_process(EMBEDDER), 3.0),
            "load": (lambda night: night.await_embeddings(self._model), 0.6),
            "flow": (lambda night: night.process.pid, 0.7 * self._seconds),
        }
        aim, span_s = aims[stage]
        home = self._home(f"{stage}-{number}")
        night = Night(home)
        pid = aim(night)
        time.sleep(self._rng.uniform(0, span_s))
        below = night.descendants()
        killed = f"{_kill(night, pid)} during {self._doing(home)}"
        read, asked_before = self._pages_read(home), len(self._shop.requests)
        code = night.process.wait()
        if code:
            code = Night(home).process.wait()
        asked = {request.path for request in self._shop.requests[asked_before:]}
        problem = f"exit code {code}" if code else _difference(self._expected, snapshot(home))
        if not problem:
            shutil.rmtree(home)
        return Outcome(killed, len(asked & read), below, problem)

    def _doing(self, home: Path) -> str:
        """Return what the catalog says that a night is about."""
        with closing(open_catalog(load_settings(home=home).catalog_url)) as catalog:
            runs = [r for r in catalog.runs.latest(9) if r["kind"].startswith("refresh-")]
            if not runs:
                return "start"
            if runs[0]["state"] != "running":
                return "end"
            if "diff" not in (runs[0]["report"] or {}):
                return "crawl"
            if catalog.items.states().get("cover", {}).get("planned"):
                return "covers"
            if catalog.embeddings.shards(self._model, unindexed=True):
                return "load"
            return "embedding" if catalog.embeddings.counts(self._model).missing else "end"

    def _pages_read(self, home: Path) -> set[str]:
        """Return the paths of pages that the catalog knows to be read by the killed run."""
        with closing(open_catalog(load_settings(home=home).catalog_url)) as catalog:
            running = [r["run_id"] for r in catalog.runs.latest(9) if r["state"] == "running"]
            keys = {key for run_id in running for key in catalog.items.done(run_id, "page")}
        return {key.removeprefix(self._shop.url) for key in keys}


def _kill(night: Night, pid: int | None) -> str:
    if pid is None or night.process.poll() is not None:
        return "nothing"
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return "nothing"
    return "flow" if pid == night.process.pid else "its child"


def _still_running(processes: dict[int, str]) -> int:
    """Return how many of the processes are there some time after the kill."""
    end = time.monotonic() + LAST_BREATH_S
    while True:
        commands = _processes()[1]
        left = sum(bool(line) and commands.get(pid) == line for pid, line in processes.items())
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.2)


def _difference(expected: dict[str, Any], found: dict[str, Any]) -> str:
    return "; ".join(
        f"{name}: {_short(found[name], value)}"
        for name, value in expected.items()
        if found[name] != value
    )


def _short(found: Any, expected: Any) -> str:
    if isinstance(found, set) and isinstance(expected, set):
        return f"{len(expected - found)} missing, {len(found - expected)} too many"
    return f"{found} instead of {expected}"


@contextmanager
def kills(folder: Path, seed: int) -> Iterator[Kills]:
    """Open the shop and prepare a home below folder, which must not exist."""
    draw_stock(folder / "shop", stock_of_night(1, PLAN))
    with DemoShop(folder / "shop", plan=PLAN, slow_answer_s=0.2) as shop:
        yield Kills(folder, shop, seed)


STAGES = ("crawl", "covers", "embedding", "load", "flow")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--times", type=int, default=20, help="kills of each stage")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--home", type=Path, default=Path("build/kills"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    shutil.rmtree(options.home, ignore_errors=True)
    bad = 0
    with kills(options.home.absolute(), options.seed) as chain:
        for stage in options.stages:
            outcomes = [chain.kill(stage, number) for number in range(options.times)]
            for outcome in outcomes:
                if outcome.problem:
                    print(f"  {stage}: {outcome.problem}")
            wrong = sum(bool(o.problem) for o in outcomes)
            hit = Counter(o.killed for o in outcomes)
            again = sum(o.asked_again for o in outcomes)
            left = sum(_still_running(o.below) for o in outcomes)
            print(
                f"{stage}: {len(outcomes)} nights, killed {dict(hit)}, "
                f"{len(outcomes) - wrong} equal in the end, {again} pages read twice, "
                f"{left} processes left running",
                flush=True,
            )
            bad += wrong + again + left
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
