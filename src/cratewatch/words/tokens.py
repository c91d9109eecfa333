"""Keeps the tokens of pictures that were looked at lately, so that the next prompt finds them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np

from cratewatch.finding.quads import Rgb
from cratewatch.words.text_image import TextImageModel, Tokens

MOST_BYTES = 1 << 30
"""Some 1,200 pictures of BLIP base in half precision."""


class TokenCache:
    """Tokens by a picture's key; those used longest ago go first."""

    def __init__(self, model: TextImageModel, most_bytes: int = MOST_BYTES) -> None:
        self._model = model
        self._most_bytes = most_bytes
        self._kept: OrderedDict[str, Tokens] = OrderedDict()
        self._bytes = 0

    def of(self, keys: Sequence[str], pictures: Callable[[Sequence[str]], Sequence[Rgb]]) -> Tokens:
        """Return the tokens of pictures, (N, T, E), in the order of their keys.

        Args:
            pictures: Reads those that are not kept.
        """
        found = {key: self._kept[key] for key in keys if key in self._kept}
        if missing := [key for key in dict.fromkeys(keys) if key not in found]:
            looked = self._model.embed_images(pictures(missing), keeps_tokens=True).tokens
            if looked is None:
                raise ValueError(f"{self._model.name} keeps no tokens")
            found |= {key: one.copy() for key, one in zip(missing, looked, strict=True)}
        for key in keys:
            self._keep(key, found[key])
        return np.stack([found[key] for key in keys])

    def _keep(self, key: str, tokens: Tokens) -> None:
        if key not in self._kept:
            self._bytes += tokens.nbytes
            self._kept[key] = tokens
        self._kept.move_to_end(key)
        while self._bytes > self._most_bytes and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= gone.nbytes
