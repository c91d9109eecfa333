"""Reads camera and time from the name that a recorder gives to its files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import PurePath
from typing import Annotated

from pydantic import AfterValidator

from cratewatch.errors import CratewatchError

CAMERA, STARTED_AT = "{camera}", "{started_at}"
_TIME = (
    r"(?P<year>\d{4})[-_.]?(?P<month>\d\d)[-_.]?(?P<day>\d\d)[T _-]?"
    r"(?P<hour>\d\d)[-_.:h]?(?P<minute>\d\d)(?:[-_.:m]?(?P<second>\d\d))?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d)?"
)
_NUMBERS = ("year", "month", "day", "hour", "minute", "second")
_PARTS = {CAMERA: r"(?P<camera>.+?)", STARTED_AT: _TIME}


def _names_a_time(pattern: str) -> str:
    if pattern.count(STARTED_AT) != 1 or pattern.count(CAMERA) > 1 or "/" in pattern:
        raise ValueError(
            f"{pattern!r} does not name {STARTED_AT} once, and {CAMERA} at most once; give a "
            f"pattern of a file's name such as {CAMERA}_{STARTED_AT}"
        )
    return pattern


FootageName = Annotated[str, AfterValidator(_names_a_time)]
"""How a file of footage is called, without its ending."""


@dataclass(frozen=True)
class Told:
    """What a file's name tells.

    Attributes:
        camera: "" if its name tells none.
        started_at: Aware.
    """

    camera: str
    started_at: datetime


def read_name(path: PurePath, pattern: str, zone: tzinfo) -> Told:
    """Return which camera filmed a file, and from when on.

    Args:
        pattern: With {started_at}, and {camera} if the name tells it.
        zone: Of times that name none.

    Raises:
        CratewatchError: if the name does not fit the pattern, or holds no date.
    """
    said = f"{path.name}: does not tell its time by the pattern {pattern}; set footage_name"
    pieces = re.split(r"(\{camera\}|\{started_at\})", pattern)
    expression = "".join(_PARTS.get(piece) or re.escape(piece) for piece in pieces)
    found = re.fullmatch(expression, path.stem)
    if found is None:
        raise CratewatchError(said)
    told = found.groupdict()
    year, month, day, hour, minute, second = (int(told[name] or 0) for name in _NUMBERS)
    try:
        zone = _zone(told["zone"], zone)
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError as error:
        raise CratewatchError(f"{said} ({error})") from error
    return Told(told.get("camera") or "", moment)


def _zone(text: str | None, otherwise: tzinfo) -> tzinfo:
    if text is None:
        return otherwise
    return UTC if text == "Z" else datetime.strptime(text, "%z").tzinfo or otherwise
