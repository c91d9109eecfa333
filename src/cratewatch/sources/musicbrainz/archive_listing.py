"""Which images of a Cover Art Archive listing show the front, and where each can be fetched."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from cratewatch.sources.source import LOOPBACK

# A stored cover has at most 1200 px. Where the archive has no thumbnail of that size, 500 px
# serve better than the original, which may be a scan of tens of megabytes. Listings written
# before 2018 name the sizes large (500) and small (250).
SIZES = ("1200", "500", "large")
LAST_RESORT = ("250", "small")
FRONT = "Front"
_IMAGE = re.compile(r"/(\d+)(?:-\w+)?\.\w+$")


def read_listing(body: bytes) -> list[str]:
    """Return the URLs of the front image, those to be tried first in front; none if there is none.

    Images that the archive calls front come first, each in all its sizes, then those that are
    typed front and nothing else: booklets, stickers and obi strips are typed front as well, and
    stand in for it only where nothing better is listed.

    Raises:
        ValueError: if the body is no JSON.
    """
    try:
        return _front_image_urls(json.loads(body))
    except RecursionError as error:
        raise ValueError("lists within lists, too deep to be read") from error


def is_same_image(url: str, other: str) -> bool:
    """Whether two URLs are of one image, in whatever size: the archive never changes an image."""
    one, two = _IMAGE.search(url), _IMAGE.search(other)
    return url == other or (one is not None and two is not None and one[1] == two[1])


def _front_image_urls(listing: Any) -> list[str]:
    images = listing.get("images") if isinstance(listing, dict) else None
    ranks: tuple[list[str], ...] = ([], [], [])
    for image in images if isinstance(images, list) else ():
        if isinstance(image, dict) and (rank := _rank(image)) is not None:
            ranks[rank].extend(_urls(image))
    marked, only_front, front_and_more = ranks
    return list(dict.fromkeys(marked + only_front or front_and_more))


def _rank(image: dict[str, Any]) -> int | None:
    """Return how sure it is that the image is the front, 0 being best; None if it is not."""
    if image.get("front") is True:
        return 0
    types = image.get("types")
    if not isinstance(types, list) or FRONT not in types:
        return None
    return 1 if types == [FRONT] else 2


def _urls(image: dict[str, Any]) -> Iterator[str]:
    thumbnails = image.get("thumbnails")
    sizes = thumbnails if isinstance(thumbnails, dict) else {}
    candidates = [
        *(sizes.get(size) for size in SIZES),
        image.get("image"),
        *(sizes.get(size) for size in LAST_RESORT),
    ]
    yield from (url for url in map(_secure, candidates) if url)


def _secure(url: Any) -> str | None:
    """Ask for https, which the archive's own listings do not; None for what is no web address."""
    try:
        parts = urlsplit(url.strip()) if isinstance(url, str) else None
        if parts is None or not parts.hostname or parts.scheme not in ("", "http", "https"):
            return None
        local = parts.hostname in LOOPBACK and parts.scheme
        return parts._replace(scheme=parts.scheme if local else "https").geturl()
    except ValueError:
        return None
