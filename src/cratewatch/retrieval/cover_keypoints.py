"""Keypoints of the catalog's covers, kept in the lake once they were found."""

from __future__ import annotations

import logging
from collections import OrderedDict
from contextlib import suppress

from cratewatch.errors import CratewatchError, ImageError, NotFoundError, UnavailableError
from cratewatch.images.reading import decode
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.retrieval.keypoints import (
    NO_KEYPOINTS,
    SIDE_PX,
    Keypoints,
    find_keypoints,
    from_bytes,
    to_bytes,
)

log = logging.getLogger(__name__)
PREFIX = "keypoints"
KEPT = 500
"""In memory, about 100 kB each."""


class CoverKeypoints:
    """Finds, keeps and returns the keypoints of covers by their ids."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._kept: OrderedDict[str, Keypoints] = OrderedDict()

    def of(self, cover_id: str) -> Keypoints:
        """Return a cover's keypoints; none, and a warning, as long as the lake lost the cover.

        Raises:
            CratewatchError: if the lake holds something else in the place of keypoints.
        """
        found = self._kept.pop(cover_id, None)
        if found is None:  # a blank cover has keypoints, too: none of them
            found = self._stored(cover_id)
        if found is None:
            return NO_KEYPOINTS
        self._kept[cover_id] = found
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found

    def _stored(self, cover_id: str) -> Keypoints | None:
        key = keypoints_key(cover_id)
        try:
            return from_bytes(self._lake.read(key))
        except NotFoundError:
            found = self._find(cover_id)
            if found is not None:
                with suppress(UnavailableError):  # who may only read the lake finds them anew
                    self._lake.write(key, to_bytes(found))
            return found
        except ValueError as error:
            raise CratewatchError(
                f"lake {self._lake.root}: {key} holds {error}; delete it"
            ) from error

    def _find(self, cover_id: str) -> Keypoints | None:
        """Return the keypoints in a cover's picture; None if there is no such picture."""
        try:
            cover = decode(self._lake.read(cover_key(cover_id)), side_px=2 * SIDE_PX)
        except (NotFoundError, ImageError) as error:
            log.warning("cover %s is not compared with the query: %s", cover_id, error)
            return None
        return find_keypoints(cover)


def keypoints_key(cover_id: str) -> str:
    """Return the key of a cover's keypoints, which no other way of finding them shares."""
    return f"{PREFIX}/sift-{SIDE_PX}/{cover_id[:2]}/{cover_id}.safetensors"
