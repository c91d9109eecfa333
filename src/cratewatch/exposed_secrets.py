"""Secrets in a settings file that others than its owner may read."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from cratewatch.secret_url import SecretUrl
from cratewatch.settings import Settings
from cratewatch.settings_layers import ENV_PREFIX, read_settings, settings_file
from cratewatch.sources.configured import SPIDERS

SECRETS = {
    name
    for source in SPIDERS.values()
    for name, field in source.model_fields.items()
    if field.annotation is SecretStr or name == "proxies"
}
"""Settings of sources that nobody else may read."""


def exposed_secrets(home: Path | None) -> Path | None:
    """Return the settings file of a home if it holds secrets that others than its owner may read.

    Args:
        home: As load_settings() takes it.
    """
    file = settings_file(home or os.environ.get(f"{ENV_PREFIX}HOME"))
    if not file.is_file() or not file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        return None
    return file if any(_is_secret(*setting) for setting in read_settings(file).items()) else None


def _is_secret(name: str, value: object) -> bool:
    if name == "notify" and isinstance(value, Mapping):
        return bool(value.get("urls") or value.get("ping_url"))
    if name == "cameras" and isinstance(value, Mapping):
        tables = (camera for camera in value.values() if isinstance(camera, Mapping))
        return any(SecretUrl(str(table.get("url", ""))).hides for table in tables)
    if name == "sources" and isinstance(value, Mapping):
        tables = (source for source in value.values() if isinstance(source, Mapping))
        return any(SECRETS & table.keys() for table in tables)
    kind = Settings.model_fields[name].annotation
    if kind is SecretUrl:
        return SecretUrl(str(value)).hides
    return kind is SecretStr and bool(value)
