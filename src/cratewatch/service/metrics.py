"""Figures of the service, as Prometheus reads them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The folder in which several processes of a service keep their figures together."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 30, 60)
Together = Literal["livesum", "livemin", "mostrecent"]
"""How the figures of several processes make one."""
PICTURES = (1, 2, 4, 8, 16, 32)


class Metrics:
    """What is counted."""

    def __init__(self, home: Path) -> None:
        self._home = home
        known = self._registry = CollectorRegistry()
        self._requests = Counter(
            "cratewatch_requests_total",
            "Requests answered",
            ["method", "route", "status"],
            registry=known,
        )
        self._seconds = Histogram(
            "cratewatch_request_seconds",
            "Until a request was answered",
            ["route"],
            buckets=SECONDS,
            registry=known,
        )
        self._pictures = Counter(
            "cratewatch_pictures_total", "Pictures looked at", ["verdict"], registry=known
        )
        self._batch = Histogram(
            "cratewatch_batch_pictures",
            "Pictures looked at together",
            buckets=PICTURES,
            registry=known,
        )
        self._openings = Counter(
            "cratewatch_openings_total", "Times that a gallery was taken up", registry=known
        )
        self.waiting = self._gauge("waiting_pictures", "Pictures that wait", "livesum")
        self._ready = self._gauge("ready", "Whether pictures are answered", "livemin")
        self._disk = self._gauge("disk_free_bytes", "Left where the home lies")
        self._night = self._gauge(
            "last_success_seconds", "When a kind of run ended well last", of=["kind"]
        )
        self._failures = self._gauge("failed_items", "Items that failed", of=["reason"])

    def _gauge(
        self, name: str, what: str, mode: Together = "mostrecent", of: Sequence[str] = ()
    ) -> Gauge:
        return Gauge(
            f"cratewatch_{name}", what, of, registry=self._registry, multiprocess_mode=mode
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def batch(self, pictures: int) -> None:
        """Count pictures that were looked at together."""
        self._batch.observe(pictures)

    def picture(self, verdict: str) -> None:
        """Count a picture: its verdict, or `error`."""
        self._pictures.labels(verdict).inc()

    def opened(self) -> None:
        """Count a gallery that was taken up."""
        self._openings.inc()

    def ready(self, ready: bool) -> None:
        """Say whether pictures are answered."""
        self._ready.set(int(ready))

    def nights(self, successes: dict[str, float], failures: dict[str, int]) -> None:
        """Say when each kind of run ended well last, and what failed since, by reason."""
        for kind, at in successes.items():
            self._night.labels(kind).set(at)
        self._failures.clear()
        for reason, count in failures.items():
            self._failures.labels(reason).set(count)

    def text(self) -> bytes:
        """Return all figures, those of the service's other processes included."""
        self._disk.set(shutil.disk_usage(self._home).free)
        if SHARED not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
