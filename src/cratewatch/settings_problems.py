"""What is wrong with a setting, and where it stands."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import get_args

from pydantic_core import ErrorDetails

from cratewatch.notify import Notify
from cratewatch.settings_layers import ENV_PREFIX
from cratewatch.sources.cameras import Camera
from cratewatch.sources.configured import SPIDERS
from cratewatch.sources.till.settings import Column, Till


def problem_of(
    item: ErrorDetails, known: Iterable[str], arguments: Sequence[str], file: Path
) -> str:
    """Say where a value comes from and what is wrong with it.

    Args:
        known: Names of all settings.
        arguments: Names of those that were given as arguments.
        file: The settings file, which may be missing.
    """
    place = [str(part) for part in item["loc"]]
    fields = known
    if place[0:1] == ["sources"] and len(place) > 3:
        fields = SPIDERS[place.pop(2)].model_fields  # pydantic puts the spider's name in between
    if place[0:1] == ["notify"] and len(place) > 1:
        fields = Notify.model_fields
    if place[0:1] == ["cameras"] and len(place) > 2:
        fields = Camera.model_fields
    if place[0:1] == ["tills"] and len(place) > 2:
        fields = get_args(Column) if place[2] == "columns" else Till.model_fields
    key = ".".join(place)
    if not key:
        return item["msg"]
    variable = ENV_PREFIX + place[0].upper()
    where = "argument" if place[0] in arguments else str(file)
    if where != "argument" and any(name.upper() == variable for name in os.environ):
        where = variable
    what = {
        "extra_forbidden": f"unknown key{_suggestion(place[-1], fields)}",
        "missing": "is needed",
        "union_tag_not_found": f"`spider` is needed, one of {', '.join(SPIDERS)}",
        "union_tag_invalid": f"`spider` is none of {', '.join(SPIDERS)}",
    }.get(item["type"], item["msg"])
    return f"{where}: {key}: {what}"


def _suggestion(key: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f", perhaps `{near[0]}` is meant" if near else f"; known: {', '.join(sorted(known))}"
