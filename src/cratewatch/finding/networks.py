"""What runs the finder's two networks."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from cratewatch.finding.quads import Rgb

Plane = npt.NDArray[np.float32]


class Networks(Protocol):
    """A proposer and a refiner, ready to run; see finding.net for what they say."""

    def propose(self, pictures: Rgb) -> tuple[Plane, Plane]:
        """Map (N, H, W, 3) to logits (N, h, w) and offsets (N, 8, h, w)."""

    def refine(self, patches: Rgb, shapes: Plane) -> tuple[Plane, Plane]:
        """Map (N, PATCH_PX, PATCH_PX, 3) and their quads' shape_of(), (N, 5), N not 0.

        Returns:
            Logits (N,) and moves (N, 8).
        """
