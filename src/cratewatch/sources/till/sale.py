"""One line of a till: what was sold, or brought back, and when."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Sale:
    """A line of a file of sales.

    Attributes:
        native_id: Made of the line, so that the same line of another export has the same.
        where: File and line, for messages.
        price: Of one piece, discounts taken off, above zero.
        quantity: Pieces; below zero for what was brought back.
        release_id: The platform's own id of the release, not the catalog's.
        media_condition: As the till says it; sleeve_condition likewise.
    """

    native_id: str
    where: str
    sold_at: datetime
    title: str
    price: Decimal
    currency: str
    quantity: int = 1
    artist: str | None = None
    label: str | None = None
    catno: str | None = None
    barcode: str | None = None
    sku: str | None = None
    release_id: str | None = None
    media_condition: str | None = None
    sleeve_condition: str | None = None

    @property
    def named(self) -> str:
        """What was sold, as people write it."""
        return f"{self.artist} - {self.title}" if self.artist else self.title


@dataclass(frozen=True)
class Refusal:
    """A line that is no sale.

    Attributes:
        reason: Short snake_case word under which it is counted.
        detail: What the line says, and what to do about it.
    """

    where: str
    reason: str
    detail: str


def line_id(parts: tuple[object, ...], nth: int) -> str:
    """Return an id of a line that says this and is the nth such line of its file, from 1.

    A till may say the same twice; both count, and neither is doubled by a second export.
    """
    text = "\0".join(str(part or "") for part in (*parts, nth))
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=16).hexdigest()
