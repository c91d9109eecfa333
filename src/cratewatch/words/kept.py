"""Pictures of persons in the lake, a folder for each recording, and how long they stay."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cratewatch.errors import CratewatchError
from cratewatch.footage.persons import Box
from cratewatch.lake.lake import STALE_S, Lake

if TYPE_CHECKING:
    from cratewatch.finding.quads import Rgb
    from cratewatch.words.gathering import PersonTrack

PERSONS = "persons"
TOLD = "persons.json"
"""Written last: a folder without it does not count."""
JPEG_QUALITY = 92
SIDE_PX = 512
"""More than any picture of a person has."""


@dataclass(frozen=True)
class Recorded:
    """A recording whose persons are kept.

    Attributes:
        footage: Its key, 64 hexadecimal digits.
        camera: Its name.
        started_at: Of the first frame, aware; None if nobody knows.
        kept_at: When its persons were gathered, aware.
        recording: Where the recording was.
    """

    footage: str
    camera: str
    started_at: datetime | None
    kept_at: datetime
    recording: str

    @property
    def counts_from(self) -> datetime:
        """From when on the days count for which it is kept."""
        return min(self.started_at or self.kept_at, self.kept_at)

    @property
    def folder(self) -> str:
        """The prefix of its keys; tells when it expires without being read."""
        return f"{PERSONS}/{int(self.counts_from.timestamp()):012d}-{self.footage}"

    @property
    def told_by(self) -> str:
        """What the ids of its rows begin with: another camera or time, other rows."""
        told = f"{self.footage} {self.started_at} {self.camera}".encode(errors="replace")
        return hashlib.sha256(told).hexdigest()[:32]

    def at(self, seconds: float) -> datetime | None:
        """Return the time of day of a moment."""
        return self.started_at + timedelta(seconds=seconds) if self.started_at else None


@dataclass(frozen=True)
class KeptPicture:
    """A person in a frame, as it is told of a picture in the lake."""

    key: str
    track_id: int
    frame: int
    seconds: float
    box_xyxy: Box
    quality: float


class Keeper:
    """Writes the persons of a recording, one by one, and at the end what tells of them."""

    def __init__(self, lake: Lake, recorded: Recorded) -> None:
        self._lake = lake
        self._recorded = recorded
        self._pictures: list[KeptPicture] = []

    def keep(self, track: PersonTrack) -> None:
        """Write the pictures of a person."""
        for n, picture in enumerate(track.pictures):
            key = f"{self._recorded.folder}/{track.track_id:06d}-{n}.jpg"
            self._lake.write(key, as_jpeg(picture.pixels))
            told = (track.track_id, picture.frame, picture.seconds, picture.box_xyxy)
            self._pictures.append(KeptPicture(key, *told, picture.quality))

    def finish(self) -> int:
        """Write what tells of them; return how many pictures there are."""
        recorded = self._recorded
        told = {
            **asdict(recorded),
            "started_at": recorded.started_at.isoformat() if recorded.started_at else None,
            "kept_at": recorded.kept_at.isoformat(),
            "pictures": [asdict(picture) for picture in self._pictures],
        }
        self._lake.write(f"{recorded.folder}/{TOLD}", json.dumps(told).encode())
        return len(self._pictures)


def kept_folders(lake: Lake) -> list[str]:
    """Return the folders of the recordings whose persons are kept, the oldest first."""
    return [key.removesuffix(f"/{TOLD}") for key in lake.keys(PERSONS) if key.endswith(f"/{TOLD}")]


def footage_of(folder: str) -> str:
    """Return the key of a folder's recording."""
    return folder.rpartition("-")[2]


def expires_at(folder: str, keep_days: float) -> datetime:
    """Return when a folder's persons are forgotten."""
    since = folder.rpartition("/")[2].partition("-")[0]
    return datetime.fromtimestamp(int(since), UTC) + timedelta(days=keep_days)


def read_kept(lake: Lake, folder: str) -> tuple[Recorded, list[KeptPicture]]:
    """Return what a folder tells.

    Raises:
        NotFoundError: if it is gone.
        CratewatchError: if what tells of it is damaged.
    """
    try:
        told = json.loads(lake.read(f"{folder}/{TOLD}"))
        pictures = [
            KeptPicture(**{**one, "box_xyxy": tuple(one["box_xyxy"])}) for one in told["pictures"]
        ]
        started_at = told["started_at"]
        recorded = Recorded(
            footage=told["footage"],
            camera=told["camera"],
            started_at=datetime.fromisoformat(started_at) if started_at else None,
            kept_at=datetime.fromisoformat(told["kept_at"]),
            recording=told["recording"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CratewatchError(
            f"lake {lake.root}: {folder}/{TOLD} is damaged ({error}); delete the folder and run "
            "`cratewatch index-footage` with the recording again"
        ) from error
    return recorded, pictures


def read_pictures(lake: Lake, keys: Sequence[str]) -> list[Rgb]:
    """Return pictures, each (H, W, 3) uint8 RGB.

    Raises:
        NotFoundError: if one is gone.
    """
    import numpy as np

    from cratewatch.images.reading import decode

    return [np.array(decode(lake.read(key), side_px=SIDE_PX), np.uint8) for key in keys]


def forget_pictures(lake: Lake, folder: str) -> int:
    """Delete the pictures of a folder, and not what tells of them; return how many went."""
    keys = [key for key in lake.keys(folder) if not key.endswith(f"/{TOLD}")]
    for key in keys:
        lake.delete(key)
    return len(keys)


def stray_folders(lake: Lake, now: datetime) -> list[str]:
    """Return folders without what tells of them, left by who was killed a day ago or more."""
    told = set(kept_folders(lake))
    latest: dict[str, float] = {}
    for entry in lake.entries(PERSONS):
        folder = entry.key.rpartition("/")[0]
        latest[folder] = max(latest.get(folder, 0.0), entry.modified_at)
    return sorted(
        folder
        for folder, written in latest.items()
        if folder not in told and now.timestamp() - written > STALE_S
    )


def as_jpeg(pixels: Rgb) -> bytes:
    """Return a picture as a JPEG file."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()


def rows_of(
    recorded: Recorded, pictures: Sequence[KeptPicture]
) -> Iterator[tuple[str, KeptPicture]]:
    """Yield each picture with the id of its row."""
    for picture in pictures:
        name = picture.key.rpartition("/")[2].removesuffix(".jpg")
        yield f"{recorded.told_by}:{name}", picture
