"""Steps as tasks of Prefect: when one is tried again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows.outages import WAITS_S, is_outage

P = ParamSpec("P")
R = TypeVar("R")


def worth_a_retry(_task: object, _task_run: object, state: State[Any]) -> bool:
    """Whether a task may succeed if it is tried again soon; none of them does anything twice."""
    return is_outage(state.result(raise_on_failure=False))


AFTER_AN_OUTAGE: dict[str, Any] = {
    "retries": len(WAITS_S),
    "retry_delay_seconds": list(WAITS_S),
    "retry_condition_fn": worth_a_retry,
}
"""Options of such a task."""


def as_task(function: Callable[P, R], name: str | None, *, again: bool) -> Task[P, R]:
    """Return a step as a task; see steps.step()."""
    options = AFTER_AN_OUTAGE if again else {}
    decorate = task(task_run_name=name, cache_policy=NO_CACHE, **options)
    return decorate(function)
