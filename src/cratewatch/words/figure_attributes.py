"""Tells attributes and colours by a model that ships and was fitted to drawn figures alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from cratewatch.errors import CratewatchError
from cratewatch.finding.quads import Rgb
from cratewatch.footage.appearance import Appearance
from cratewatch.words.attributes import SENSITIVE, Attributes

SHIPPED_FIGURES = Path(__file__).parent / "shipped" / "figures.safetensors"


class FigureAttributes:
    """Tells what clothes persons wear from how re-identification sees them.

    See attributes.AttributeModel.
    """

    def __init__(
        self, file: Path = SHIPPED_FIGURES, threads: int = 0, *, tells_sex: bool = False
    ) -> None:
        """Load the model.

        Args:
            threads: That compute; 0: one for each core.
            tells_sex: Whether sex is among the terms.

        Raises:
            CratewatchError: if the file that ships is missing or damaged.
        """
        try:
            with safe_open(file, "numpy") as opened:
                terms = opened.metadata()["terms"].split()
                weights, offsets = opened.get_tensor("weights"), opened.get_tensor("offsets")
        except (OSError, KeyError, TypeError, SafetensorError) as error:
            raise CratewatchError(
                f"{file}: the model of figures that ships with cratewatch is missing or damaged; "
                "install cratewatch again"
            ) from error
        told = [n for n, term in enumerate(terms) if tells_sex or term not in SENSITIVE]
        self.terms = tuple(terms[n] for n in told)
        self._weights, self._offsets = weights[:, told], offsets[told]
        digest = hashlib.sha256(self._weights.tobytes() + self._offsets.tobytes())
        self.name = f"figures_{digest.hexdigest()[:10]}"
        self._appearance = Appearance(threads=threads)

    def look(self, crops: Sequence[Rgb]) -> list[Attributes]:
        """Return what it sees in crops of whole persons, each (H, W, 3) uint8 RGB of any size."""
        seen: list[Attributes] = []
        for crop in crops:
            height, width = crop.shape[:2]
            embedded = self._appearance.embed(crop, [(0, 0, width, height)])
            odds = np.clip(embedded @ self._weights + self._offsets, -30, 30)
            told = (1 / (1 + np.exp(-odds[0]))).tolist()
            seen.append(Attributes(dict(zip(self.terms, told, strict=True))))
        return seen
