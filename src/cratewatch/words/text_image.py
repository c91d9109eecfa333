"""What a model of texts and pictures does, whichever it is: BLIP, CLIP, SigLIP, or one of ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from cratewatch.finding.quads import Rgb

Embeddings = npt.NDArray[np.float32]
"""(N, dim), each row of unit length."""
Scores = npt.NDArray[np.float32]
Logits = npt.NDArray[np.float32]
Tokens = npt.NDArray[Any]
"""What the vision tower makes of pictures before it is pooled: (N, T, E), float16 or float32."""


@dataclass(frozen=True)
class EmbeddedPictures:
    """Pictures as a model sees them.

    Attributes:
        embeddings: (N, dim) float32, each row of unit length.
        tokens: (N, T, E), for match() and caption(); None unless asked for, or if the model has
            no second stage.
    """

    embeddings: Embeddings
    tokens: Tokens | None = None


class TextImageModel(Protocol):
    """Compares texts with pictures.

    Attributes:
        name: Lower case, digits and underscores; changes with its weights. Names a collection.
        dim: Length of embeddings.
        can_match: Whether it has a second stage.
        can_caption: Whether it says what a picture shows.
    """

    name: str
    dim: int
    can_match: bool
    can_caption: bool

    def embed_images(
        self, pictures: Sequence[Rgb], *, keeps_tokens: bool = False
    ) -> EmbeddedPictures:
        """Embed pictures, each (H, W, 3) uint8 RGB of any size."""

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        """Embed texts; what is longer than the model reads is cut."""

    def scores(self, text: str, cosines: Scores) -> Scores:
        """Return what people see in place of cosines of a text, (N,); 1 is best, the order stays.

        It is what a threshold of similarity compares.
        """

    def match(self, text: str, image_tokens: Tokens) -> Logits:
        """Return the logit that a text and each picture fit, (N,); see embed_images() for tokens.

        Raises:
            ValueError: if the model has no second stage.
        """

    def caption(self, pictures: Sequence[Rgb], image_tokens: Tokens | None = None) -> list[str]:
        """Say what pictures show.

        Args:
            image_tokens: What embed_images() kept of them, so that they are not looked at again
                where captions are made by the same vision tower.

        Raises:
            ValueError: if the model makes no captions.
        """
