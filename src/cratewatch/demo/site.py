"""The demo shop as a real HTTP site on loopback."""

import socket
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from cratewatch.demo.stock import STANDARD_STOCK, ShopRelease, StockPlan, stock_of_night
from cratewatch.demo.storefront import Answer, Storefront


class Request(NamedTuple):
    """What the shop was asked, and answered."""

    method: str
    path: str
    status: int


class DemoShop:
    """The shop, open between `with` and its end on a port of 127.0.0.1, by default a free one.

    Attributes:
        night: The night it has open.
        releases: What it lists on that night.
        url: Its address, without a slash at the end.
    """

    night: int
    releases: list[ShopRelease]
    url: str

    def __init__(
        self,
        folder: Path,
        night: int = 1,
        plan: StockPlan = STANDARD_STOCK,
        slow_answer_s: float = 2.0,
        port: int = 0,
    ) -> None:
        self._port = port
        self._folder = folder
        self._first_night = night
        self._plan = plan
        self._slow_answer_s = slow_answer_s
        self._lock = threading.Lock()
        self._attempts: Counter[str] = Counter()
        self._requests: list[Request] = []
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        self._server = _Server(self, self._port)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.open_night(self._first_night)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="demo-shop", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    @property
    def requests(self) -> list[Request]:
        """Every request answered so far, on all nights."""
        with self._lock:
            return list(self._requests)

    def image_requests(self) -> list[Request]:
        """Return the requests for images, in their order."""
        return [request for request in self.requests if request.path.startswith("/images/")]

    def open_night(self, night: int) -> None:
        """Change to another night's pages, prices and sitemaps, while the shop is open."""
        self.releases = stock_of_night(night, self._plan)
        self._storefront = Storefront(self._folder, self.url, night, self.releases)
        self.night = night

    def answer(self, method: str, path: str) -> Answer:
        """Answer and record one request; a slow answer keeps its caller waiting here."""
        with self._lock:
            self._attempts[path] += 1
            attempt = self._attempts[path]
        answer = self._storefront.answer(path, attempt)
        if answer.slow:
            self._closing.wait(self._slow_answer_s)
        with self._lock:
            self._requests.append(Request(method, path, answer.status))
        return answer


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"
    server_version = "DemoRecords"
    # Headers and body go out as one segment: with Nagle's algorithm each answer took 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._send(with_body=True)

    def do_HEAD(self) -> None:
        self._send(with_body=False)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: ARG002
        return

    def _send(self, with_body: bool) -> None:
        answer = self.server.shop.answer(self.command, urlsplit(self.path).path)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.location:
            self.send_header("Location", answer.location)
        self.end_headers()
        if with_body:
            self.wfile.write(answer.body)


class _Server(ThreadingHTTPServer):
    """Knows its open connections, so that those kept alive do not outlast the shop."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, shop: DemoShop, port: int) -> None:
        self.shop = shop
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        with self._lock:
            for connection in self._connections:
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about clients that went away."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)
