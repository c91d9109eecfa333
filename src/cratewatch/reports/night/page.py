"""Writes the page: what became of a source, what failed, who was slow, which prices moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cratewatch.catalog.changes import Change
from cratewatch.pricing.movements import Movement
from cratewatch.reports.html import render, web_link

MOST_HOSTS = 10
MOST_OF_REASON = 5
MOST_MOVEMENTS = 50


@dataclass(frozen=True)
class Night:
    """What there is to tell of a source's run.

    Attributes:
        told: The lines of its report, by name.
        failed: Items that failed, by reason.
        hosts: Of each host that was asked `requests`, and `mean_s` and `slowest_s` to its answer.
        failures: Some of what failed.
        movements: Prices that changed in the last day, the largest difference first.
    """

    title: str
    run_id: str
    told: Mapping[str, object]
    failed: Mapping[str, int]
    hosts: Mapping[str, Mapping[str, float]]
    failures: Sequence[Change]
    movements: Sequence[Movement]


def night_page(night: Night) -> str:
    """Return one self-contained page."""
    slowest = sorted(night.hosts.items(), key=lambda host: -host[1]["mean_s"])[:MOST_HOSTS]
    return render(
        "cratewatch.reports.night",
        "night.html.jinja",
        night=night,
        reasons=sorted(night.failed.items(), key=lambda reason: -reason[1]),
        samples=samples(night.failures),
        slowest=slowest,
        movements=night.movements[:MOST_MOVEMENTS],
        link=web_link,
    )


def samples(failures: Sequence[Change]) -> dict[str, list[Change]]:
    """Return the first failures of each reason."""
    by_reason: dict[str, list[Change]] = {}
    for failure in failures:
        reason = (failure.detail or "").partition(":")[0]
        of_reason = by_reason.setdefault(reason, [])
        if len(of_reason) < MOST_OF_REASON:
            of_reason.append(failure)
    return by_reason
