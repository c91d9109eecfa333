"""A picture of any size in the model's square and back: scaled and padded, never cropped."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.painting import Mask
from cratewatch.synthesis.pixels import Rgb


@dataclass(frozen=True)
class Fit:
    """Where a picture lies in a square; lengths in pixels.

    Attributes:
        height: Of the picture itself.
        width: Of the picture itself.
        rows: Of the picture in the square.
        columns: Of the picture in the square.
        side: Of the square.
    """

    height: int
    width: int
    rows: int
    columns: int
    side: int

    @property
    def top(self) -> int:
        """First row of the picture in the square."""
        return (self.side - self.rows) // 2

    @property
    def left(self) -> int:
        """First column of the picture in the square."""
        return (self.side - self.columns) // 2

    def image(self, image: Rgb) -> Rgb:
        """Return (side, side, 3); the picture's edge pixels go on in the padding."""
        shrinks = self.rows < self.height
        way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        scaled = cv2.resize(image, (self.columns, self.rows), interpolation=way)
        bottom, right = self.side - self.rows - self.top, self.side - self.columns - self.left
        padded = cv2.copyMakeBorder(
            scaled, self.top, bottom, self.left, right, cv2.BORDER_REPLICATE
        )
        return np.asarray(padded, dtype=np.uint8)

    def mask(self, mask: Mask) -> Mask:
        """Return (side, side), true wherever a pixel of the mask has a share."""
        scaled = cv2.resize(
            mask.astype(np.float32), (self.columns, self.rows), interpolation=cv2.INTER_AREA
        )
        square = np.zeros((self.side, self.side), dtype=np.bool_)
        square[self.top : self.top + self.rows, self.left : self.left + self.columns] = scaled > 0
        return square

    def box(self, xyxy: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        """Return a box, 0..1 of the picture, as 0..1 of the square."""
        x0, y0, x1, y1 = xyxy
        return (
            (self.left + x0 * self.columns) / self.side,
            (self.top + y0 * self.rows) / self.side,
            (self.left + x1 * self.columns) / self.side,
            (self.top + y1 * self.rows) / self.side,
        )

    def back(self, square: Rgb) -> Rgb:
        """Return what lies in the picture's place, (height, width, 3)."""
        inner = square[self.top : self.top + self.rows, self.left : self.left + self.columns]
        shrinks = self.rows > self.height
        way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        scaled = cv2.resize(inner, (self.width, self.height), interpolation=way)
        return np.asarray(scaled, dtype=np.uint8)


def fit(image: Rgb, side: int) -> Fit:
    """Fit a picture into a square; its longer side becomes the square's."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    return Fit(height, width, rows, columns, side)


def cells(mask: Mask, cell_px: int) -> Mask:
    """Return a square mask by cells of the latent grid: true where any of a cell's pixels is."""
    n = mask.shape[0] // cell_px
    return np.asarray(mask.reshape(n, cell_px, n, cell_px).any(axis=(1, 3)), dtype=np.bool_)


def paste(image: Rgb, painted: Rgb, mask: Mask, feather_px: float) -> Rgb:
    """Return the image with what was painted inside the mask; outside, its own bytes.

    The painting fades in over feather_px from the mask's border inwards. Where the mask leaves the
    picture it has no border, so that an arm does not fade out at the picture's edge.
    """
    result = image.copy()
    if not mask.any():
        return result
    share = _fade(mask, feather_px)[mask][:, None]
    under, over = image[mask].astype(np.float32), painted[mask].astype(np.float32)
    result[mask] = np.rint(under + share * (over - under)).astype(np.uint8)
    return result


def _fade(mask: Mask, feather_px: float) -> npt.NDArray[np.float32]:
    if mask.all():
        return np.ones(mask.shape, dtype=np.float32)
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    share = np.minimum(depth / np.float32(feather_px + 1.0), np.float32(1.0))
    return np.asarray(share, dtype=np.float32)
