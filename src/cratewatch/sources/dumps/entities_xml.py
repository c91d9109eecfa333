"""What Discogs' dumps of masters, artists and labels say."""

from __future__ import annotations

from typing import Any

from cratewatch.catalog.entities import Entity
from cratewatch.sources.dumps.discogs_xml import BadRecordError


def entity_of(kind: str, root: Any) -> Entity:
    """Return the master, artist or label of an element.

    A label without a name, as some months have, is called by its number.

    Raises:
        BadRecordError: if it has no number, or a master no title.
    """
    parts = {child.tag: child for child in root}
    number = root.get("id") or _text(parts, "id")
    if number is None or not number.isdecimal():
        raise BadRecordError("it has no number")
    if kind == "master":
        return _master(int(number), parts)
    parent = parts.get("parentLabel")
    above = parent.get("id") if parent is not None else None
    variations = parts.get("namevariations", ())
    return Entity(
        kind=kind,
        native_id=int(number),
        name=_text(parts, "name") or number,
        belongs_to=int(above) if above and above.isdecimal() else None,
        other_names=tuple(name.text for name in variations if name.text),
    )


def _master(number: int, parts: dict[str, Any]) -> Entity:
    title = _text(parts, "title")
    if title is None:
        raise BadRecordError("it has no title")
    main, year = _text(parts, "main_release") or "", _text(parts, "year") or ""
    return Entity(
        kind="master",
        native_id=number,
        name=title,
        belongs_to=int(main) if main.isdecimal() else None,
        year=int(year) or None if year.isdecimal() else None,
    )


def _text(parts: dict[str, Any], name: str) -> str | None:
    element = parts.get(name)
    return None if element is None or not element.text else element.text.strip() or None
