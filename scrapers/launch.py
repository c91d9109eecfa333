"""Start a crawl as a process of its own and follow it: a Twisted reactor cannot start twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, TypeAdapter

from cratewatch.errors import CratewatchError, UnavailableError
from cratewatch.folders import private_folder
from cratewatch.lake.location import LakeLocation
from cratewatch.secret_url import IN_JSON, REVEALED, SecretUrl
from cratewatch.sources.configured import AnySource
from cratewatch.sources.source import LOOPBACK

STOP_GRACE_S = 5.0
NEWEST_ONLY = "newest_only"  # noted of a listing that consists of RSS or Atom feeds
DEADLINE_GRACE_S = 120.0
"""How long a crawl may take to end once its deadline is over."""
Job = Literal["releases", "failed_pages", "covers", "prices"]


class CrawlDiedError(CratewatchError):
    """The process of a crawl ended without a report; what it had written stands."""


@dataclass(frozen=True)
class CrawlJob:
    """One crawl of one source.

    Attributes:
        job: releases stages what the source lists, failed_pages only what failed of it; covers
            fetches the images that the catalog misses, and asks again for some that it has; prices
            asks for the prices of releases.
        run_id: Run of the catalog under which releases are staged and items are kept; a run
            that was killed is gone on with.
        contact: Mail address or URL for the user agent; may be empty on loopback only.
        log_path: Receives Scrapy's log, appended.
        recheck_share: Of the stored images, that are asked for again with covers.
        max_changed_share: So many of these may show another picture; more are not believed.
        joins: Whether another crawl has planned the run's items, which this one helps with.
    """

    job: Job
    source_name: str
    source: AnySource
    run_id: str
    catalog_url: Annotated[SecretUrl, IN_JSON]
    lake: LakeLocation
    contact: str
    log_path: Path
    recheck_share: float = 0.0
    max_changed_share: float = 1.0
    joins: bool = False

    __pydantic_config__ = ConfigDict(hide_input_in_errors=True)

    def to_json(self) -> str:
        """Return what from_json() takes, in one line; secrets included."""
        return _JOB.dump_json(self, context=REVEALED).decode()

    @classmethod
    def from_json(cls, text: str) -> CrawlJob:
        """Raise pydantic's ValidationError, a ValueError, for anything but a job."""
        return _JOB.validate_json(text)


@dataclass(frozen=True)
class CrawlProgress:
    """How far a crawl is, in product pages, releases or covers; planned is None until known."""

    done: int
    planned: int | None
    failed: int


@dataclass(frozen=True)
class CrawlReport:
    """What a crawl did.

    Attributes:
        complete: Whether every listing page was read and the crawl ended by itself.
        items: Releases or prices staged, or image URLs whose cover is stored and linked.
        failed: Items that failed, by reason; each one is in the catalog's ledger as well.
        noted: What is worth knowing and no failure, by kind: not_a_product, lists_products and
            same_product (pages), other_host (entries of listings), newest_only (the listing),
            same_bytes (images stored before), same_artwork (new scans of a known sleeve),
            placeholder (covers found to stand in for many releases' own), checked (stored images
            that were asked for again), replaced (those of them with another picture now),
            taken_over (items that another crawl went on with).
        requests: Sent over the network, retries and redirects included.
        retries: Requests that were sent again after a failure.
        hosts: Of those that were slowest on the average: `requests` answered, and
            `mean_s` and `slowest_s` to an answer.
    """

    complete: bool
    items: int
    requests: int
    retries: int
    seconds: float
    failed: dict[str, int] = field(default_factory=dict)
    noted: dict[str, int] = field(default_factory=dict)
    hosts: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def lists_all(self) -> bool:
        """Whether what the crawl did not see is no longer listed."""
        return self.complete and NEWEST_ONLY not in self.noted


_JOB = TypeAdapter(CrawlJob)


def run_crawl(
    job: CrawlJob, on_progress: Callable[[CrawlProgress], None] | None = None
) -> CrawlReport:
    """Crawl in a child process and wait for its report; the child never outlives this call.

    Raises:
        CratewatchError: if the source may not be asked without a contact.
        UnavailableError: if catalog or lake went away.
        CratewatchError: if the crawl goes on after its deadline.
        CrawlDiedError: if the child dies or ends without a report; names the log.
    """
    _check_contact(job)
    private_folder(job.log_path.parent)
    with (
        job.log_path.open("ab") as log,
        child_process("scrapers.crawl", log) as child,
        _ended_at_last(child, job.source.deadline_s + DEADLINE_GRACE_S) as overdue,
    ):
        assert child.stdin is not None
        assert child.stdout is not None
        with suppress(BrokenPipeError):  # a child that died at once is explained below
            os.write(child.stdin.fileno(), f"{job.to_json()}\n".encode())
        report = _follow(child.stdout, on_progress or (lambda _: None))
        if report is None and overdue.is_set():
            raise CratewatchError(
                f"{job.source_name}: the crawl of {job.job} went on {DEADLINE_GRACE_S:.0f} s after "
                f"its deadline of {job.source.deadline_s:,.0f} s and was ended; see {job.log_path}"
            )
        if report is None:
            raise CrawlDiedError(
                f"{job.source_name}: the crawl of {job.job} ended without a report "
                f"(exit code {child.wait()}); see {job.log_path}"
            )
        return report


def _check_contact(job: CrawlJob) -> None:
    urls = job.source.addresses
    if not job.contact and any(urlsplit(url).hostname not in LOOPBACK for url in urls):
        raise CratewatchError(
            f"{job.source_name}: {urls[0]} must be told whom to write to about a crawl; "
            "set `contact` (a mail address or URL) in the settings"
        )


@contextmanager
def child_process(module: str, log: IO[bytes] | None) -> Iterator[subprocess.Popen[str]]:
    """Run a module as a child; when its standard input ends it knows that this process is gone.

    Args:
        log: Receives its standard error; None for this process's own.
    """
    with subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env=os.environ | {"PYTHONSAFEPATH": "1"},  # the user's own random.py is none of ours
        text=True,
        encoding="utf-8",
    ) as child:
        try:
            yield child
        except BaseException:
            child.terminate()
            raise
        finally:
            with suppress(subprocess.TimeoutExpired):
                child.wait(STOP_GRACE_S)
            child.kill()


@contextmanager
def _ended_at_last(child: subprocess.Popen[str], after_s: float) -> Iterator[threading.Event]:
    """Kill the child after a time; the event tells whether that was done."""
    overdue = threading.Event()

    def end() -> None:
        overdue.set()
        child.kill()

    timer = threading.Timer(after_s, end)
    timer.daemon = True
    timer.start()
    try:
        yield overdue
    finally:
        timer.cancel()


def _follow(
    lines: Iterable[str], on_progress: Callable[[CrawlProgress], None]
) -> CrawlReport | None:
    report = None
    for line in lines:
        message = json.loads(line)
        if "error" in message:
            raise (UnavailableError if message["unavailable"] else CratewatchError)(
                message["error"]
            )
        if "report" in message:
            report = CrawlReport(**message["report"])
        else:
            on_progress(CrawlProgress(**message["progress"]))
    return report
