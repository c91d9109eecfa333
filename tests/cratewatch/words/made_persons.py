"""Persons of random blocks with random looks, each unlike all others."""

from __future__ import annotations

import cv2
import numpy as np

from cratewatch.words.attributes import COLOURS
from cratewatch.words.datasets import Person
from cratewatch.words.traits import GROUPS, Look


def made_look(number: int) -> Look:
    """Return the look of a number: those of 0 to 120 differ."""
    upper, lower = divmod(number, len(COLOURS))
    rng = np.random.default_rng(number)
    return frozenset(
        [
            f"upper:{COLOURS[upper % len(COLOURS)]}",
            f"lower:{COLOURS[lower]}",
            str(rng.choice(GROUPS["carried"])),
            str(rng.choice(GROUPS["feet"])),
        ]
    )


def made_picture(number: int, *, noise: float = 0.0, seed: int = 0) -> bytes:
    """Return a PNG file of 32 x 16 px."""
    blocks = np.random.default_rng(number).integers(0, 256, (4, 2, 3))
    picture = blocks.repeat(8, 0).repeat(8, 1).astype(np.float64)
    picture += np.random.default_rng([number, seed]).normal(0, noise, picture.shape)
    written, data = cv2.imencode(".png", picture.clip(0, 255).astype(np.uint8))
    assert written
    return data.tobytes()


def made_persons(count: int, each: int = 1) -> list[Person]:
    """Return pictures of persons, several of each."""
    return [
        Person(f"p{number}", made_picture(number, noise=8.0, seed=one), made_look(number))
        for number in range(count)
        for one in range(each)
    ]
