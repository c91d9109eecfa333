"""The process that started a crawl or a probe, as these see it."""

from __future__ import annotations

import json
import os
import threading
from typing import Any, TextIO


class Parent:
    """The process at the other end of the two pipes."""

    def __init__(self, incoming: TextIO, outgoing: TextIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    def read_job(self) -> str:
        """Return the first line, a job as JSON."""
        return self._incoming.readline()

    def watch(self) -> None:
        """End this process as soon as the parent is gone."""
        threading.Thread(target=self._end_with_parent, daemon=True).start()

    def tell(self, message: dict[str, Any]) -> None:
        """Write a line of JSON, at once."""
        self._outgoing.write(json.dumps(message, default=str) + "\n")
        self._outgoing.flush()

    def _end_with_parent(self) -> None:
        """End at once: the next process may be going on with this run already."""
        self._incoming.read()
        os._exit(1)
