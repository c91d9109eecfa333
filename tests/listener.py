"""A service on loopback that takes messages and pings, for the tests of notifications."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Listener:
    """What was asked of the service.

    Attributes:
        port: On loopback.
        heard: Method, path and body of each request, in order.
        answer: The status that it answers with.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.heard: list[tuple[str, str, str]] = []
        self.answer = 200

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What apprise posted."""
        return [json.loads(body) for method, _, body in self.heard if body.startswith("{")]

    @property
    def pings(self) -> list[tuple[str, str]]:
        """Method and path of what the dead man's switch heard."""
        return [(method, path) for method, path, body in self.heard if not body.startswith("{")]


@contextmanager
def listening() -> Iterator[Listener]:
    """Have the service for a block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            listener.heard.append((self.command, self.path, body))
            self.send_response(listener.answer)
            self.end_headers()

        do_GET = do_POST  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener = Listener(server.server_port)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()
