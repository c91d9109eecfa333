"""What a painting engine is asked for: a picture without occluders, and where to paint which."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.pixels import Rgb
from cratewatch.synthesis.scene import PhraseBox

Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PaintRequest:
    """One picture to paint occluders into.

    Attributes:
        image: (H, W, 3) uint8 RGB of any size and aspect, the scene without occluders.
        boxes: What to paint where; xyxy 0..1 of the image.
        masks: (H, W) bool, one for each box and inside it: where its occluder may be painted.
        seed: Everything random in the painting derives from it.
    """

    image: Rgb
    boxes: tuple[PhraseBox, ...]
    masks: tuple[Mask, ...]
    seed: int


class PaintEngine(Protocol):
    """Paints occluders; the same requests give the same bytes on the same kind of device."""

    @property
    def name(self) -> str:
        """Name of the engine, as labels and commands have it."""

    @property
    def batch(self) -> int:
        """Pictures that are painted together; with another number rounding may differ."""

    def paint(self, requests: Sequence[PaintRequest]) -> list[Rgb]:
        """Return a picture for each request, of its image's size.

        Outside the union of the masks it equals the image byte for byte.
        """
        ...
