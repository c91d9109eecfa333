"""A model ready to embed pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from cratewatch.embedding.arrays import Embeddings, Grey
from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.preprocessing import frame_cover, to_grey
from cratewatch.errors import CratewatchError


class Runtime(Protocol):
    """What runs a network."""

    def __call__(self, grey: npt.NDArray[np.uint8]) -> Embeddings:
        """Map (N, S, S) uint8 to (N, dim) float32, each row of unit length; N is not 0."""


class Embedder:
    """A model ready to embed."""

    def __init__(self, runtime: Runtime, config: ModelConfig, name: str) -> None:
        self.name = name
        self.config = config
        self._runtime = runtime

    def embed_queries(self, images: Sequence[Image.Image]) -> Embeddings:
        """Return (N, dim) float32, L2-normalised; the caller chooses the batch."""
        return self.embed_grey([to_grey(image, self.config.image_px) for image in images])

    def embed_covers(self, images: Sequence[Image.Image]) -> Embeddings:
        """Return (N, dim) float32, L2-normalised, of covers as the gallery holds them."""
        return self.embed_grey([frame_cover(image, self.config) for image in images])

    def embed_grey(self, grey: Sequence[Grey]) -> Embeddings:
        """Return (N, dim) float32, L2-normalised, of pictures of side config.image_px."""
        if not grey:
            return np.zeros((0, self.config.dim), np.float32)
        return self._runtime(np.stack(grey))

    def warm_up(self) -> None:
        """Embed a blank picture: the first one takes longest.

        Raises:
            CratewatchError: if the model does not make of it what its configuration promises.
        """
        blank = np.zeros((self.config.image_px, self.config.image_px), np.uint8)
        try:
            made = self.embed_grey([blank])
        except RuntimeError as error:  # what PyTorch and OpenVINO say of sizes that do not fit
            reason = str(error).strip().splitlines()[-1]
            raise self._misfit(
                f"cannot embed a picture of {self.config.image_px} px ({reason})"
            ) from error
        if made.shape != (1, self.config.dim):
            raise self._misfit(
                f"makes embeddings of {made.shape[1]} numbers, not {self.config.dim}"
            )

    def _misfit(self, what: str) -> CratewatchError:
        return CratewatchError(
            f"model {self.name}: it {what}, against its config.json; copy the whole folder anew, "
            "or export and train again"
        )
