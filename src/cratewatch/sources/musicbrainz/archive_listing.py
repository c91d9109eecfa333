"""Which image of a Cover Art Archive listing is the front, and at which size to fetch it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from cratewatch.sources.source import LOOPBACK

# A stored cover has at most 1200 px. Where the archive has no thumbnail of that size, 500 px
# serve better than the original, which may be a scan of tens of megabytes. Listings written
# before 2018 name the sizes large (500) and small (250).
SIZES = ("1200", "500", "large")
LAST_RESORT = ("250", "small")


def front_image_url(listing: Any) -> str | None:
    """Return the URL of the front image, or None if the listing has none."""
    if not isinstance(listing, dict):
        return None
    images = [image for image in listing.get("images") or [] if isinstance(image, dict)]
    front = next((image for image in images if _is_front(image)), None)
    return _best_url(front) if front else None


def _is_front(image: dict[str, Any]) -> bool:
    return bool(image.get("front")) or "Front" in (image.get("types") or [])


def _best_url(image: dict[str, Any]) -> str | None:
    thumbnails = image.get("thumbnails") or {}
    urls = [
        *(thumbnails.get(size) for size in SIZES),
        image.get("image"),
        *(thumbnails.get(size) for size in LAST_RESORT),
    ]
    return next((_secure(url) for url in urls if url), None)


def _secure(url: str) -> str:
    """Ask for https, which the archive's own listings do not."""
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return parts._replace(scheme="https").geturl()
    return url
