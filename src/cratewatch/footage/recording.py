"""Records a run of footage: its handlings in the catalog, their pictures in the lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.database import now
from cratewatch.catalog.handlings import SeenHandling, Work
from cratewatch.catalog.records import storable
from cratewatch.errors import CratewatchError
from cratewatch.footage.handlings import Handling
from cratewatch.footage.run_folder import (
    AGAIN,
    filmed_at,
    footage_key,
    is_stream,
    is_whole,
    pictures,
    read_handlings,
    read_run,
)
from cratewatch.lake.lake import Lake

FOOTAGE = "footage"
MOST_CAMERA = 128
"""Letters of a camera's name."""
MOST_RELEASES = 64
"""Of an artwork, kept beside a handling."""


@dataclass(frozen=True)
class Filmed:
    """Which camera filmed a run, when, and how long its pictures are kept.

    Attributes:
        camera: Name of the camera.
        started_at: Of the first frame, aware; None for what the run itself says.
        keep_days: How long after it was filmed pictures are kept.
    """

    camera: str
    started_at: datetime | None
    keep_days: float


@dataclass(frozen=True)
class Recorded:
    """What was recorded of a run.

    Attributes:
        footage_run: Under which key.
        handlings: How many.
        named: How many of them show a known artwork.
        pictures: How many pictures lie in the lake.
    """

    footage_run: str
    handlings: int
    named: int
    pictures: int


def record_run(
    folder: Path, catalog: Catalog, lake: Lake, filmed: Filmed, work: Work | None = None
) -> Recorded:
    """Record a run, in the place of an earlier one of the same footage.

    Killed at any moment it leaves the earlier one, or this one; run again it does the same. Of a
    stream only what was not recorded while it went on is added: what has been forgotten stays so.

    Args:
        folder: Of the run.
        work: What of the ledger is done with it.

    Raises:
        CratewatchError: if the folder holds no whole run, or nobody said when it was filmed.
    """
    run, handlings = read_run(folder), read_handlings(folder)
    if not is_whole(run):
        raise CratewatchError(f"{folder}: the run did not come to its end; {AGAIN}")
    footage = _Footage.of(folder, run, filmed)
    if is_stream(run):
        _add_new(folder, catalog, lake, footage, handlings)
        n_pictures = len(catalog.handlings.pictures(footage.key))
    else:
        seen = _kept(folder, catalog, lake, footage, handlings)
        n_pictures = sum(one.crop_key is not None for one in seen)
        for surplus in catalog.handlings.record(footage.key, seen, work):
            lake.delete(surplus)
    return Recorded(footage.key, len(handlings), sum(h.known for h in handlings), n_pictures)


def record_so_far(folder: Path, catalog: Catalog, lake: Lake, filmed: Filmed) -> int:
    """Record what a stream that goes on shows and is not recorded yet; return how much that was.

    Raises:
        CratewatchError: if the folder holds no run.
    """
    footage = _Footage.of(folder, read_run(folder), filmed)
    return _add_new(folder, catalog, lake, footage, read_handlings(folder))


@dataclass(frozen=True)
class _Footage:
    """What the handlings of a run have in common."""

    key: str
    camera: str
    started_at: datetime
    keep_days: float

    @classmethod
    def of(cls, folder: Path, run: Mapping[str, Any], filmed: Filmed) -> Self:
        started_at = filmed.started_at or filmed_at(run)
        if started_at is None:
            raise CratewatchError(
                f"{folder}: nobody says when it was filmed; give --started-at, "
                "such as 2026-11-20T10:00:00+01:00"
            )
        camera = storable(filmed.camera)[:MOST_CAMERA]
        return cls(footage_key(run, camera, started_at), camera, started_at, filmed.keep_days)


def _add_new(
    folder: Path, catalog: Catalog, lake: Lake, footage: _Footage, handlings: Sequence[Handling]
) -> int:
    there = catalog.handlings.numbers(footage.key)
    new = [one for one in handlings if one.handling_id not in there]
    if new:
        catalog.handlings.add(_kept(folder, catalog, lake, footage, new))
    return len(new)


def _kept(
    folder: Path, catalog: Catalog, lake: Lake, footage: _Footage, handlings: Sequence[Handling]
) -> list[SeenHandling]:
    """Write the pictures of handlings, if they may be kept; return what the catalog keeps."""
    ends_s = max((handling.ended_s for handling in handlings), default=0.0)
    expires_at = footage.started_at + timedelta(seconds=ends_s, days=footage.keep_days)
    keys = _keep_pictures(folder, lake, footage.key, handlings) if expires_at > now() else {}
    releases = _releases(catalog, handlings)
    return [
        replace(
            _seen(handling, footage.key, footage.camera, footage.started_at),
            release_ids=releases.get(handling.artwork_id or "", ()),
            crop_key=keys.get(handling.handling_id),
            expires_at=expires_at,
        )
        for handling in handlings
    ]


def _keep_pictures(
    folder: Path, lake: Lake, footage_run: str, handlings: Sequence[Handling]
) -> dict[int, str]:
    """Write the pictures of handlings; return their keys by handling_id."""
    found, keys = pictures(folder), {}
    for handling in handlings:
        if file := found.get(handling.handling_id):
            key = f"{FOOTAGE}/{footage_run}/{handling.handling_id:05d}{file.suffix}"
            lake.write(key, file.read_bytes())
            keys[handling.handling_id] = key
    return keys


def _seen(handling: Handling, footage_run: str, camera: str, started_at: datetime) -> SeenHandling:
    return SeenHandling(
        footage_run=footage_run,
        number=handling.handling_id,
        camera=camera,
        started_at=started_at + timedelta(seconds=handling.started_s),
        ended_at=started_at + timedelta(seconds=handling.ended_s),
        seconds=handling.seconds,
        person=handling.track_id,
        cover_id=handling.cover_id,
        artwork_id=handling.artwork_id,
        probability=handling.probability,
        known=handling.known,
        frames=handling.frames,
    )


def _releases(catalog: Catalog, handlings: Sequence[Handling]) -> dict[str, tuple[str, ...]]:
    """Return the release_ids of each artwork that was handled."""
    artworks = list(dict.fromkeys(h.artwork_id for h in handlings if h.artwork_id))
    return {
        artwork: tuple(release.release_id for release in listed[:MOST_RELEASES])
        for artwork, listed in catalog.releases.of_artworks(artworks).items()
    }
