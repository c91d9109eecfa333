"""Steps of what may be a flow: tasks where Prefect runs it, else plain calls.

Imports no Prefect: what a user runs by hand does without it, and without the seconds that it takes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from flows.outages import OUTAGES, WAITS_S

P = ParamSpec("P")
R = TypeVar("R")


def step(
    *, name: str | None = None, again: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function a step.

    Args:
        name: Of its runs on Prefect's page, with its parameters in braces.
        again: Whether it is tried again after an outage; it does nothing twice.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **options: P.kwargs) -> R:
            if in_a_flow():
                from flows.retrying import as_task

                return as_task(function, name, again=again)(*args, **options)
            return _patiently(partial(function, *args, **options), WAITS_S if again else ())

        return call

    return decorate


def in_a_flow() -> bool:
    """Whether a flow of Prefect is being run."""
    if "prefect" not in sys.modules:
        return False
    from prefect.context import FlowRunContext

    return FlowRunContext.get() is not None


def _patiently(call: Callable[[], R], waits_s: tuple[float, ...]) -> R:
    for wait_s in waits_s:
        try:
            return call()
        except OUTAGES:
            time.sleep(wait_s)
    return call()
