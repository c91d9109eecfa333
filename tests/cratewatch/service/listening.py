"""An application that listens, in a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from cratewatch.service.connections import Connection
from tests.waiting import until


@contextmanager
def listening(app: FastAPI, *, ready: bool = True) -> Iterator[str]:
    """Yield the address of an application, by default of one that answers pictures."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, http=Connection))
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started, 60)
    (listener,) = server.servers[0].sockets
    if ready:
        until(lambda: not app.state.parts.serving.why_not, 60)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    app.state.parts.leaving.set()
    server.should_exit = True
    thread.join()
