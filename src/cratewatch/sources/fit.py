"""Which releases the catalog could not hold or show."""

from __future__ import annotations

from cratewatch.catalog.records import MAX_KEY, MAX_URL, Release


def unfit(release: Release) -> str:
    """Return the reason for which a release is refused, "" if it is not."""
    if not release.title:
        return "no_title"
    return "id_too_long" if len(release.release_id.encode()) > MAX_KEY else ""


def has_endless_image(release: Release) -> bool:
    """Whether no index could hold the address of its image; it is listed without."""
    return len((release.image_url or "").encode()) > MAX_URL
