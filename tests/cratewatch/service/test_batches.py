"""Requests that are looked at together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from cratewatch.catalog.facts import Wanted
from cratewatch.retrieval.answers import Answer
from cratewatch.retrieval.identification import ReadPicture
from cratewatch.retrieval.sleeves import Sleeves
from cratewatch.service import batches
from cratewatch.service.batches import Asked, Batches
from cratewatch.service.limits import Limits
from cratewatch.service.metrics import Metrics

CLIENTS, TIMES = 4, 5


class Slow:
    """Answers any number of pictures in the same time, and keeps how many they were."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def identify(
        self, pictures: Sequence[tuple[str, ReadPicture]], top: int, sleeves: Sleeves = "auto"
    ) -> list[Answer]:
        del top, sleeves
        self.sizes.append(len(pictures))
        time.sleep(0.05)
        return [Answer(name) for name, _ in pictures]

    def wanting(self, wanted: Wanted) -> Slow:
        del wanted
        return self


async def ask_again_and_again(slow: Slow, home: Path, clients: int) -> None:
    served = Batches(lambda: slow, Limits(), Metrics(home))
    running = asyncio.create_task(served.run())

    async def client() -> None:
        for _ in range(TIMES):
            (answer,) = await served.ask(Asked([("a", bytes)]))
            assert answer.query == "a"

    await asyncio.gather(*(client() for _ in range(clients)))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    served.close()


def test_clients_that_ask_again_come_into_one_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "GATHER", 100.0)  # it goes on as soon as all are there
    slow = Slow()
    asyncio.run(ask_again_and_again(slow, tmp_path, CLIENTS))
    assert sum(slow.sizes) == CLIENTS * TIMES
    assert slow.sizes.count(CLIENTS) >= TIMES - 2, slow.sizes


def test_who_asks_alone_waits_for_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "GATHER", 1e6)  # for a day
    slow = Slow()
    asyncio.run(ask_again_and_again(slow, tmp_path, 1))
    assert slow.sizes == [1] * TIMES
