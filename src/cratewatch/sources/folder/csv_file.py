"""Reads the CSV of an import: one row for each image, or an error that names the line."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cratewatch.catalog.records import Release, item_key
from cratewatch.errors import BadValuesError, CratewatchError, NotFoundError
from cratewatch.sources.folder.entry import Entry
from cratewatch.sources.folder.names import Finder, same_spelling
from cratewatch.sources.folder.row import COLUMNS, Row
from cratewatch.sources.source import IMPORT_SOURCE

MOST_LINES = 20
"""Of an error about many values."""


def read_csv(csv_file: Path, folder: Path) -> Iterator[Entry]:
    """Yield what each row tells of a release; its image_url is the file's path, below folder.

    Raises:
        NotFoundError: if the file is missing or has no rows.
        CratewatchError: if it is no CSV in UTF-8, lacks its file column or has an unknown one, or
            if a row is there twice.
        BadValuesError: at the end, if values make no sense; rows before the first of them came.
    """
    try:
        with csv_file.open(newline="", encoding="utf-8-sig") as file:
            yield from _entries(
                csv.reader(file, strict=True, skipinitialspace=True), csv_file, folder
            )
    except FileNotFoundError as error:
        raise NotFoundError(f"import: no such file: {csv_file}; check --csv") from error
    except UnicodeDecodeError as error:
        line = _undecodable_line(csv_file)
        raise CratewatchError(f"{csv_file}, line {line}: not UTF-8; save it as UTF-8") from error
    except OSError as error:
        raise CratewatchError(f"{csv_file}: {error.strerror}; check --csv") from error


def _undecodable_line(csv_file: Path) -> int:
    with csv_file.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1


def _entries(reader: Any, csv_file: Path, folder: Path) -> Iterator[Entry]:
    rows = _rows(reader, csv_file)
    _, header = next(rows, ("", []))
    columns = [name.strip() for name in header]
    _check_columns(columns, csv_file)
    seen: dict[bytes, str] = {}
    uses: Counter[str] = Counter()
    problems: list[str] = []
    finder = Finder()
    for where, values in rows:
        if len(values) != len(columns):
            raise CratewatchError(
                f"{where}: {len(values)} values for {len(columns)} columns; put a value that "
                "holds a comma in double quotes"
            )
        digest = hashlib.blake2b("\n".join(values).encode(), digest_size=16).digest()
        first = seen.setdefault(digest, where)
        if first != where:
            raise CratewatchError(f"{where}: the same as {first}; remove one of them")
        try:
            row = Row.model_validate(dict(zip(columns, values, strict=True)))
        except ValidationError as error:
            problems += [f"{where}, {_said(problem)}" for problem in error.errors()]
            continue
        if not row.file.strip():
            raise CratewatchError(f"{where}: no file is named; give its path below {folder}")
        if not problems:
            yield _entry(row, finder.find(folder / row.file), uses)
    if problems:
        raise BadValuesError(problems[:MOST_LINES], len(problems) - MOST_LINES)
    if not seen:
        raise NotFoundError(f"import: {csv_file} has no rows; give one for each image")


def _said(problem: Any) -> str:
    """Say in which column what is wrong."""
    reason = problem.get("ctx", {}).get("error", problem["msg"])
    return f"{problem['loc'][0]}: {reason}"


def _rows(reader: Any, csv_file: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield where each row that is not blank ends, and its values."""
    try:
        for row in reader:
            where = f"{csv_file}, line {reader.line_num}"
            if any("\0" in value for value in row):
                raise CratewatchError(f"{where}: not UTF-8 but perhaps UTF-16; save it as UTF-8")
            if row:
                yield where, row
    except csv.Error as error:
        raise CratewatchError(
            f"{csv_file}, line {reader.line_num}: cannot be read as CSV ({error}); "
            "is every double quote closed?"
        ) from error


def _check_columns(columns: Sequence[str], csv_file: Path) -> None:
    where, all_columns = f"{csv_file}, line 1", ", ".join(COLUMNS)
    if "file" not in columns:
        raise CratewatchError(
            f"{where}: the column `file` is needed, there is {', '.join(columns) or 'nothing'}; "
            f"separate columns by commas and name them {all_columns}"
        )
    if nameless := columns.count(""):
        they = "1 column has" if nameless == 1 else f"{nameless} columns have"
        raise CratewatchError(
            f"{where}: {they} no name; remove what is empty, or name it one of {all_columns}"
        )
    if unknown := [column for column in columns if column not in COLUMNS]:
        raise CratewatchError(
            f"{where}: unknown here: {', '.join(unknown)}; the columns are {all_columns}"
        )
    if len(set(columns)) < len(columns):
        twice = next(column for column, n in Counter(columns).items() if n > 1)
        raise CratewatchError(f"{where}: the column {twice} is there twice; remove one of them")


def _entry(row: Row, path: Path, uses: Counter[str]) -> Entry:
    """Return what a row tells; several may share a cover: the second of a file is file#2."""
    name = same_spelling(str(path))
    uses[name] += 1
    release = Release(
        source=IMPORT_SOURCE,
        native_id=item_key(f"{name}#{uses[name]}" if uses[name] > 1 else name),
        genres=row.genre,
        image_url=str(path),
        **row.model_dump(exclude={"file", "genre", "title"}),
        title=row.title or same_spelling(path.stem),
    )
    return Entry(release, guessed=frozenset() if row.title else frozenset({"title"}))
