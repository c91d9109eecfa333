"""Objects that count only once their marker is there, which is written last."""

from __future__ import annotations

from collections.abc import Iterable

from cratewatch.lake.lake import Lake


def write_marked(
    lake: Lake,
    payload: Iterable[tuple[str, bytes]],
    marker: str,
    told: bytes,
    *,
    keep: bool = False,
) -> None:
    """Write objects and then their marker.

    A writer that dies on the way leaves objects that do not count, and that the next one replaces.

    Args:
        payload: Keys and bytes, taken one by one.
        marker: Key of the marker.
        told: What the marker holds.
        keep: Leave a marker as it is that is there already.
    """
    for key, data in payload:
        lake.write(key, data)
    if keep:
        lake.create(marker, told)
    else:
        lake.write(marker, told)
