"""Forgets persons whose time has come: their pictures, their rows, and at last what tells of them.

Killed in between, the next night goes on: what tells of a recording goes last.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from cratewatch.gallery.persons import Persons
from cratewatch.lake.lake import Lake
from cratewatch.words.kept import (
    TOLD,
    expires_at,
    footage_of,
    forget_pictures,
    kept_folders,
    stray_folders,
)


@dataclass(frozen=True)
class ForgottenPersons:
    """How much went: recordings whose persons did, and pictures."""

    recordings: int
    pictures: int


def forget_persons(
    lake: Lake,
    open_persons: Callable[[], AbstractContextManager[Persons]],
    keep_days: float,
    now: datetime,
) -> ForgottenPersons:
    """Delete what was filmed longer ago than it is kept.

    Args:
        open_persons: Opens the gallery; it is asked for that only if something is to go.

    Raises:
        UnavailableError: if the gallery is away; the pictures are gone by then, and nothing of
            what has expired is found meanwhile.
    """
    due = [folder for folder in kept_folders(lake) if expires_at(folder, keep_days) <= now]
    pictures = sum(forget_pictures(lake, folder) for folder in due)
    pictures += sum(forget_pictures(lake, folder) for folder in stray_folders(lake, now))
    if due:
        with open_persons() as persons:
            _forget_rows(persons, [footage_of(folder) for folder in due], now)
        for folder in due:
            lake.delete(f"{folder}/{TOLD}")
    return ForgottenPersons(len(due), pictures)


def _forget_rows(persons: Persons, footage: list[str], now: datetime) -> None:
    """Delete rows of every model's collection, also of those that do not serve."""
    for collection in persons.collections.all():
        persons.collections.load(collection)
        persons.delete_footage(collection, footage)
        persons.delete_expired(collection, now)
        persons.flush(collection)
