"""What is worth knowing beside an answer: how the picture was taken, and what would help."""

from __future__ import annotations

from collections.abc import Iterator

from cratewatch.images.reading import has_frames
from cratewatch.retrieval.answers import Answer

NEAR_SQUARE = 1.3
"""Sides of a sleeve in a crop are seldom further apart; those of a photo are, 4:3 and more."""


def notes(file: bytes, size_px: tuple[int, int], answer: Answer) -> Iterator[str]:
    """Yield lines for people.

    Args:
        file: The picture's bytes.
        size_px: Its width and height.
        answer: To the picture, with its sleeves.
    """
    if has_frames(file):
        yield "it has several frames: the first one is taken"
    unclear = answer.verdict in ("unsure", "unknown")
    if unclear and not answer.sleeves and max(size_px) > NEAR_SQUARE * min(size_px):
        yield "it is far from square: crop it to the sleeve, if it shows more than that"
