"""Handlers: people with an album, each counted once and by how sure it is that it was this one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cratewatch.catalog.handlings import SeenHandling
from cratewatch.intent.albums import Albums


@dataclass(frozen=True)
class Handler:
    """One person with one album, who may have held it several times.

    Attributes:
        album: The artwork that stands for it.
        camera: That saw it.
        started_at: When he first held it.
        chance: That it was this album: that of the surest of his handlings.
        handled: Handlings, each counted by its chance.
        seconds: Of handlings, each counted by its chance.
        unsure: The part of handled that rests on identities under the level of a sure one.
    """

    album: str
    camera: str
    started_at: datetime
    chance: float
    handled: float
    seconds: float
    unsure: float


def chance_of(handling: SeenHandling) -> float:
    """Return the probability that a handling counts with for its album.

    Without calibration nobody knows it: what is believed counts as one, and the rest as none.
    """
    if handling.artwork_id is None:
        return 0.0
    return float(handling.known) if handling.probability is None else handling.probability


def handlers_of(
    handlings: Iterable[SeenHandling], albums: Albums, sure: float = 0.9
) -> list[Handler]:
    """Return who handled which album, by time.

    Args:
        sure: Probability from which an identity counts as a sure one.
    """
    of_person: defaultdict[tuple[str, int, str], list[SeenHandling]] = defaultdict(list)
    for handling in handlings:
        if handling.artwork_id is not None and chance_of(handling) > 0:
            album = albums.of_artwork(handling.artwork_id)
            of_person[handling.footage_run, handling.person, album].append(handling)
    found = [_handler(album, held, sure) for (_, _, album), held in of_person.items()]
    return sorted(found, key=lambda h: (h.started_at, h.album, h.camera))


def _handler(album: str, held: list[SeenHandling], sure: float) -> Handler:
    chances = [chance_of(handling) for handling in held]
    return Handler(
        album=album,
        camera=held[0].camera,
        started_at=min(handling.started_at for handling in held),
        chance=max(chances),
        handled=sum(chances),
        seconds=sum(c * h.seconds for c, h in zip(chances, held, strict=True)),
        unsure=sum(
            c for c, h in zip(chances, held, strict=True) if h.probability is None or c < sure
        ),
    )
