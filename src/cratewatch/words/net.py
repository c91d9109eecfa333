"""What training by words asks of a network, whichever it is: ours, or BLIP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True)
class Spelled:
    """Texts as a network reads them.

    Attributes:
        ids: (N, L), or (N, L, G) where a word is several groups of letters.
        mask: (N, L) bool, false behind the end of a text.
    """

    ids: Tensor
    mask: Tensor

    def __getitem__(self, rows: Tensor) -> Spelled:
        """Return the texts of some rows."""
        return Spelled(self.ids[rows], self.mask[rows])

    def to(self, device: torch.device) -> Spelled:
        """Move them to a device."""
        return Spelled(self.ids.to(device), self.mask.to(device))


@dataclass(frozen=True)
class Read:
    """Texts and what a text tower makes of them, once for all that asks for it.

    Attributes:
        states: Tensors whose first dimension is that of the texts.
    """

    texts: Spelled
    states: tuple[Tensor, ...]

    def __getitem__(self, rows: Tensor) -> Read:
        """Return what belongs to some rows."""
        return Read(self.texts[rows], tuple(state[rows] for state in self.states))


@dataclass(frozen=True)
class Traits:
    """What is known of pairs, (N, number of traits) float32 each, 0 or 1.

    Attributes:
        seen: Traits of the pictures; None where data tell none.
        told: Traits that the texts tell.
    """

    seen: Tensor | None
    told: Tensor | None


class WordsNet(Protocol):
    """A network of pictures and texts.

    Attributes:
        size_px: Height and width of the pictures that it sees.
        dim: Length of its vectors.
        speaks: Whether speak() says something.
    """

    size_px: tuple[int, int]
    dim: int
    speaks: bool

    def spell(self, texts: Sequence[str]) -> Spelled:
        """Return texts as the network reads them."""

    def see(self, pictures: Tensor) -> Tensor:
        """Return image tokens (N, T, E) of pictures (N, H, W, 3) of 0..255."""

    def image_vectors(self, tokens: Tensor) -> Tensor:
        """Return (N, D) of unit length."""

    def read(self, texts: Spelled) -> Read:
        """Return what the text tower makes of texts."""

    def text_vectors(self, texts: Read) -> Tensor:
        """Return (N, D) of unit length."""

    def match(self, tokens: Tensor, texts: Read) -> Tensor:
        """Return logits (N, 2) that text n does not fit picture n, and that it does."""

    def speak(self, tokens: Tensor, texts: Spelled) -> Tensor:
        """Return logits (N, L, V) of the token after each one."""

    def trait_loss(self, tokens: Tensor, texts: Read, traits: Traits) -> Tensor:
        """Return what it costs not to know the traits; 0 for a network that has none."""
