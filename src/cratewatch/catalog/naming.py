"""Finds the releases that a sale or a listing names: by barcode, or by a source's own id."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cratewatch.catalog.database import ROWS_AT_ONCE
from cratewatch.catalog.schema import ReleaseRow
from cratewatch.chunks import chunks

LEAST_BARCODE = 8
"""Digits, of an EAN-8."""


@dataclass(frozen=True)
class Named:
    """What a line says of the release that it is about.

    Attributes:
        sku: The shop's own number, which its pages may have, too.
        native_id: A platform's id of the release.
    """

    barcode: str | None = None
    sku: str | None = None
    native_id: str | None = None


class Names:
    """The releases of a batch of lines."""

    def __init__(self, by_id: dict[str, set[str]], by_barcode: dict[str, set[str]]) -> None:
        self._by_id = by_id
        self._by_barcode = by_barcode

    def of(self, named: Named) -> str | None:
        """Return the release_id; None if there is no such release, or several."""
        candidates = (
            self._by_id.get(named.native_id or ""),
            self._by_id.get(named.sku or ""),
            self._by_barcode.get(digits_of(named.barcode)),
        )
        found = next((ids for ids in candidates if ids and len(ids) == 1), None)
        return next(iter(found)) if found else None


def digits_of(barcode: str | None) -> str:
    """Return a barcode's digits, as an EAN-13 where a UPC has one less; "" if it is too short."""
    digits = re.sub(r"\D", "", barcode or "")
    return digits.zfill(13) if len(digits) == 12 else digits if len(digits) >= LEAST_BARCODE else ""


def names_of(session: Session, lines: Iterable[Named]) -> Names:
    """Look up the releases of a batch of lines."""
    batch = list(lines)
    ids = {i for line in batch for i in (line.sku, line.native_id) if i}
    codes = {digits_of(line.barcode) for line in batch} - {""}
    by_id: defaultdict[str, set[str]] = defaultdict(set)
    by_barcode: defaultdict[str, set[str]] = defaultdict(set)
    sources = session.scalars(select(ReleaseRow.source).distinct()).all() if ids else []
    keys = {f"{source}:{native_id}": native_id for source in sources for native_id in ids}
    for part in chunks(keys, ROWS_AT_ONCE):
        for found in session.scalars(
            select(ReleaseRow.release_id).where(ReleaseRow.release_id.in_(part))
        ):
            by_id[keys[found]].add(found)
    bare = func.replace(func.replace(ReleaseRow.barcode, " ", ""), "-", "")
    written = {form for code in codes for form in (code, code.removeprefix("0"), code.lstrip("0"))}
    for part in chunks(written, ROWS_AT_ONCE):
        query = select(ReleaseRow.release_id, ReleaseRow.barcode).where(bare.in_(part))
        for release_id, barcode in session.execute(query):
            by_barcode[digits_of(barcode)].add(release_id)
    return Names(by_id, by_barcode)
