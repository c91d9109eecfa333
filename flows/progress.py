"""Progress bars of the flows, on standard error."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Advance = Callable[[int, int | None, str], None]


@contextlib.contextmanager
def progress_bar(title: str) -> Iterator[Advance]:
    """Show a bar; the yielded function takes done, total (None if unknown) and a short note.

    It appears with the first progress: a mistake in the call stays one line.
    """
    columns = (
        TextColumn("{task.description:<22}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("eta"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    progress = Progress(*columns, console=Console(stderr=True))
    bar = progress.add_task(title, total=None, note="")

    def advance(done: int, total: int | None, note: str = "") -> None:
        progress.update(bar, completed=done, total=total, note=note)
        progress.start()

    try:
        yield advance
    finally:
        if progress.live.is_started:
            progress.stop()
