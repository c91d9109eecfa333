"""What commands print on standard output: tables for people, JSON for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from cratewatch.catalog.records import storable
from cratewatch.commands.tables import answer_lines, answer_table, report_table

TABLE_WIDTH = 120
"""Of a terminal, in letters, from which on matches stand in a table."""

out = Console(markup=False, emoji=False, highlight=False)
"""What comes from outside is no markup: an artist may be called AC[/]DC."""


def show(report: dict[str, Any], as_json: bool, tables: Iterable[Table] = ()) -> None:
    """Print a report as one line of JSON, or as its tables, one of all its leaves by default."""
    if as_json:
        sys.stdout.write(json.dumps(report, default=_plain, ensure_ascii=False) + "\n")
        sys.stdout.flush()
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
