"""Ctrl-C in a terminal, which reaches every process of the command: one line, nothing left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.heavy

MANY = 600
"""Covers in a folder, so many that their import is not over when it is interrupted."""
COMMAND = str(Path(sys.executable).with_name("cratewatch"))
SENTENCE = "cratewatch: interrupted; run the same command again to go on"
PAGES, ANSWERED = 40, 10
PRODUCT = """<script type="application/ld+json">{"@context": "https://schema.org",
"@type": "Product", "sku": "%s", "name": "Artist - Title %s"}</script>"""


class StuckShop(ThreadingHTTPServer):
    """Answers some product pages, then none until it is mended."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Page)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.asked: list[str] = []
        self.stuck = threading.Event()
        self.mended = threading.Event()

    def body(self, path: str) -> str:
        if path == "/robots.txt":
            return f"Sitemap: {self.url}/sitemap.xml"
        if path == "/sitemap.xml":
            pages = "".join(f"<url><loc>{self.url}/{n}</loc></url>" for n in range(PAGES))
            return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{pages}</urlset>'
        self.asked.append(path)
        if len(self.asked) > ANSWERED:
            self.stuck.set()
            self.mended.wait()
        return PRODUCT % (path, path)


class _Page(BaseHTTPRequestHandler):
    server: StuckShop

    def do_GET(self) -> None:
        body = self.server.body(self.path).encode()
        try:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:  # whoever asked was interrupted
            pass

    def log_message(self, format: str, *args: object) -> None:  # noqa: ARG002
        return


@pytest.fixture
def shop() -> Iterator[StuckShop]:
    with StuckShop() as shop:
        threading.Thread(target=shop.serve_forever, args=(0.02,), daemon=True).start()
        yield shop
        shop.mended.set()
        shop.shutdown()


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}


def press_ctrl_c(processes: Any, reached: Callable[[], bool], *arguments: str) -> None:
    """Run a command until something is reached, interrupt it and its children, and look."""
    command = subprocess.Popen(
        [COMMAND, *arguments],
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that the signal does not reach the tests
    )
    with command:
        while not reached():
            assert command.poll() is None, command.stderr.read() if command.stderr else ""
            time.sleep(0.01)
        started = processes.below(command.pid)
        os.killpg(command.pid, signal.SIGINT)
        _, said = command.communicate(timeout=60)
    assert command.returncode == 130
    assert said.strip().splitlines()[-1] == SENTENCE
    assert said.count("cratewatch:") == 1
    assert "Traceback" not in said
    assert not [pid for pid in started if processes.alive(pid)]


@pytest.mark.slow
def test_a_refresh_is_interrupted_and_goes_on_where_it_was(
    home: Path, shop: StuckShop, processes: Any, prefect: None
) -> None:
    home.mkdir()
    (home / "cratewatch.toml").write_text(
        f'[sources.shop]\nspider = "storefront"\nurl = "{shop.url}"\nrate_per_s = 100\n'
    )
    press_ctrl_c(processes, shop.stuck.is_set, "refresh", "shop", "--home", str(home))
    before = shop.asked[:ANSWERED]
    shop.mended.set()
    again = subprocess.run(
        [COMMAND, "refresh", "shop", "--json", "--home", str(home)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["diff"]["new"] == PAGES
    assert not set(before) & set(shop.asked[ANSWERED:]), "what was read is not read again"


@pytest.mark.slow
def test_an_import_is_interrupted_and_goes_on_where_it_was(
    home: Path, tmp_path: Path, processes: Any
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(MANY):
        noise = np.random.default_rng(number).integers(0, 256, (400, 400, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"{number}.jpg")
    covers = home / "lake" / "covers"
    arguments = ("import", str(folder), "--home", str(home))
    press_ctrl_c(processes, lambda: len(list(covers.glob("*/*.jpg"))) > 2, *arguments)
    again = subprocess.run(
        [COMMAND, *arguments, "--json"], capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stderr
    report = json.loads(again.stdout)
    assert report["covers_known"] >= 1
    assert report["covers_known"] + report["covers_new"] == MANY
