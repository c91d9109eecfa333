"""Objects of a file one after the other: JSON of any arrangement, or CSV."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.sources.tables import read_rows

_BLOCK = 1 << 16
MOST_OBJECT = 64 << 20
"""Characters of one object; a bracket that is never closed would take the whole file for one."""
_BETWEEN = re.compile(r"[\s,\[\]\ufeff]*")
Object = dict[str, Any]


def read_objects(file: Path) -> Iterator[tuple[str, Object]]:
    """Yield where each object is, and the object; of CSV each value is text.

    JSON may be a list, objects one after the other or one a line, or an object that holds such a
    list; it may be gzipped.

    Raises:
        NotFoundError: if there is no such file.
        CratewatchError: if it is cut off or is neither JSON nor CSV; what came before is yielded.
    """
    if not file.is_file():
        raise NotFoundError(f"{file}: no such file; check `file` in the settings")
    if ".csv" in file.suffixes or ".tsv" in file.suffixes:
        yield from _rows(file)
        return
    try:
        with _opened(file) as text:
            for number, value in enumerate(_listed(_values(text, file)), start=1):
                yield f"{file}, object {number}", value
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise CratewatchError(f"{file}: cut off, or no gzip ({error}); get it anew") from error
    except UnicodeDecodeError as error:
        raise CratewatchError(f"{file}: not UTF-8 at byte {error.start}; save it so") from error


def _opened(file: Path) -> IO[str]:
    with file.open("rb") as data:
        is_gzip = data.read(2) == b"\x1f\x8b"
    return gzip.open(file, "rt", encoding="utf-8") if is_gzip else file.open(encoding="utf-8")


def _rows(file: Path) -> Iterator[tuple[str, Object]]:
    names: list[str] = []
    for number, row in read_rows(file):
        if not names:
            names = [name.strip() for name in row]
        elif row[: len(names)] != names:
            yield f"{file}, line {number}", dict(zip(names, row, strict=False))


def _values(text: IO[str], file: Path) -> Iterator[Any]:
    """Yield each JSON value of a text, brackets and commas between them left out."""
    decoder = json.JSONDecoder()
    rest, size = "", _BLOCK
    while block := text.read(size):
        rest += block
        rest, found = _decoded(rest, decoder)
        yield from found
        size = max(_BLOCK, len(rest))  # an object is begun anew at every block: double them
        if len(rest) > MOST_OBJECT:
            raise CratewatchError(f"{file}: an object has over {MOST_OBJECT:,} letters; cut it up")
    if left := rest[_BETWEEN.match(rest).end() :]:  # type: ignore[union-attr]
        raise CratewatchError(f"{file}: cut off, or no JSON, at {left[:60]!r}; get it anew")


def _decoded(text: str, decoder: json.JSONDecoder) -> tuple[str, list[Any]]:
    """Return the values that a text holds whole, and what is left of it."""
    found: list[Any] = []
    place = 0
    while True:
        between = _BETWEEN.match(text, place)
        place = between.end() if between else place
        try:
            value, place = decoder.raw_decode(text, place)
        except (json.JSONDecodeError, RecursionError):
            return text[place:], found
        found.append(value)


def _listed(values: Iterator[Any]) -> Iterator[Object]:
    """Yield the objects; one that holds a list of objects, and no price, is a wrapper of these."""
    for value in values:
        lists = [v for v in value.values() if _is_list(v)] if isinstance(value, dict) else []
        if lists and "title" not in value:
            yield from (item for item in max(lists, key=len) if isinstance(item, dict))
        elif isinstance(value, dict):
            yield value


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
