"""Many rows on standard output, as they come: lines for people, JSON or CSV for machines."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cratewatch.catalog.records import storable
from cratewatch.commands.output import out, report_stream, show
from cratewatch.errors import CratewatchError


class Rows:
    """Prints rows of the same columns; JSON is one object a line."""

    def __init__(self, columns: Iterable[str], *, as_json: bool, as_csv: bool) -> None:
        """Raise CratewatchError if both are asked for."""
        if as_json and as_csv:
            raise CratewatchError("--json and --csv: give one of them")
        self._as_json = as_json
        self._csv = csv.DictWriter(report_stream(), list(columns)) if as_csv else None
        if self._csv:
            self._csv.writeheader()

    @property
    def for_people(self) -> bool:
        """Whether lines are wanted."""
        return not (self._as_json or self._csv)

    def show(self, row: dict[str, Any], line: str) -> None:
        """Print a row, or for people the line that tells it."""
        if self._as_json:
            show(row, True)
        elif self._csv:
            self._csv.writerow({name: _cell(value) for name, value in row.items()})
        else:
            say(line)


def say(line: str) -> None:
    """Print a line for people, whole, however narrow the terminal is."""
    out.print(storable(line), soft_wrap=True)


def _cell(value: object) -> object:
    """Return a value as CSV has it; several are separated as in the CSV of an import."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    return "; ".join(value) if isinstance(value, (list, tuple)) else value
