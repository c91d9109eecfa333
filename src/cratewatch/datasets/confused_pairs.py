"""Pairs of artworks of which one was taken for the other: a model's own, or a file of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from cratewatch.embedding.saved_models import read_confused
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.folders import users_path
from cratewatch.lake.lake import Lake

HEADER = "artwork,taken_for"
ARTWORK_ID = re.compile(r"[\w.:-]{1,64}")
SUFFIX = ".csv"


def confused_pairs(lake: Lake, source: str) -> list[tuple[str, str]]:
    """Return artworks and what their queries were taken for.

    Args:
        source: Name of a model, or the path of a CSV file, which ends in .csv.

    Raises:
        NotFoundError: if there is no such model or file.
        CratewatchError: if a line of the file is no pair.
    """
    if not source.lower().endswith(SUFFIX):
        return read_confused(lake, source)
    return read_pairs(users_path(source))


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """Read a CSV file of pairs, in the format of a model folder's confused.csv.

    Raises:
        NotFoundError: if there is no such file, or no pair in it.
        CratewatchError: if its first line is another than HEADER, or a line is no pair.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise NotFoundError(f"pairs: no such file: {path}; check the path") from error
    except UnicodeDecodeError as error:
        raise CratewatchError(f"{path}: not UTF-8; save it as UTF-8") from error
    except OSError as error:
        raise CratewatchError(f"{path}: {error.strerror}; check the path") from error
    if not lines or lines[0].strip() != HEADER:
        first = repr(lines[0][:60]) if lines else "nothing"
        raise CratewatchError(f"{path}, line 1: {first} instead of the header {HEADER}; add it")
    pairs = list(_pairs(lines[1:], path))
    if not pairs:
        raise NotFoundError(f"{path}: no pairs; give one a line, {HEADER}")
    return pairs


def _pairs(lines: list[str], path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines, start=2):
        if not line.strip():
            continue
        values = [value.strip() for value in line.split(",")]
        if len(values) != 2 or not all(ARTWORK_ID.fullmatch(value) for value in values):
            raise CratewatchError(
                f"{path}, line {number}: {line[:80]!r} is no pair of artwork ids; "
                f"give {HEADER} and nothing else"
            )
        if values[0] == values[1]:
            raise CratewatchError(
                f"{path}, line {number}: an artwork cannot be taken for itself; remove the line"
            )
        yield values[0], values[1]
