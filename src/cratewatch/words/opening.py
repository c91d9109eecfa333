"""Opens the gallery for persons, as the settings say."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from cratewatch.gallery import connection
from cratewatch.gallery.gallery import open_gallery
from cratewatch.gallery.persons import Persons
from cratewatch.settings import Settings


@contextlib.contextmanager
def open_persons(
    settings: Settings, owner: str, patience_s: float = connection.PATIENCE_S
) -> Iterator[Persons]:
    """Open the gallery for persons.

    Args:
        owner: Id of the catalog.

    Raises:
        UnavailableError: if it is away, or another process holds its file.
    """
    with open_gallery(*settings.gallery, owner=owner, patience_s=patience_s) as gallery:
        yield Persons(gallery, ZoneInfo(settings.timezone))
