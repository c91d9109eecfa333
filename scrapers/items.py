"""What spiders yield: the catalog's Release, and CoverItem."""

from __future__ import annotations

from dataclasses import dataclass, field

from cratewatch.images.covers import StoredCover


@dataclass
class CoverItem:
    """An image URL that the catalog wants, filled in from pipeline to pipeline.

    Attributes:
        image_url: As the releases name it; the cover is linked to them by it.
        download_urls: Of the image file itself, the best one first, where image_url is only a
            listing of images.
        download_url: The one of them that gave the image.
        stored: Ready for the lake.
        artwork_id: Group of near-identical covers.
    """

    source: str
    image_url: str
    download_urls: tuple[str, ...] = ()
    download_url: str | None = None
    stored: StoredCover | None = field(default=None, repr=False)
    artwork_id: str = ""
