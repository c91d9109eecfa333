"""What the networks of a finder are, and how its pictures are looked at; one place for each."""

from __future__ import annotations

from dataclasses import dataclass

STRIDE = 8
"""Pixels of a picture for each place of the heat map."""
OFFSET_PX = 32.0
"""Pixels of one unit of a corner's offset from its place."""
PATCH_PX = 96
"""Side of the rectified patch at which corners are looked at a second time."""
PATCH_MARGIN = 0.3
"""What a patch keeps around the sleeve, in sides of the sleeve."""


@dataclass(frozen=True)
class FinderConfig:
    """How a picture is searched.

    Attributes:
        share: Of a picture's pixels that the largest level keeps,
        least_px: but not fewer than these, if the picture has them,
        most_px: and not more than these.
        smallest_px: Short side from which on no smaller level is looked at.
        propose: Score from which a place of the heat map is looked at again.
        most: Proposals of one picture that are looked at again.
        looks: How often corners are looked at again.
        accept: Score from which a proposal is a sleeve.
        doubt: Score from which it is one if a gallery knows it.
        overlap: Intersection over union from which two quads are one sleeve.
        inside: Share of a quad within a larger one from which it is a part of that sleeve.
    """

    share: float = 0.64
    least_px: int = 512 * 384
    most_px: int = 900_000
    smallest_px: int = 140
    propose: float = 0.15
    most: int = 60
    looks: int = 3
    accept: float = 0.56
    doubt: float = 0.3
    overlap: float = 0.4
    inside: float = 0.85
