"""What is worth knowing beside an answer: how the picture was taken, and what would help."""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

from cratewatch.images.reading import has_frames
from cratewatch.retrieval.verdict import Verdict

NEAR_SQUARE = 1.3
"""Sides of a sleeve in a crop are seldom further apart; those of a photo are, 4:3 and more."""


def notes(file: bytes, image: Image.Image, verdict: Verdict | None) -> Iterator[str]:
    """Yield lines for people.

    Args:
        file: The picture's bytes.
        image: What was looked at of them.
    """
    if has_frames(file):
        yield "it has several frames: the first one is taken"
    if verdict in ("unsure", "unknown") and max(image.size) > NEAR_SQUARE * min(image.size):
        yield "it is far from square: crop it to the sleeve, if it shows more than that"
