"""A site on loopback, and what processes connect to."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

SPY = """
import os, sys
def tell(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "local"
        with open(os.environ["CONNECTED_TO"], "a") as file:
            file.write(f"{host}\\n")
sys.addaudithook(tell)
"""
ELSEWHERE = (
    "file:///dev/stdin",
    "file:///etc/passwd",
    "ftp://127.0.0.1/pages.xml",
    "s3://bucket/pages.xml",
    "data:text/plain,http://127.0.0.1/a",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.255.255.1/",
    "http://[fe80::1]/",
)
"""Where no shop may lead a crawl."""


@dataclass
class Reply:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0


class Site:
    """A loopback site: each path has its replies in turn, of which the last one stays.

    Who asks by the ETag or the Last-Modified of a reply whether it has changed is told that.
    """

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = defaultdict(list)
        self.requests: list[tuple[float, str, dict[str, str]]] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def add(self, path: str, body: bytes | str = b"", **kwargs: Any) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.replies[path].append(Reply(data, **kwargs))

    def count(self, path: str) -> int:
        return sum(requested == path for _, requested, _ in self.requests)

    def reply(self, path: str, headers: dict[str, str]) -> Reply:
        with self._lock:
            self.requests.append((time.monotonic(), path, headers))
            replies = self.replies.get(path, [Reply(b"not found", 404)])
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
        return Reply(status=304) if _is_known(reply, headers) else reply

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _is_known(reply: Reply, asked: dict[str, str]) -> bool:
    pairs = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
    return any(
        asked.get(condition) == reply.headers.get(name, "") for condition, name in pairs.items()
    )


def _handler_of(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply = site.reply(self.path, dict(self.headers))
            time.sleep(reply.delay_s)
            headers = {"Content-Length": str(len(reply.body)), **reply.headers}
            try:
                self.send_response(reply.status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)
            except ConnectionError:  # the crawler's time was up
                pass

        def log_message(self, format: str, *args: Any) -> None:  # noqa: ARG002
            return

    return Handler


class Connections:
    """The hosts that any Python process connects to that is started from now on."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._told = folder / "connected"
        spy = folder / "spy"
        spy.mkdir()
        (spy / "sitecustomize.py").write_text(SPY)
        monkeypatch.setenv("PYTHONPATH", str(spy))
        monkeypatch.setenv("CONNECTED_TO", str(self._told))

    def hosts(self) -> set[str]:
        """Return them; "local" for sockets of this machine that are files."""
        return set(self._told.read_text().split()) if self._told.exists() else set()
