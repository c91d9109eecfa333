"""Times as options take them."""

from __future__ import annotations

from datetime import datetime, tzinfo

from cratewatch.errors import CratewatchError


def moment(
    said: str | None, option: str = "--started-at", zone: tzinfo | None = None
) -> datetime | None:
    """Return a time as an option tells it, aware; None of nothing.

    Args:
        zone: Of a time that names none; without one that is refused.

    Raises:
        CratewatchError: if it is no time.
    """
    if said is None:
        return None
    try:
        told = datetime.fromisoformat(said)
    except ValueError as error:
        raise CratewatchError(f"{option}: {said!r} is no time ({error})") from error
    if told.tzinfo is None and zone is not None:
        return told.replace(tzinfo=zone)
    if told.tzinfo is None:
        raise CratewatchError(f"{option}: {said!r} lacks its zone; write {said}+01:00, or Z")
    return told
