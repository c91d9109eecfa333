"""Cuts anything into lists of a size; itertools.batched comes with Python 3.12."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of size items, the last one shorter; items are taken as they are needed."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
