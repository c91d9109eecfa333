"""Ask a shop for one page or listing, in a process of its own, and tell what a crawl sees in it."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from cratewatch.errors import CratewatchError
from cratewatch.secret_url import PublicUrl
from cratewatch.sources.storefront.settings import StorefrontSource
from scrapers.launch import child_process

MOST_RETRIES = 1  # somebody is waiting
DEADLINE_S = 300.0


@dataclass(frozen=True)
class ProbeJob:
    """One question to a shop.

    Attributes:
        url: Of a page or a listing, or of the shop's front page for its listing.
        contact: Mail address or URL for the user agent, or "".
    """

    url: PublicUrl
    source_name: str
    source: StorefrontSource
    contact: str

    __pydantic_config__ = ConfigDict(hide_input_in_errors=True)

    def to_json(self) -> str:
        """Return what from_json() takes, in one line."""
        return _JOB.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> ProbeJob:
        """Raise pydantic's ValidationError, a ValueError, for anything but a job."""
        return _JOB.validate_json(text)


_JOB = TypeAdapter(ProbeJob)


def run_probe(job: ProbeJob) -> dict[str, Any]:
    """Return what was understood of the answer: the fields of Probe.

    Raises:
        CratewatchError: if there is no answer, or none may be asked for.
    """
    with child_process("scrapers.probe", None) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        with suppress(BrokenPipeError):  # a child that died at once is explained below
            os.write(child.stdin.fileno(), f"{job.to_json()}\n".encode())
        line = child.stdout.readline()
    message: dict[str, Any] = json.loads(line) if line else {}
    if "probe" in message:
        probe: dict[str, Any] = message["probe"]
        return probe
    raise CratewatchError(message.get("error") or f"{job.url}: the probe ended without an answer")
