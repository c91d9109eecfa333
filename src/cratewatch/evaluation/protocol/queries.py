"""Queries of a severity and sleeve size, drawn of one cover after the other."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from cratewatch.evaluation.protocol.query import Rgba, draw_protocol_query


@dataclass(frozen=True)
class LabelledQuery:
    """A query's JPEG and the artwork that it shows."""

    jpeg: bytes
    artwork: str

    @property
    def image(self) -> Image.Image:
        """The picture, decoded when it is used."""
        return Image.open(io.BytesIO(self.jpeg))


def draw_queries(  # noqa: PLR0913, PLR0917
    covers: Sequence[tuple[str, npt.NDArray[np.uint8]]],
    count: int,
    severity: float,
    sleeve_px: int,
    hands: Sequence[Rgba],
    seed: int,
) -> Iterator[LabelledQuery]:
    """Draw queries of a severity and size, going through the covers in an order of its own.

    Args:
        covers: Artwork id and (H, W, 3) uint8 picture of each.
        count: May exceed the number of covers; each is then drawn several times, never alike.
    """
    order = np.random.default_rng(seed).permutation(len(covers))
    for number in range(count):
        artwork, cover = covers[int(order[number % len(covers)])]
        own_seed = int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0])
        yield LabelledQuery(
            draw_protocol_query(cover, own_seed, severity, sleeve_px, hands), artwork
        )
