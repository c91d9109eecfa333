"""Tells people how a night went: by apprise, and by pings to a dead man's switch."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote_plus, urlsplit, urlunsplit

import apprise
import httpx

from cratewatch.notify import EventKind, Notify
from cratewatch.secret_url import HIDDEN

PING_TIMEOUT_S = 10.0
PINGS = {"start": "/start", "success": "", "fail": "/fail", "test": "/log"}
Ping = Literal["start", "success", "fail", "test"]
WEBHOOKS = ("json", "xml", "form")
"""Schemes of which apprise takes the path for no secret, as it does of all others."""


@dataclass(frozen=True)
class Event:
    """What is worth telling of a source.

    Attributes:
        why: In a few words, for the subject; may be empty.
        detail: For the body, in full; may be empty.
    """

    source: str
    kind: EventKind
    why: str = ""
    detail: str = ""

    def __str__(self) -> str:
        """Say it in a subject."""
        return f"{self.source} {self.kind}" + (f" ({self.why})" if self.why else "")


@dataclass(frozen=True)
class Delivery:
    """What became of a message to one address.

    Attributes:
        to: The address without its secrets.
        error: Why it could not be sent, or None.
    """

    to: str
    error: str | None


def subject(events: Sequence[Event]) -> str:
    """Name the sources, and say why."""
    return f"cratewatch: {', '.join(map(str, events))}"


def body(events: Sequence[Event], home: str) -> str:
    """Say of each source all that is known, and where."""
    told = [f"{event}: {event.detail}" if event.detail else str(event) for event in events]
    return "\n\n".join([*told, f"Home: {home}"])


def send(notify: Notify, title: str, text: str, *, good: bool = False) -> list[Delivery]:
    """Send a message to every address, each by itself; nothing is raised."""
    kind = apprise.NotifyType.SUCCESS if good else apprise.NotifyType.FAILURE
    return [
        _send(f"notify.urls[{number}]", url.get_secret_value(), title, text, kind)
        for number, url in enumerate(notify.urls)
    ]


def addresses(notify: Notify) -> list[str]:
    """Return the addresses without their secrets, the dead man's switch last."""
    plugins = [apprise.Apprise.instantiate(url.get_secret_value()) for url in notify.urls]
    return [
        _address(plugin) if plugin else f"notify.urls[{number}], which apprise cannot read"
        for number, plugin in enumerate(plugins)
    ] + _switch(notify)


def try_all(notify: Notify, title: str, text: str) -> list[Delivery]:
    """Send a message to every address; the dead man's switch gets it in its log, and no signal."""
    tried = [Delivery(to, ping(notify, "test", text)) for to in _switch(notify)]
    return send(notify, title, text, good=True) + tried


def _switch(notify: Notify) -> list[str]:
    url = notify.ping_url.get_secret_value()
    return [f"ping_url at {urlsplit(url).hostname}"] if url else []


def _address(plugin: apprise.NotifyBase) -> str:
    """Return where messages go without secrets, among which are paths of webhooks."""
    parts = urlsplit(plugin.url(privacy=True))
    shown = parts.path.rstrip("/") if parts.scheme.rstrip("s") not in WEBHOOKS else ""
    return f"{parts.scheme}://{parts.netloc}{shown}"


def _send(name: str, url: str, title: str, text: str, kind: apprise.NotifyType) -> Delivery:
    with (
        _silent("apprise"),
        apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as said,
    ):
        plugin = apprise.Apprise.instantiate(url)
        if plugin is None:
            return Delivery(name, "apprise cannot read this address; see its list of services")
        to = _address(plugin)
        messages = apprise.Apprise()
        messages.add(plugin)
        if messages.notify(title=title, body=text, notify_type=kind):
            return Delivery(to, None)
        lines = said.getvalue().strip().splitlines() or ["the service did not take it"]
    return Delivery(to, _without_secrets(lines[0], url, to))


@contextlib.contextmanager
def _silent(name: str) -> Iterator[None]:
    """Keep what a package logs of addresses, secrets and all, from the handlers of others."""
    logger = logging.getLogger(name)
    before, logger.propagate = logger.propagate, False
    try:
        yield
    finally:
        logger.propagate = before


def _without_secrets(said: str, url: str, shown: str) -> str:
    """Return what a service's plugin says without what of its address is not shown."""
    parts = {unquote_plus(part) for part in re.split(r"[@/:?#&=]", url)} | {url}
    secrets = sorted((p for p in parts if p and p not in shown), key=len, reverse=True)
    return re.sub("|".join(map(re.escape, secrets)), HIDDEN, said) if secrets else said


def ping(notify: Notify, signal: Ping, text: str = "") -> str | None:
    """Tell the dead man's switch, if there is one; return why that could not be, or None."""
    url = notify.ping_url.get_secret_value()
    if not url:
        return None
    parts = urlsplit(url)
    address = urlunsplit(parts._replace(path=parts.path.rstrip("/") + PINGS[signal]))
    method, content = ("POST", text.encode()) if text else ("GET", None)
    try:
        with _silent("httpx"):
            answer = httpx.request(method, address, content=content, timeout=PING_TIMEOUT_S)
        answer.raise_for_status()
    except httpx.HTTPStatusError as error:
        return f"ping_url at {parts.hostname}: it answered {error.response.status_code}"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"ping_url at {parts.hostname}: {type(error).__name__}; check the address"
    return None
