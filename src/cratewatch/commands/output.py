"""What commands print on standard output: tables for people, JSON for machines."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from datetime import datetime
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table

from cratewatch.catalog.records import storable
from cratewatch.commands.tables import answer_lines, answer_table, report_table

TABLE_WIDTH = 120
"""Of a terminal, in letters, from which on matches stand in a table."""

out = Console(markup=False, emoji=False, highlight=False)
"""What comes from outside is no markup: an artist may be called AC[/]DC."""
_for_reports: ContextVar[TextIO | None] = ContextVar("for_reports", default=None)


@contextlib.contextmanager
def reports_alone() -> Iterator[None]:
    """Keep standard output for show() in the block; what else is printed goes to the other."""
    token = _for_reports.set(sys.stdout)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        _for_reports.reset(token)


def report_stream() -> TextIO:
    """Return where reports for machines go."""
    return _for_reports.get() or sys.stdout


def show(report: dict[str, Any], as_json: bool, tables: Iterable[Table] = ()) -> None:
    """Print a report as one line of JSON, or as its tables, one of all its leaves by default."""
    if as_json:
        stream = report_stream()
        stream.write(json.dumps(report, default=_plain, ensure_ascii=False) + "\n")
        stream.flush()
    else:
        out.print(*(list(tables) or [report_table(report)]))


def show_answer(answer: dict[str, Any], as_json: bool) -> None:
    """Print the answer to one query; for people an error goes to standard error."""
    if "error" in answer and not as_json:
        sys.stderr.write(storable(f"{answer['query']}: {answer['error']}") + "\n")
    elif as_json:
        show(answer, as_json)
    elif out.width < TABLE_WIDTH:
        for line in answer_lines(answer):
            out.print(storable(line), soft_wrap=True)
    else:
        out.print(answer_table(answer))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
