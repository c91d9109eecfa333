"""A model ready to embed pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from cratewatch.embedding.net import EmbeddingNet, ModelConfig
from cratewatch.embedding.preprocessing import Grey, frame_cover, standardise, to_grey

Embeddings = npt.NDArray[np.float32]
"""(N, D), each row of unit length."""


class Embedder:
    """A model ready to embed, on the GPU where there is one."""

    def __init__(self, net: EmbeddingNet, config: ModelConfig, name: str) -> None:
        self.name = name
        self.config = config
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._net = net.eval().to(memory_format=torch.channels_last).to(self._device)

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
        batch = standardise(torch.from_numpy(np.stack(grey))[:, None].to(self._device))
        with torch.inference_mode():
            embeddings = self._net(batch.contiguous(memory_format=torch.channels_last))
        result: Embeddings = embeddings.cpu().numpy()
        return result


def batches(count: int, size: int) -> Iterator[slice]:
    """Yield slices that cover 0..count in steps of size."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))
