"""Listens to an address, with one process or several."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import uvicorn
from uvicorn.supervisors import Multiprocess

from cratewatch.catalog.catalog import open_catalog
from cratewatch.errors import CratewatchError, SettingsError
from cratewatch.service.app import create_app
from cratewatch.service.connections import Connection
from cratewatch.service.metrics import SHARED
from cratewatch.settings import Settings

DRAIN_S = 30
IMPORTS_S = 120
"""Until a process of several answers its parent: it imports a lot first."""
BACKLOG = 512


def serve(settings: Settings, host: str, port: int, workers: int = 1) -> None:
    """Serve a home until the process is told to end; what was begun is answered first.

    Raises:
        SettingsError: if others could ask without a key.
        CratewatchError: if the address cannot be had.
    """
    is_public = not _is_loopback(host)
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        has_key = any(key.revoked_at is None for key in catalog.keys.all())
    if is_public and not has_key:
        raise SettingsError(
            f"serve: {host} can be reached by others, and there is no key; make one by "
            "`cratewatch keys add NAME`, or listen on 127.0.0.1"
        )
    with contextlib.closing(_listen(host, port)) as listener, _figures(workers):
        config = uvicorn.Config(
            partial(create_app, settings, is_public=is_public, starts_warm=workers > 1),
            factory=True,
            http=Connection,
            workers=workers,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=DRAIN_S,
            timeout_worker_healthcheck=IMPORTS_S,
            server_header=False,
        )
        logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
        logging.getLogger("cratewatch.service").setLevel(logging.INFO)
        sys.stderr.write(f"serves {_url(listener)} (Ctrl-C ends it)\n")
        if workers == 1:
            uvicorn.Server(config).run([listener])
        else:
            Multiprocess(config, [listener]).run()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        CratewatchError: if another process does, or there is no such address.
    """
    try:
        kind, _, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with contextlib.ExitStack() as stack:
            # asyncio sends small pieces at once only of sockets that say they are TCP: else each
            # answer waits 40 ms for the client to confirm its headers.
            listener = stack.enter_context(socket.socket(kind, socket.SOCK_STREAM, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
            listener.set_inheritable(True)
            stack.pop_all()  # it listens: the caller closes it
    except OSError as error:
        raise CratewatchError(
            f"serve: {host}:{port}: {error.strerror or error}; choose another --port or --host"
        ) from error
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.contextmanager
def _figures(workers: int) -> Iterator[None]:
    """Have several processes keep their figures together."""
    if workers == 1:
        yield
        return
    folder = Path(tempfile.mkdtemp(prefix="cratewatch-figures-"))
    os.environ[SHARED] = str(folder)
    try:
        yield
    finally:
        del os.environ[SHARED]
        shutil.rmtree(folder, ignore_errors=True)
