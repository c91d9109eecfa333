"""A pool of Ray actors that take items as they become free; an item outlives its actor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from cratewatch.errors import CratewatchError
from workers.cluster import first_done

TRIES = 3
"""Actors that an item may cost; more is the item's own fault."""
DEATHS_EACH = 3
"""Replacements for each actor of a pool; more is the cluster's fault."""
AT_FAULT_EACH = 2
"""Items for each actor of a pool that may be at fault one after the other; results earn them."""
START_S = 600.0
"""How long nothing may happen while actors start: a large model loads within minutes."""


@dataclass(frozen=True)
class Quarantined:
    """An item that no actor came back from, and what was told of the last one."""

    item: Any
    reason: str


@dataclass(eq=False)
class _Member:
    actor: Any
    lost: bool = False


@dataclass(frozen=True)
class _Task:
    """An item under way; taken holds its actor once for each slot that it has."""

    taken: list[_Member]
    item: Any
    tries: int


class Pool:
    """Equal actors; each has a method ready() that returns once it can take items."""

    def __init__(self, make: Callable[[], Any], size: int, slots: int = 1) -> None:
        """Start the actors.

        Args:
            make: Starts an actor; it is called again for one that died.
            size: Of the pool.
            slots: Items that an actor has at once.
        """
        self._make = make
        self._slots = slots
        self._deaths_left = DEATHS_EACH * size
        self._most_spared = AT_FAULT_EACH * size
        self._spared = 0
        self._members: set[_Member] = set()
        self._starting: dict[ray.ObjectRef[Any], _Member] = {}
        self._free: deque[_Member] = deque()
        self._busy: dict[ray.ObjectRef[Any], _Task] = {}
        self._waiting: deque[tuple[Any, int]] = deque()
        for _ in range(size):
            self._start()

    def map(
        self, submit: Callable[[Any, Any], ray.ObjectRef[Any]], items: Iterable[Any]
    ) -> Generator[Any, None, None]:
        """Yield the result of submit(actor, item) for each item, or Quarantined, in any order.

        Items are taken only as actors become free. An actor that dies, or of which any other
        error comes than those below, is replaced, and its items are given to others. The actors
        are gone at the end.

        Raises:
            CratewatchError: as it came of an actor; or if actors do not start, or die again and
                again.
            OSError: as it came of an actor, such as a disk that is full.
        """
        rest = iter(items)
        try:
            while self._fetch(rest) or self._busy:
                while self._fetch(rest) and (taken := self._take(self._waiting[0][1])):
                    item, tries = self._waiting.popleft()
                    actor = taken[0].actor
                    self._busy[submit(actor, item)] = _Task(taken, item, tries)
                yield from self._wait()
        finally:
            for member in self._members:
                ray.kill(member.actor)

    def _fetch(self, rest: Iterator[Any]) -> bool:
        """Take an item of the rest if none waits; whether one waits."""
        if not self._waiting:
            self._waiting.extend((item, 0) for item in islice(rest, 1))
        return bool(self._waiting)

    def _take(self, tries: int) -> list[_Member]:
        """Return an actor's free slot, or none; all of them for what may have cost an actor."""
        if tries == 0:
            return [self._free.popleft()] if self._free else []
        for member in self._free:
            slots = [other for other in self._free if other is member]
            if len(slots) == self._slots:
                self._free = deque(other for other in self._free if other is not member)
                return slots
        return []

    def _wait(self) -> Iterator[Any]:
        """Wait for one actor that starts or returns."""
        done = first_done([*self._busy, *self._starting], START_S if not self._busy else None)
        if done is None:
            raise CratewatchError(
                f"ray: {len(self._starting)} actors did not start within {START_S:.0f} s; the "
                "cluster has no room for them, or lost the nodes that had"
            )
        task = self._busy.pop(done, None)
        member = task.taken[0] if task else self._starting.pop(done)
        try:
            result = ray.get(done)
        except RayTaskError as error:
            if isinstance(error.cause, CratewatchError | OSError):
                raise error.cause from None
            yield from self._lose(member, task, f"{type(error.cause).__name__}: {error.cause}")
        except RayError as error:
            reason = f"{type(error).__name__}: {str(error).splitlines()[0]}"
            yield from self._lose(member, task, reason)
        else:
            if not member.lost:
                self._free.extend(task.taken if task else [member] * self._slots)
            if task:
                self._spared = min(self._spared + 1, self._most_spared)
                yield result

    def _lose(self, member: _Member, task: _Task | None, reason: str) -> Iterator[Quarantined]:
        """Replace an actor, and have the item done by another, unless it cost TRIES of them."""
        if task and task.tries + 1 >= TRIES:
            if self._spared:
                self._spared -= 1
                self._deaths_left += TRIES
            yield Quarantined(task.item, reason)
        elif task:
            self._waiting.append((task.item, task.tries + 1))
        if member.lost:  # another item told of it before
            return
        member.lost = True
        self._members.remove(member)
        self._free = deque(other for other in self._free if other is not member)
        ray.kill(member.actor)
        if not self._deaths_left:
            raise CratewatchError(
                f"ray: actors are lost again and again, the last one by {reason}; see the logs of "
                "Ray and run the same command again: what is done stays done"
            )
        self._deaths_left -= 1
        self._start()

    def _start(self) -> None:
        member = _Member(self._make())
        self._members.add(member)
        self._starting[member.actor.ready.remote()] = member
