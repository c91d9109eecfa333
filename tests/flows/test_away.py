"""A night whose database or store goes away in the middle, and the one that completes it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from cratewatch.catalog import open_catalog
from cratewatch.demo.covers import draw_stock
from cratewatch.demo.site import DemoShop
from cratewatch.demo.stock import StockPlan, expected_night, stock_of_night
from cratewatch.lake import LakeLocation, open_lake

PLAN = StockPlan(n_releases=40)
COMMAND = str(Path(sys.executable).with_name("cratewatch"))


class Wire:
    """Forwards connections to a server on loopback until it is cut."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._whole = True
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._whole = False
        for end in self._ends:
            _hang_up(end)
        self._ends.clear()

    def mend(self) -> None:
        self._whole = True

    def close(self) -> None:
        self.cut()
        _hang_up(self._listener)

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:  # closed
                return
            if not self._whole:
                _hang_up(caller)
                continue
            server = socket.create_connection(self._target)
            self._ends += [caller, server]
            for ends in ((caller, server), (server, caller)):
                threading.Thread(target=_pump, args=ends, daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    _hang_up(target)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


class Night:
    """A home whose catalog is in PostgreSQL and whose lake is in S3, each over a wire."""

    def __init__(self, home: Path, shop: DemoShop, postgres: Any, s3: LakeLocation) -> None:
        self.home = home
        self.shop = shop
        self.database = postgres.create_database()
        self.bucket = s3
        self.wires = {"catalog": self._wire(self.database), "lake": self._wire(s3.endpoint)}
        home.mkdir()
        access, secret = (key.get_secret_value() for key in (s3.access_key, s3.secret_key))
        (home / "cratewatch.toml").write_text(
            f'catalog_url = "{self._over("catalog", self.database)}"\n'
            f'lake_path = "{s3.path}"\ns3_endpoint = "{self._over("lake", s3.endpoint)}"\n'
            f's3_region = "{s3.region}"\ns3_access_key = "{access}"\n'
            f's3_secret_key = "{secret}"\n'
            f'[sources.shop]\nspider = "storefront"\nurl = "{shop.url}"\n'
            "rate_per_s = 20\nretries = 2\n"
        )

    def _wire(self, url: str | None) -> Wire:
        return Wire(int(str(url).rsplit(":", 1)[1].split("/")[0]))

    def _over(self, what: str, url: str | None) -> str:
        wire = self.wires[what]
        port = str(url).rsplit(":", 1)[1].split("/")[0]
        return str(url).replace(f":{port}", f":{wire.port}")

    @contextmanager
    def start(self) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(
            [COMMAND, "refresh", "shop", "--json", "--home", str(self.home)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def wait_for(self, kind: str, state: str, process: subprocess.Popen[str]) -> None:
        with closing(open_catalog(self.database)) as catalog:
            while catalog.items.states().get(kind, {}).get(state, 0) < 5:
                assert process.poll() is None, process.communicate()[1]
                time.sleep(0.02)

    def complete(self) -> None:
        """Run it once more and compare with what the shop had planned."""
        with self.start() as process:
            out, err = process.communicate()
        assert process.returncode == 0, err
        report, planned = json.loads(out), expected_night(1, PLAN)
        assert report["diff"]["new"] + report["diff"]["unchanged"] == planned.new
        assert report["failed"] == planned.failed
        with closing(open_catalog(self.database)) as catalog:
            covers = {cover.cover_id for cover in catalog.covers()}
            assert catalog.covers_to_fetch("shop") != []  # those that stay broken
            assert [run["state"] for run in catalog.runs.latest()].count("running") == 0
        assert len(covers) == planned.new_covers
        keys = open_lake(self.bucket).keys("covers")
        assert {Path(key).stem for key in keys} == covers


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoShop]:
    folder = tmp_path_factory.mktemp("shop")
    draw_stock(folder, stock_of_night(1, PLAN))
    with DemoShop(folder, plan=PLAN, slow_answer_s=0.2) as shop:
        yield shop


@pytest.fixture
def night(
    tmp_path: Path, shop: DemoShop, postgres: Any, s3_location: LakeLocation
) -> Iterator[Night]:
    night = Night(tmp_path / "home", shop, postgres, s3_location)
    yield night
    for wire in night.wires.values():
        wire.close()


CRAWLING = ("page", "fetched")
FETCHING = ("cover", "stored")


@pytest.mark.parametrize(
    ("what", "when"),
    [("catalog", CRAWLING), ("catalog", FETCHING), ("lake", FETCHING)],
    ids=["catalog-crawl", "catalog-covers", "lake-covers"],
)
def test_a_night_that_loses_a_server_ends_cleanly_and_the_next_one_completes_it(
    night: Night, what: str, when: tuple[str, str]
) -> None:
    with night.start() as process:
        night.wait_for(*when, process)
        night.wires[what].cut()
        _, err = process.communicate()
    night.wires[what].mend()
    assert process.returncode == 1
    assert "Traceback" not in err, err
    assert what in err.strip().splitlines()[-1]
    assert "crate@" not in err  # the password
    night.complete()


def test_a_store_that_comes_back_soon_does_not_end_the_night(night: Night) -> None:
    with night.start() as process:
        night.wait_for(*FETCHING, process)
        night.wires["lake"].cut()
        time.sleep(0.5)
        night.wires["lake"].mend()
        out, err = process.communicate()
    assert process.returncode == 0, err
    assert json.loads(out)["diff"]["new"] == expected_night(1, PLAN).new
