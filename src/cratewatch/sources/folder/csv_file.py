"""Reads the CSV of an import: one row for each image, or an error that names the line."""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

from cratewatch.catalog.records import Release, item_key
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.sources.source import IMPORT_SOURCE

TEXT_COLUMNS = ("artist", "title", "label", "catno", "barcode", "country", "format", "currency")
COLUMNS = ("file", *TEXT_COLUMNS, "year", "genre", "price")
MAX_YEAR = 9999
MAX_PRICE = 10**9
PRICE_CHARACTERS = 32  # what the catalog holds
Number = TypeVar("Number", int, Decimal)


def read_csv(csv_file: Path, folder: Path) -> Iterator[Release]:
    """Yield the release of each row; its image_url is the file's path, below folder.

    Raises:
        NotFoundError: if the file is missing or has no rows.
        CratewatchError: if it is no CSV in UTF-8, lacks its file column or has an unknown one, or
            if a row makes no sense or is there twice.
    """
    try:
        with csv_file.open(newline="", encoding="utf-8-sig") as file:
            yield from _releases(
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


def _releases(reader: Any, csv_file: Path, folder: Path) -> Iterator[Release]:
    rows = _rows(reader, csv_file)
    _, columns = next(rows, ("", []))
    _check_columns(columns, csv_file)
    seen: dict[bytes, str] = {}
    uses: Counter[str] = Counter()
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
        row = dict(zip(columns, values, strict=True))
        uses[row["file"]] += 1
        yield _release(row, uses[row["file"]], where, folder)
    if not seen:
        raise NotFoundError(f"import: {csv_file} has no rows; give one for each image")


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
    if unknown := [column for column in columns if column not in COLUMNS]:
        raise CratewatchError(
            f"{where}: unknown here: {', '.join(unknown)}; the columns are {all_columns}"
        )
    if len(set(columns)) < len(columns):
        twice = next(column for column, n in Counter(columns).items() if n > 1)
        raise CratewatchError(f"{where}: the column {twice} is there twice; remove one of them")


def _release(row: Mapping[str, str], use: int, where: str, folder: Path) -> Release:
    """Return the release of a row; several may share a cover: the second of a file is file#2."""
    if not row["file"]:
        raise CratewatchError(f"{where}: no file is named; give its path below {folder}")
    path = folder / row["file"]
    text: dict[str, Any] = {name: row.get(name) or None for name in TEXT_COLUMNS}
    if text["currency"] and not re.fullmatch("[A-Z]{3}", text["currency"]):
        raise CratewatchError(
            f"{where}, currency: {text['currency']!r} is no ISO 4217 code such as EUR"
        )
    year = _number(row.get("year"), int, f"{where}, year")
    if year is not None and not 0 < year <= MAX_YEAR:
        raise CratewatchError(f"{where}, year: {row['year']!r} is not a year such as 1973")
    price = _number(row.get("price"), Decimal, f"{where}, price")
    if price is not None and not (0 <= price < MAX_PRICE and len(str(price)) <= PRICE_CHARACTERS):
        raise CratewatchError(f"{where}, price: {row['price']!r} is not a price such as 24.90")
    return Release(
        source=IMPORT_SOURCE,
        native_id=item_key(f"{path}#{use}" if use > 1 else str(path)),
        **{**text, "title": text["title"] or path.stem},
        year=year,
        price=price,
        genres=tuple(filter(None, (row.get("genre") or "").split(";"))),
        image_url=str(path),
    )


def _number(text: str | None, kind: Callable[[str], Number], where: str) -> Number | None:
    if not text:
        return None
    try:
        number = kind(text)
    except (ValueError, InvalidOperation) as error:
        raise CratewatchError(f"{where}: {text!r} is not a number") from error
    if not math.isfinite(number):
        raise CratewatchError(f"{where}: {text!r} is not a number")
    return number
