"""A picture that somebody asks about, as far as it was read."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from PIL import Image

from cratewatch.images.reading import decode


@dataclass(frozen=True)
class Picture:
    """A picture that was read.

    Attributes:
        data: Its file.
        size_px: Width and height as it is shown.
        small_px: Longer side at which the whole of it is compared with covers.
    """

    name: str
    data: bytes
    size_px: tuple[int, int]
    small_px: int

    @functools.cached_property
    def image(self) -> Image.Image:
        """The whole of it, small; whole photographs do not stay in memory.

        Raises:
            ImageError: as decode().
        """
        return decode(self.data, side_px=self.small_px)
