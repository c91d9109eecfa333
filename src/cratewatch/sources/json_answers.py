"""JSON as services answer it: whatever is there, as what it should be, or as nothing."""

from __future__ import annotations

import json
from typing import Any


def read_object(body: bytes) -> dict[str, Any]:
    """Return the object that an answer is.

    Raises:
        ValueError: if it is none.
    """
    try:
        answer = json.loads(body)
    except RecursionError as error:
        raise ValueError("lists within lists, too deep to be read") from error
    if isinstance(answer, dict):
        return answer
    raise ValueError(f"no object: {body[:200]!r}")


def dict_of(value: Any) -> dict[str, Any]:
    """Return an object, empty if it is none."""
    return value if isinstance(value, dict) else {}


def dicts_of(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts_of(value: Any) -> list[str]:
    """Return the texts of a list, or the one that stands in its place."""
    found = value if isinstance(value, list) else [value]
    return [text for item in found if (text := text_of(item))]


def text_of(value: Any) -> str | None:
    """Return a text, or a number as one; None for what is empty or neither."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip() or None


def number_of(value: Any) -> int:
    """Return a whole number, 0 for what is none."""
    text = text_of(value) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
