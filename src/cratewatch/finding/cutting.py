"""From an image file to the sleeves in it, each cut out and flattened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from PIL import Image, ImageOps

from cratewatch.finding.finder import Finder, FoundSleeve
from cratewatch.finding.looking import Halvings
from cratewatch.finding.quads import area_of, side_of, widened
from cratewatch.images.reading import decode, pixels, shown_size

WHOLE_PX = 4096
"""Longer side, at most, at which a picture is searched."""
UPRIGHT_PX = 256
MARGIN = 0.075
"""Around an upright sleeve, in its sides: as queries are framed that models learn from."""
MOST_SLEEVES, MOST_DOUBTFUL = 40, 12
CROP_SHARE = 0.3
"""Share of a picture from which on a sleeve makes it a crop of that sleeve."""


@dataclass(frozen=True)
class Upright:
    """A sleeve cut out and flattened.

    Attributes:
        sleeve: Where it is; its corners begin at what is taken for the cover's own top left.
        image: UPRIGHT_PX square, with its MARGIN.
        mirrored: Whether the picture shows the cover mirrored.
    """

    sleeve: FoundSleeve
    image: Image.Image
    mirrored: bool = False

    def in_way(self, quarters: int, mirrored: bool) -> Self:
        """Return the sleeve turned by so many quarters, anticlockwise, and then mirrored."""
        image = self.image.rotate(90 * quarters)
        start = quarters + 1 if mirrored else quarters
        quad = np.roll(self.sleeve.quad, -start, axis=0)
        shown = ImageOps.mirror(image) if mirrored else image
        return replace(self, sleeve=replace(self.sleeve, quad=quad), image=shown, mirrored=mirrored)


@dataclass(frozen=True)
class SearchedPicture:
    """A picture in which sleeves were looked for.

    Attributes:
        image: At most WHOLE_PX a side; corners of sleeves are in its pixels.
        factor: Pixels of the picture as it is shown for each of the image.
        sleeves: The most prominent first.
        doubtful: What is a sleeve only if a gallery knows it.
    """

    image: Image.Image
    factor: float
    sleeves: tuple[Upright, ...]
    doubtful: tuple[Upright, ...] = ()

    @property
    def is_crop(self) -> bool:
        """Whether nothing was found, or a sleeve fills the picture."""
        if not self.sleeves:
            return True
        covered = area_of(self.sleeves[0].sleeve.quad)
        return covered >= CROP_SHARE * self.image.width * self.image.height


def search_picture(data: bytes, finder: Finder, *, doubts: bool = False) -> SearchedPicture:
    """Find the sleeves in an image file.

    Args:
        doubts: Whether to return what is doubtful, too.

    Raises:
        ImageError: as images.reading.decode().
    """
    image = decode(data, side_px=WHOLE_PX)
    factor = max(shown_size(data)) / max(image.size)
    halved = Halvings.of(pixels(image))
    config = finder.config
    found = finder.find_in([halved], config.doubt if doubts else config.accept)[0]
    sure = [one for one in found if one.score >= config.accept][:MOST_SLEEVES]
    unsure = [one for one in found if one.score < config.accept][:MOST_DOUBTFUL]
    sleeves, doubtful = (tuple(cut_upright(halved, one) for one in part) for part in (sure, unsure))
    return SearchedPicture(image, factor, sleeves, doubtful)


def cut_upright(picture: Halvings, sleeve: FoundSleeve) -> Upright:
    """Cut a sleeve out of a picture, the way up that its corners say."""
    step = int(np.log2(max(1.0, side_of(sleeve.quad) / UPRIGHT_PX)))
    image = picture.cut(widened(sleeve.quad, MARGIN), UPRIGHT_PX, step)
    return Upright(sleeve, Image.fromarray(image))
