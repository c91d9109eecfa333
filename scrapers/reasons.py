"""The one word under which a failed request is counted."""

from __future__ import annotations

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionLost

from scrapers.addresses import AddressRefusedError

CONNECTION_ERRORS = (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    ConnectionDone,
    ConnectError,
    ConnectionLost,
    OSError,
)
REQUEST_ERRORS = (
    DownloadTimeoutError,
    ResponseDataLossError,
    DownloadCancelledError,
    UnsupportedURLSchemeError,
    IgnoreRequest,
    *CONNECTION_ERRORS,
)
# Scrapy tells these apart by their text only.
_IGNORED = {
    "Forbidden by robots.txt": "robots_forbidden",
    "max redirections reached": "redirect_loop",
    "exceeded DOWNLOAD_MAXSIZE": "too_large",
}
_REASONS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (DownloadTimeoutError, "timeout"),
    (ResponseDataLossError, "truncated"),
    (DownloadCancelledError, "too_large"),
    (UnsupportedURLSchemeError, "bad_url"),
    (CONNECTION_ERRORS, "connection"),
)


class HostClosedError(IgnoreRequest):
    """The host asked, with this status, for a longer pause than a crawl can wait."""

    def __init__(self, host: str, status: int, wait_s: float) -> None:
        super().__init__(f"{host} answered {status} and asks to stay away for {wait_s:.0f} s")
        self.status = status


class CredentialsError(IgnoreRequest):
    """The service gives no token for the keys of the settings."""


class NoProxyError(IgnoreRequest):
    """Every proxy of the source rests."""


def reason_of(error: BaseException) -> str:
    """Return the reason; ``error`` for what is a bug and no failure of the network."""
    if isinstance(error, HttpError):
        return f"http_{error.response.status}"
    if isinstance(error, AddressRefusedError):
        return "address_refused"
    if isinstance(error, (CredentialsError, NoProxyError)):
        return "no_token" if isinstance(error, CredentialsError) else "no_proxy"
    if isinstance(error, HostClosedError):
        return f"http_{error.status}"
    if isinstance(error, IgnoreRequest):
        return next((word for text, word in _IGNORED.items() if text in str(error)), "ignored")
    return next((word for kinds, word in _REASONS if isinstance(error, kinds)), "error")
