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
from rich.measure import Measurement

from cratewatch.catalog.records import storable
from cratewatch.commands.tables import (
    PlainTable,
    answer_lines,
    answer_table,
    found_lines,
    report_table,
    sleeve_lines,
)

TABLE_WIDTH = 120
"""Of a terminal, in letters, from which on matches stand in a table."""
MOST_WIDTH = 100_000
"""In letters, wider than any table: what a table would take if it had the room."""

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


def show(report: dict[str, Any], as_json: bool, tables: Iterable[PlainTable] = ()) -> None:
    """Print a report as one line of JSON, or as its tables, one of all its leaves by default."""
    if as_json:
        stream = report_stream()
        stream.write(json.dumps(report, default=_plain, ensure_ascii=False) + "\n")
        stream.flush()
    else:
        for table in list(tables) or [report_table(report)]:
            _print_table(table)


def _print_table(table: PlainTable) -> None:
    """Print a table, or its lines where the terminal would cut a path or an address."""
    if _fits(table):
        _keep_words(table)
        out.print(table)
    else:
        _print_lines(table.lines())


def _keep_words(table: PlainTable) -> None:
    """Have rich narrow columns of prose, and none of single words: ids, addresses."""
    for column in table.columns:
        column.no_wrap = column.no_wrap or not any(" " in str(cell) for cell in column.cells)


def _fits(table: PlainTable) -> bool:
    """Whether the terminal has room for the longest words of a table's columns."""
    room = out.options.update(width=MOST_WIDTH)
    return Measurement.get(out, room, table).minimum <= out.width


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        out.print(storable(line), soft_wrap=True)


def show_answer(answer: dict[str, Any], as_json: bool) -> None:
    """Print the answer to one query; for people an error goes to standard error."""
    if "error" in answer and not as_json:
        sys.stderr.write(storable(f"{answer['query']}: {answer['error']}") + "\n")
        return
    if as_json:
        show(answer, as_json)
        return
    table = answer_table(answer)
    if out.width >= TABLE_WIDTH and _fits(table):
        out.print(table)
    else:
        _print_lines(answer_lines(answer))
    _print_lines(sleeve_lines(answer))
    sys.stdout.flush()  # or what is said beside it may come before it
    for note in answer["notes"]:
        sys.stderr.write(storable(f"{answer['query']}: {note}") + "\n")


def show_found(found: dict[str, Any], as_json: bool) -> None:
    """Print the sleeves of one picture, one a line; for people an error goes to standard error."""
    if as_json:
        show(found, as_json)
    elif "error" in found:
        sys.stderr.write(storable(f"{found['query']}: {found['error']}") + "\n")
    else:
        _print_lines(found_lines(found))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
