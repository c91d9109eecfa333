"""Forgets what of footage is not to be kept any longer: pictures, persons, at last handlings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cratewatch.catalog.catalog import Catalog
from cratewatch.footage.recording import FOOTAGE
from cratewatch.lake.lake import STALE_S, Lake


@dataclass(frozen=True)
class Kept:
    """How long what is kept, in days from when it was filmed.

    Attributes:
        crops_days: Pictures of handlings, and what connects those of one person.
        handlings_days: What is left of handlings then.
    """

    crops_days: float
    handlings_days: float


@dataclass(frozen=True)
class Forgotten:
    """How much went: runs whose pictures did, pictures, and handlings as a whole."""

    runs: int
    pictures: int
    handlings: int


def forget_footage(catalog: Catalog, lake: Lake, kept: Kept, now: datetime) -> Forgotten:
    """Delete pictures and then what tells of them; killed in between it is done by the next one.

    A picture that no handling has, as whoever wrote it was killed, goes when it is a day old.
    """
    handlings = catalog.handlings
    handlings_before = _before(now, kept.handlings_days)
    gone = handlings.forget_before(handlings_before)
    crops_before = _before(now, kept.crops_days)
    expired = handlings.expired(now, crops_before)
    for run, keys in expired.items():
        for key in keys:
            lake.delete(key)
        handlings.forget_persons(run, now, crops_before)
    pictures = sum(map(len, expired.values())) + _delete_strays(catalog, lake, now)
    return Forgotten(len(expired), pictures, gone)


def _before(now: datetime, days: float) -> datetime:
    return now - timedelta(days=days)


def _delete_strays(catalog: Catalog, lake: Lake, now: datetime) -> int:
    """Delete pictures that nothing tells of."""
    listed = set(lake.keys(FOOTAGE))
    strays = sorted(listed - catalog.handlings.all_pictures()) if listed else []
    old = [key for key in strays if now.timestamp() - lake.modified_at(key) > STALE_S]
    for key in old:
        lake.delete(key)
    return len(old)
