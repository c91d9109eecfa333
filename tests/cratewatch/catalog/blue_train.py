"""A pressing that tests tell in the words of several sources."""

from __future__ import annotations

from typing import Any

BLUE: dict[str, Any] = {
    "artist": "John Coltrane",
    "title": "Blue Train",
    "year": 1997,
    "label": "Blue Note",
    "catno": "BLP 1577",
    "barcode": "724385342813",
    "country": "US",
    "format": "Vinyl",
}
