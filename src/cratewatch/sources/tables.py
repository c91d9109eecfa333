"""Rows of CSV files as tills, platforms and spreadsheets write them."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from cratewatch.errors import CratewatchError, NotFoundError

SEPARATORS = (",", ";", "\t", "|")
LOOKED_AT = 40
"""Lines that tell which separator a file has."""
MOST_FIELD = 1_000_000
"""Characters of one value; a quote that is never closed would take the whole file for one."""
_BLOCK = 1 << 20
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_EXCELS_OWN = re.compile(r"\ufeff?sep=(.)\s*", re.IGNORECASE)


def read_rows(
    file: Path, *, encoding: str = "", separator: str = ""
) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the line where each row ends, and its values; blank rows are left out.

    Args:
        encoding: As Python names it; "" to find it out.
        separator: Between values; "" to find it out.

    Raises:
        NotFoundError: if there is no such file.
        CratewatchError: if it is no CSV, or not in the encoding that is given.
    """
    try:
        encoding = encoding or encoding_of(file)
        separator = separator or separator_of(file, encoding)
        with file.open(newline="", encoding=encoding) as text:
            reader = csv.reader(text, delimiter=separator, skipinitialspace=True)
            for row in reader:
                if any(map(str.strip, row)) and not _EXCELS_OWN.fullmatch(separator.join(row)):
                    yield reader.line_num, row
    except FileNotFoundError as error:
        raise NotFoundError(f"{file}: no such file; check its name") from error
    except (UnicodeError, LookupError) as error:
        raise CratewatchError(f"{file}: it is not {encoding}; correct `encoding`") from error
    except csv.Error as error:
        said = f"cannot be read as CSV ({error}); is every double quote closed?"
        raise CratewatchError(f"{file}, line {reader.line_num}: {said}") from error
    except OSError as error:
        raise CratewatchError(f"{file}: {error.strerror}; check its name") from error


def encoding_of(file: Path) -> str:
    """Return the encoding that its first bytes tell, else UTF-8 if all of it is, else cp1252."""
    with file.open("rb") as data:
        head = data.read(1000)
        for bom, name in _BOMS.items():
            if head.startswith(bom):
                return name
        if b"\0" in head:  # every other byte of Latin text
            return "utf-16-be" if head[:1] == b"\0" else "utf-16-le"
        decoder = codecs.getincrementaldecoder("utf-8")()
        data.seek(0)
        try:
            while block := data.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252" if _is_cp1252(file) else "latin-1"
    return "utf-8"


def _is_cp1252(file: Path) -> bool:
    """Whether none of its bytes is one of the five that the code page leaves out."""
    missing = bytes((0x81, 0x8D, 0x8F, 0x90, 0x9D))
    with file.open("rb") as data:
        return not any(set(missing) & set(block) for block in iter(lambda: data.read(_BLOCK), b""))


def separator_of(file: Path, encoding: str) -> str:
    """Return the separator that cuts most of the first lines into the same number of values."""
    with file.open(newline="", encoding=encoding) as text:
        lines = [line[:MOST_FIELD] for line in islice(text, LOOKED_AT)]
    if lines and (told := _EXCELS_OWN.fullmatch(lines[0])):
        return told[1]
    return max(SEPARATORS, key=lambda separator: _evenness(lines, separator))


def _evenness(lines: Sequence[str], separator: str) -> tuple[int, int]:
    """Return how many rows have the commonest number of values, if that is over one, and it."""
    widths = Counter(len(row) for row in csv.reader(lines, delimiter=separator) if len(row) > 1)
    width, rows = widths.most_common(1)[0] if widths else (0, 0)
    return rows, width
