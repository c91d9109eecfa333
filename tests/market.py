"""Discogs' and eBay's APIs on loopback: their shapes and rules, and a record of what was asked."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SCOPE = "https://api.ebay.com/oauth/api_scope"
SALES = "/buy/marketplace_insights/v1_beta/item_sales/search"
SUMMARIES = "/buy/browse/v1/item_summary/search"
SCOPES = {SALES: f"{SCOPE}/buy.marketplace.insights", SUMMARIES: SCOPE}
PARAMETERS = {"aspect_filter", "category_ids", "epid", "fieldgroups", "filter", "gtin", "limit",
              "offset", "q", "sort"}  # fmt: skip
KEYS = ("app", "cert")
GRADES = {
    "Mint (M)": 19, "Near Mint (NM or M-)": 17, "Very Good Plus (VG+)": 13, "Very Good (VG)": 9,
    "Good Plus (G+)": 5, "Good (G)": 3, "Fair (F)": 2, "Poor (P)": 1,
}  # fmt: skip


@dataclass
class Faults:
    """What goes wrong, each by the number of the request from 1."""

    refuse: dict[int, dict[str, str]] = field(default_factory=dict)  # 429 with these headers
    expire_after: int = 0  # requests that a token lives for
    no_tokens: bool = False
    skew: timedelta = timedelta()  # of the server's clock
    merged: dict[int, int] = field(default_factory=dict)
    gone: tuple[int, ...] = ()
    no_suggestions: bool = False
    broken: tuple[int, ...] = ()  # releases whose statistics are no JSON
    signature: str = "s1"


class Market:
    """The server.

    Attributes:
        asked: Of each request method, path, parameters and headers.
        wrong: What was asked against the rules.
        answers: Cleared, it lets whoever asks wait.
        busiest: The most requests of any window.
    """

    def __init__(
        self, releases: int = 3, faults: Faults | None = None, limit: int = 60, window_s: float = 60
    ) -> None:
        self.releases = releases
        self.faults = faults or Faults()
        self.images: dict[str, bytes] = {}  # by path
        self.listings: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[tuple[str, str, dict[str, str], dict[str, str]]] = []
        self.wrong: list[str] = []
        self.busiest = 0
        self.answers = threading.Event()
        self.answers.set()
        self.minted = 0
        self._limit, self._window_s = limit, window_s
        self._recent: deque[float] = deque()
        self._uses: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self.answers.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def paths(self) -> list[str]:
        return [path for _, path, _, _ in self.asked]

    def answer(
        self, method: str, url: str, headers: dict[str, str], body: str
    ) -> tuple[int, dict[str, str], Any]:
        parts = urlsplit(url)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        with self._lock:
            self.asked.append((method, parts.path, query, headers))
            if "cratewatch/" not in headers.get("User-Agent", ""):
                self.wrong.append(f"{url}: no user agent")
            if (refusal := self.faults.refuse.get(len(self.asked))) is not None:
                return 429, refusal, {"message": "You are making requests too quickly."}
            if parts.path == "/identity/v1/oauth2/token":
                return self._mint(method, headers, body)
            if parts.path in SCOPES:
                return self._search(parts.path, query, headers)
            if (image := self.images.get(parts.path)) is not None:
                return 200, {"Content-Type": "image/jpeg"}, image
            return self._discogs(parts.path, query, headers)

    def _mint(self, method: str, headers: dict[str, str], body: str) -> tuple[int, Any, Any]:
        form = {name: values[0] for name, values in parse_qs(body).items()}
        keys = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
        if method != "POST" or form.get("grant_type") != "client_credentials":
            self.wrong.append(f"token: {method} {body}")
        if self.faults.no_tokens or tuple(keys.split(":")) != KEYS:
            said = {"error": "invalid_client", "error_description": "client authentication failed"}
            return 401, {}, said
        self.minted += 1
        token = f"{form.get('scope')} {self.minted}".replace(" ", "#")
        return 200, {}, {"access_token": token, "expires_in": 7200, "token_type": "Application"}

    def _search(
        self, path: str, query: dict[str, str], headers: dict[str, str]
    ) -> tuple[int, Any, Any]:
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        self._uses[token] += 1
        if not token or 0 < self.faults.expire_after < self._uses[token]:
            said = {"errorId": 1001, "domain": "OAuth", "message": "Invalid access token"}
            return 401, {}, {"errors": [said]}
        if token.rpartition("#")[0] != SCOPES[path]:
            said = {"errorId": 1100, "message": "Access denied", "longMessage": "wrong scope"}
            return 403, {}, {"errors": [said]}
        if unknown := query.keys() - PARAMETERS:
            self.wrong.append(f"{path}: unknown parameters {unknown}")
        if not headers.get("X-Ebay-C-Marketplace-Id", "").startswith("EBAY_"):
            self.wrong.append(f"{path}: no marketplace")
        limit, offset = int(query["limit"]), int(query["offset"])
        if limit > 200 or offset % limit:
            self.wrong.append(f"{path}: limit {limit}, offset {offset}")
        found = self.listings.get(query.get("gtin") or query.get("q", ""), [])
        name = "itemSales" if path == SALES else "itemSummaries"
        page: dict[str, Any] = {"href": self.url + path, "total": len(found), "limit": limit}
        if found:  # nothing is no empty list
            page[name] = found[offset : offset + limit]
        return 200, {}, page

    def _discogs(
        self, path: str, query: dict[str, str], headers: dict[str, str]
    ) -> tuple[int, Any, Any]:
        now = time.monotonic()
        while self._recent and self._recent[0] <= now - self._window_s:
            self._recent.popleft()
        self._recent.append(now)
        self.busiest = max(self.busiest, len(self._recent))
        told = {
            "X-Discogs-Ratelimit": str(self._limit),
            "X-Discogs-Ratelimit-Used": str(len(self._recent)),
            "X-Discogs-Ratelimit-Remaining": str(max(0, self._limit - len(self._recent))),
        }
        if len(self._recent) > self._limit:
            return 429, told, {"message": "You are making requests too quickly."}
        if headers.get("Authorization") != "Discogs token=secret":
            return 401, told, {"message": "You must authenticate to access this resource."}
        status, body = self._discogs_body(path, query)
        return status, told, body

    def _discogs_body(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        parts = path.strip("/").split("/")
        number = int(parts[-1]) if parts[-1].isdigit() else 0
        missing = {"message": "The requested resource was not found."}
        if path == "/database/search" or parts[0] == "masters":
            return 200, self._page(query, "versions" if parts[0] == "masters" else "results")
        if number in self.faults.gone:
            return 404, missing
        if parts[0] == "releases":
            return 200, self.release(self.faults.merged.get(number, number))
        if path.startswith("/marketplace/stats/"):
            return 200, self._stats(number, query["curr_abbr"])
        if path.startswith("/marketplace/price_suggestions/") and not self.faults.no_suggestions:
            money = {"currency": "USD"}
            return 200, {words: money | {"value": n * 1.1} for words, n in GRADES.items()}
        return 404, missing

    def _stats(self, number: int, currency: str) -> Any:
        if number in self.faults.broken:
            return "no JSON"
        for_sale = {"lowest_price": {"currency": currency, "value": 2.5 * number}}
        none = {"lowest_price": None, "num_for_sale": None, "blocked_from_sale": False}
        return none | (for_sale | {"num_for_sale": 9} if number % 2 else {})

    def _page(self, query: dict[str, str], name: str) -> dict[str, Any]:
        page, size = int(query["page"]), int(query["per_page"])
        if size > 100:
            self.wrong.append(f"per_page {size}")
        numbers = list(range(1, self.releases + 1))[(page - 1) * size : page * size]
        pages = -(-self.releases // size)
        told = {"page": page, "pages": pages, "per_page": size, "items": self.releases, "urls": {}}
        return {"pagination": told, name: [{"id": n, "type": "release"} for n in numbers]}

    def release(self, number: int) -> dict[str, Any]:
        signed = f"{self.url}/{self.faults.signature}/rs:fit/h:600/w:600"
        return {
            "id": number,
            "status": "Accepted",
            "title": f"Album {number}",
            "year": 1960 + number % 40,
            "country": "US",
            "artists": [{"name": "Miles Davis (2)", "anv": "", "join": "&"}, {"name": "Gil Evans"}],
            "labels": [{"name": "Columbia", "catno": f"CL {number}", "id": 1866}],
            "formats": [{"name": "Vinyl", "qty": "2", "descriptions": ["LP", "Album"]}],
            "genres": ["Jazz"],
            "styles": ["Modal"],
            "identifiers": [{"type": "Barcode", "value": f"0 7464 {number:05d} 2"}],
            "images": [
                {"type": "secondary", "uri": f"{self.url}/back/{number}.jpeg"},
                {
                    "type": "primary",
                    "uri": f"{signed}/img/{number}.jpeg",
                },
            ],
        }


def _handler_of(market: Market) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            market.answers.wait()
            status, headers, said = market.answer(
                self.command, self.path, {k.title(): v for k, v in self.headers.items()}, body
            )
            if not isinstance(said, bytes):
                said = (said if isinstance(said, str) else json.dumps(said)).encode()

            self.send_response_only(status)
            now = datetime.now(UTC) + market.faults.skew
            for name, value in {"Date": format_datetime(now, usegmt=True), **headers}.items():
                self.send_header(name, value.format(soon=format_datetime(
                    now + timedelta(seconds=1), usegmt=True)))  # fmt: skip
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: ARG002
            return

    return Handler
