"""Stands before the application: bytes and time of bodies, headers of answers, figures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cratewatch.service.limits import Limits
from cratewatch.service.metrics import Metrics
from cratewatch.service.problems import Problem, respond

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}
OTHER = "other"
UNREAD = (408, 413, 421)
"""What is said before a body was read."""


class Guard:
    """Bounds what comes in, and puts headers on what goes out.

    Args:
        hosts: Names by which the service is asked, where anybody may ask: a page of somebody
            else's whose name was turned to this machine has another.
    """

    def __init__(
        self, app: ASGIApp, limits: Limits, metrics: Metrics, hosts: Sequence[str] = ()
    ) -> None:
        self._app = app
        self._limits = limits
        self._metrics = metrics
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def sends(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                if status in UNREAD:
                    headers["Connection"] = "close"  # or the rest of it is read in vain
            await send(message)

        try:
            if refusal := self._refusal(Headers(scope=scope)):
                await respond(refusal)(scope, receive, sends)
            else:
                await self._app(scope, self._bounded(receive), sends)
        finally:
            route = getattr(scope.get("route"), "path", OTHER)
            self._metrics.request(scope["method"], route, status, time.perf_counter() - began)

    def _refusal(self, headers: Headers) -> Problem | None:
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._limits.body_bytes:
            return self._too_large()
        host = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
        if self._hosts and host not in self._hosts:
            return Problem(421, "wrong_host", f"the service is not called {host[:80]!r}")
        return None

    def _too_large(self) -> Problem:
        most = self._limits.body_bytes // 1024 // 1024
        return Problem(413, "too_large", f"the body is larger than {most} MiB; send less at once")

    def _bounded(self, receive: Receive) -> Receive:
        """Return what reads a body as far as its bytes and its time go."""
        loop = asyncio.get_running_loop()
        seen, until, ended = 0, loop.time() + self._limits.body_s, False

        async def receives() -> Message:
            nonlocal seen, ended
            if ended:  # what comes now says that the client went away
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError as error:
                limit = f"{self._limits.body_s:g} s"
                raise Problem(
                    408, "too_slow", f"the body took longer than {limit}; send it again"
                ) from error
            seen += len(message.get("body", b""))
            ended = not message.get("more_body", False)
            if seen > self._limits.body_bytes:
                raise self._too_large()
            return message

        return receives
