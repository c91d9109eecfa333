"""One thread that looks at pictures: what is asked meanwhile is looked at together."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from cratewatch.catalog.facts import EVERYTHING, Wanted
from cratewatch.errors import CratewatchError
from cratewatch.retrieval.answers import Answer
from cratewatch.retrieval.identification import ReadPicture
from cratewatch.retrieval.sleeves import Sleeves
from cratewatch.service.limits import Limits
from cratewatch.service.metrics import Metrics
from cratewatch.service.problems import Problem, away

MOST = 32
"""Pictures that are looked at together."""
GATHER = 0.05
"""Which share of the time that a batch took the next one waits, at most, for it to grow."""


@dataclass(frozen=True)
class Asked:
    """Pictures of one request, and how they are to be looked at."""

    pictures: Sequence[tuple[str, ReadPicture]] = field(compare=False)
    top: int = 5
    sleeves: Sleeves = "auto"
    wanted: Wanted = EVERYTHING


class Identifies(Protocol):
    """What answers pictures; see retrieval.identification.Identifier."""

    def identify(
        self, pictures: Sequence[tuple[str, ReadPicture]], top: int, sleeves: Sleeves = "auto"
    ) -> list[Answer]:
        """Answer pictures."""

    def wanting(self, wanted: Wanted) -> Identifies:
        """Return one that answers with what is wanted alone."""


Waiting = tuple[Asked, "asyncio.Future[list[Answer]]"]


class Batches:
    """Gathers what is asked, and has one thread answer it."""

    def __init__(self, serving: Callable[[], Identifies], limits: Limits, metrics: Metrics) -> None:
        """Take what answers.

        Args:
            serving: Returns what answers now; raises a Problem while nothing does.
        """
        self._serving = serving
        self._limits = limits
        self._metrics = metrics
        self._waiting: deque[Waiting] = deque()
        self._something = asyncio.Event()
        self.thread = ThreadPoolExecutor(1, "identify")

    async def ask(self, asked: Asked) -> list[Answer]:
        """Answer the pictures of a request, in their order.

        Raises:
            Problem: if too many wait, or it takes too long.
            CratewatchError: if something that is needed went away.
        """
        self._serving()
        waiting = sum(len(one.pictures) for one, _ in self._waiting)
        if waiting + len(asked.pictures) > self._limits.waiting:
            raise away(f"{waiting} pictures wait already; ask again", "busy", 1)
        future: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        self._metrics.waiting.set(waiting + len(asked.pictures))
        self._something.set()
        try:
            async with asyncio.timeout(self._limits.answer_s):
                answers = await future
        except TimeoutError as error:
            limit = f"{self._limits.answer_s:g} s"
            raise away(
                f"no answer within {limit}; ask again with fewer pictures", "slow"
            ) from error
        for answer in answers:
            self._metrics.picture("error" if answer.error else answer.verdict or "no_verdict")
        return answers

    async def run(self) -> None:
        """Answer what is asked, until cancelled."""
        while True:
            await self._something.wait()
            if batch := self._take():
                began = time.monotonic()
                await self._answer(batch)
                if self._waiting:
                    took_s = time.monotonic() - began
                    await self._gather(len(batch) + len(self._waiting), GATHER * took_s)
            else:
                self._something.clear()

    async def _gather(self, requests: int, limit_s: float) -> None:
        """Let who was answered and asks again join those who wait: together takes less for each."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while len(self._waiting) < requests:
                    self._something.clear()
                    await self._something.wait()
        self._something.set()

    def close(self) -> None:
        """Let go of the thread, when it is done with what it does."""
        self.thread.shutdown()

    def _take(self) -> list[Waiting]:
        """Return the requests that are looked at next, together; those who left are left out."""
        batch: list[Waiting] = []
        pictures = 0
        while self._waiting:
            asked, future = self._waiting[0]
            if batch and pictures + len(asked.pictures) > MOST:
                break
            self._waiting.popleft()
            if not future.done():
                batch.append((asked, future))
                pictures += len(asked.pictures)
        self._metrics.waiting.set(sum(len(asked.pictures) for asked, _ in self._waiting))
        return batch

    async def _answer(self, batch: Sequence[Waiting]) -> None:
        """Answer requests; one that nothing can be done about costs the others nothing."""
        try:
            identifier = self._serving()
        except Problem as problem:
            _fail(batch, problem)
            return
        loop = asyncio.get_running_loop()
        self._metrics.batch(sum(len(asked.pictures) for asked, _ in batch))
        work = loop.run_in_executor(
            self.thread, partial(answer_all, identifier, [asked for asked, _ in batch])
        )
        await asyncio.wait([work])
        error = work.exception()
        if error is None:
            for (_, future), answers in zip(batch, work.result(), strict=True):
                if not future.done():
                    future.set_result(answers)
        elif len(batch) == 1 or isinstance(error, CratewatchError):
            _fail(batch, error)
        else:
            for one in batch:
                await self._answer([one])


def _fail(batch: Sequence[Waiting], error: BaseException) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)


def answer_all(identifier: Identifies, requests: Sequence[Asked]) -> list[list[Answer]]:
    """Answer requests, those that ask in one way together."""
    answers: list[list[Answer]] = [[] for _ in requests]
    alike: defaultdict[Asked, list[int]] = defaultdict(list)
    for number, asked in enumerate(requests):
        alike[asked].append(number)
    for way, numbers in alike.items():
        asking = identifier if way.wanted == EVERYTHING else identifier.wanting(way.wanted)
        pictures = [picture for number in numbers for picture in requests[number].pictures]
        told = iter(asking.identify(pictures, way.top, way.sleeves))
        for number in numbers:
            answers[number] = [next(told) for _ in requests[number].pictures]
    return answers
