"""Smooth-edged shapes, drawn in place, and colours between colours."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.demo.artwork.canvas import Colour, Mask, Pixels

Vector = npt.NDArray[np.float64]
Point = tuple[float, float] | Vector
Points = Sequence[Point] | Vector
Oval = tuple[float, float, float]
"""Half the width and half the height of an ellipse, and its turn in degrees."""

FILL = -1
OPAQUE = (255, 255, 255)
"""The colour that fills a mask."""


def circle(
    picture: Pixels | Mask, centre: Point, radius: float, colour: Colour, thick_px: float = FILL
) -> None:
    """Draw a circle, or its outline where a thickness is given."""
    cv2.circle(picture, _at(centre), max(0, round(radius)), colour, _thick(thick_px), cv2.LINE_AA)


def ellipse(
    picture: Pixels | Mask, centre: Point, oval: Oval, colour: Colour, thick_px: float = FILL
) -> None:
    """Draw an ellipse, or its outline where a thickness is given."""
    half, thick = (max(0, round(oval[0])), max(0, round(oval[1]))), _thick(thick_px)
    cv2.ellipse(picture, _at(centre), half, oval[2], 0, 360, colour, thick, cv2.LINE_AA)


def dome(picture: Pixels, centre: Point, axes: tuple[float, float], colour: Colour) -> None:
    """Fill the upper half of an ellipse."""
    half = max(0, round(axes[0])), max(0, round(axes[1]))
    cv2.ellipse(picture, _at(centre), half, 0, 180, 360, colour, FILL, cv2.LINE_AA)


def rectangle(
    picture: Pixels, corner: Point, opposite: Point, colour: Colour, thick_px: float = FILL
) -> None:
    """Draw an upright rectangle, or its outline where a thickness is given."""
    cv2.rectangle(picture, _at(corner), _at(opposite), colour, _thick(thick_px))


def polygon(picture: Pixels | Mask, corners: Points, colour: Colour) -> None:
    """Fill a polygon."""
    cv2.fillPoly(picture, [_curve(corners)], colour, cv2.LINE_AA)


def line(picture: Pixels | Mask, points: Points, colour: Colour, thick_px: float) -> None:
    """Draw a line through all points."""
    cv2.polylines(picture, [_curve(points)], False, colour, _thick(thick_px), cv2.LINE_AA)


def smooth(knots: Points) -> Vector:
    """Return a curve near the knots: corners cut four times, as Chaikin does."""
    curve = np.asarray(knots, np.float64)
    for _ in range(4):
        first, second = curve[:-1], curve[1:]
        cut = np.stack([first * 0.75 + second * 0.25, first * 0.25 + second * 0.75], axis=1)
        curve = np.vstack([curve[:1], cut.reshape(-1, 2), curve[-1:]])
    return curve


def around(angles: npt.ArrayLike) -> Vector:
    """Return the directions (N, 2) of angles in radians."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def evenly(n: int) -> Vector:
    """Return n directions, evenly around the circle."""
    return around(np.arange(n) * 2 * np.pi / n)


def between(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour at a share of the way from the first to the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def darker(colour: Colour, factor: float) -> Colour:
    """Return the colour times a factor; above 1 it is lighter."""
    red, green, blue = (min(255, round(value * factor)) for value in colour)
    return red, green, blue


def turned(pixels: Pixels, degrees: float, scale: float, border: Colour = (0, 0, 0)) -> Pixels:
    """Return the pixels turned about their middle."""
    height, width = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    return np.asarray(cv2.warpAffine(pixels, turn, (width, height), borderValue=border), np.uint8)


def _at(point: Point) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def _thick(thick_px: float) -> int:
    return FILL if thick_px == FILL else max(1, round(thick_px))


def _curve(points: Points) -> npt.NDArray[np.int32]:
    return np.asarray(np.round(np.asarray(points)), np.int32)
