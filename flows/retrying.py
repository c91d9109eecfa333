"""When a task is tried again: what was away may be back soon."""

from __future__ import annotations

from typing import Any

from prefect.client.schemas.objects import State

from cratewatch.errors import UnavailableError
from scrapers.launch import CrawlDiedError


def worth_a_retry(_task: object, _task_run: object, state: State[Any]) -> bool:
    """Whether a task may succeed if it is tried again soon; none of them does anything twice.

    Not so when the catalog was away: the lock that a refresh held for this process is gone.
    """
    error = state.result(raise_on_failure=False)
    return isinstance(error, UnavailableError | CrawlDiedError)


AFTER_AN_OUTAGE: dict[str, Any] = {
    "retries": 2,
    "retry_delay_seconds": [1.0, 10.0],
    "retry_condition_fn": worth_a_retry,
}
"""Options of such a task."""
