"""Where settings stand before they are checked: in the environment, and in the home's file."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from cratewatch.errors import SettingsError
from cratewatch.folders import users_path

ENV_PREFIX = "CRATEWATCH_"
CONFIG_NAME = "cratewatch.toml"
DEFAULT_HOME = Path("~/.cratewatch")
TABLES = ("cameras", "notify", "sources", "tills")
"""Settings that are tables: JSON in the environment."""


def environment_settings() -> list[str]:
    """Return the names of the environment's variables that are meant for cratewatch."""
    return [name for name in os.environ if name.upper().startswith(ENV_PREFIX)]


def read_environment() -> dict[str, object]:
    """Return what the variables set, by field; tables are JSON.

    Raises:
        SettingsError: if one that is a table is no JSON.
    """
    values: dict[str, object] = {}
    for variable in environment_settings():
        name = variable.upper().removeprefix(ENV_PREFIX).lower()
        text = os.environ[variable]
        is_table = name in TABLES
        try:
            values[name] = json.loads(text) if is_table else text
        except ValueError as error:
            raise SettingsError(f"environment: {variable}: {error}; give JSON") from error
    return values


def read_settings(file: Path) -> dict[str, object]:
    """Return what a file sets; nothing if there is none.

    Raises:
        SettingsError: if it is no TOML file.
    """
    if not file.exists():
        return {}
    if not file.is_file():
        raise SettingsError(f"{file}: not a file; move it, settings are read from there")
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: no valid TOML: {error}; correct it") from error


def merged_over(values: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """Return values with those of over in their place; tables are merged key by key."""
    merged = dict(values)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[key] = merged_over(below, value)
        else:
            merged[key] = value
    return merged


def settings_file(home: object) -> Path:
    """Return where the settings of a home stand; None and "" are the default one."""
    return users_path(str(home or DEFAULT_HOME)) / CONFIG_NAME
