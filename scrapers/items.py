"""What spiders yield: the catalog's Release, and CoverItem."""

from __future__ import annotations

from dataclasses import dataclass, field

from cratewatch.catalog.records import Fetched, ItemKind, StoredImage
from cratewatch.images.covers import StoredCover


@dataclass
class CoverItem:
    """An image URL that the catalog wants or asks for again, filled in from pipeline to pipeline.

    Attributes:
        image_url: As the releases name it; the cover is linked to them by it.
        download_urls: Of the image file itself, the best one first, where image_url is only a
            listing of images.
        known: What the catalog has of it, if it is asked for again.
        is_known: Whether it turned out to be just that.
        fetched: The answer that gave the image.
        stored: Ready for the lake.
        artwork_id: Group of near-identical covers.
    """

    source: str
    image_url: str
    download_urls: tuple[str, ...] = ()
    known: StoredImage | None = None
    is_known: bool = False
    fetched: Fetched | None = None
    stored: StoredCover | None = field(default=None, repr=False)
    artwork_id: str = ""

    @property
    def kind(self) -> ItemKind:
        """Of the item in the ledger: a check that fails costs no cover."""
        return "check" if self.known else "cover"
