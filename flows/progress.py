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
from rich.table import Column

WHOLE = Column(no_wrap=True)
FILE_WIDTH = 110
Advance = Callable[[int, int | None, str], None]


@contextlib.contextmanager
def progress_bar(title: str) -> Iterator[Advance]:
    """Show a bar; the yielded function takes done, total (None if unknown) and a short note.

    It appears with the first progress: a mistake in the call stays one line.
    """
    columns = (
        TextColumn("{task.description:<22}"),
        BarColumn(bar_width=None, table_column=Column(ratio=1)),
        MofNCompleteColumn(table_column=WHOLE),
        TimeElapsedColumn(table_column=WHOLE),
        TextColumn("eta", table_column=WHOLE),
        TimeRemainingColumn(table_column=WHOLE),
        TextColumn("{task.fields[note]}", table_column=WHOLE),
    )
    progress = Progress(*columns, console=_console())
    bar = progress.add_task(title, total=None, note="")

    def advance(done: int, total: int | None, note: str = "") -> None:
        progress.update(bar, completed=done, total=total, note=note)
        progress.start()

    try:
        yield advance
    finally:
        if progress.live.is_started:
            progress.stop()


def _console() -> Console:
    """Return standard error; a file or a pipe has no width of its own, and gets enough of one."""
    console = Console(stderr=True)
    return console if console.is_terminal else Console(stderr=True, width=FILE_WIDTH)
