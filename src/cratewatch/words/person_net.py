"""Our own network of persons and words: small enough to be trained on a CPU.

Pictures go through an ImageNet trunk; traits are read off its map and an embedding beside them.
Texts go through convolutions over words, each of which votes for the traits that it tells. Whether
a text fits is told by how probable its traits are, and those that it could have told and did not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from cratewatch.embedding.mobilenet_v1 import CHANNELS, WIDTH, MobileNetV1, load_npz
from cratewatch.errors import CratewatchError
from cratewatch.words.net import Read, Spelled, Traits
from cratewatch.words.spelling import BUCKETS, spell
from cratewatch.words.train_config import PersonNetConfig
from cratewatch.words.traits import TRAITS

RARE = 0.1
"""The share of persons who have a trait, for which an untrained network takes it."""


class TextTower(nn.Module):
    """Words by their letters, in the light of their neighbours."""

    def __init__(self, width: int, dim: int) -> None:
        super().__init__()
        self.letters = nn.EmbeddingBag(BUCKETS, width, mode="sum", padding_idx=0)
        self.mixes = nn.ModuleList(_Mix(width) for _ in range(3))
        self.told = nn.Linear(width, len(TRAITS))
        self.bar = nn.Parameter(torch.full((len(TRAITS),), -4.0))
        self.open = nn.Linear(2 * width, len(TRAITS))
        self.vector = nn.Sequential(
            nn.Linear(2 * width + len(TRAITS), dim), nn.GELU(), nn.Linear(dim, dim)
        )

    def forward(self, texts: Spelled) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits of the traits told, those of untold ones being denied, and vectors."""
        count, length, groups = texts.ids.shape
        words = self.letters(texts.ids.view(count * length, groups)).view(count, length, -1)
        keep = texts.mask[..., None].float()
        words = words * keep
        for mix in self.mixes:
            words = mix(words) * keep
        votes = self.told(words).masked_fill(~texts.mask[..., None], -20.0)
        told = votes.amax(dim=1) + self.bar
        pooled = torch.cat([words.sum(1) / keep.sum(1).clamp(min=1), words.amax(dim=1)], dim=1)
        vectors = self.vector(torch.cat([pooled, told.sigmoid()], dim=1))
        return told, self.open(pooled), functional.normalize(vectors, dim=1)


class _Mix(nn.Module):
    """A residual layer: each word with the three on either side."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.around = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.change = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, words: Tensor) -> Tensor:
        mixed = self.around(words.transpose(1, 2)).transpose(1, 2)
        changed: Tensor = self.change(self.norm(mixed + words))
        return words + changed


class PersonNet(nn.Module):
    """Pictures of persons and texts, to vectors of unit length and to what fits."""

    speaks = False

    def __init__(self, config: PersonNetConfig, trunk: Path | None = None, frozen: int = 0) -> None:
        """Build the network.

        Args:
            trunk: MobileNetV1's weights as TensorFlow names them; None for random ones.
            frozen: Blocks of the trunk, the first ones, that do not learn.

        Raises:
            CratewatchError: if the file cannot be read or holds other weights.
        """
        super().__init__()
        self.config = config
        self.size_px = (config.height_px, config.height_px // 2)
        self.trunk = _trunk(trunk, config.blocks)
        self._frozen = frozen
        self.trunk[:frozen].requires_grad_(requires_grad=False)
        self.dim = config.dim
        features = 2 * round(WIDTH * CHANNELS[config.blocks - 1])
        self.norm = nn.BatchNorm1d(features)
        self.dropout = nn.Dropout(config.dropout)
        self.seen = nn.Linear(features, len(TRAITS))
        self.vector = nn.Linear(features, config.dim)
        self.text = TextTower(config.text_width, config.dim)
        self.weights = nn.Parameter(torch.full((2, len(TRAITS)), 0.1))
        self.cosine = nn.Parameter(torch.tensor(5.0))
        self.bias = nn.Parameter(torch.tensor(2.0))
        nn.init.constant_(self.seen.bias, math.log(RARE / (1 - RARE)))

    def train(self, mode: bool = True) -> PersonNet:
        """Train or not; the norms of frozen blocks stay as they were."""
        super().train(mode)
        self.trunk[: self._frozen].eval()
        return self

    def spell(self, texts: Sequence[str]) -> Spelled:
        """Return texts as hashed letters."""
        ids = torch.from_numpy(spell(texts))
        mask = ids.any(dim=2)
        mask[:, 0] = True
        return Spelled(ids, mask)

    def see(self, pictures: Tensor) -> Tensor:
        """Return the trunk's map, a token for each place."""
        scaled = pictures.permute(0, 3, 1, 2).float() / 127.5 - 1
        maps = self.trunk(scaled.contiguous(memory_format=torch.channels_last))
        tokens: Tensor = maps.flatten(2).transpose(1, 2).float()
        return tokens

    def features(self, tokens: Tensor) -> Tensor:
        """Return (N, 2 * channels of the trunk): what there is on average, and at its strongest."""
        pooled = torch.cat([tokens.mean(dim=1), tokens.amax(dim=1)], dim=1)
        features: Tensor = self.dropout(self.norm(pooled))
        return features

    def seen_traits(self, tokens: Tensor) -> Tensor:
        """Return logits (N, number of traits)."""
        logits: Tensor = self.seen(self.features(tokens))
        return logits

    def image_vectors(self, tokens: Tensor) -> Tensor:
        """Return (N, D) of unit length."""
        return functional.normalize(self.vector(self.features(tokens)), dim=1)

    def read(self, texts: Spelled) -> Read:
        """Return logits of traits told, logits of untold ones being denied, and vectors."""
        return Read(texts, self.text(texts))

    def text_vectors(self, texts: Read) -> Tensor:
        """Return (N, D) of unit length."""
        return texts.states[2]

    def match(self, tokens: Tensor, texts: Read) -> Tensor:
        """Return logits (N, 2)."""
        features = self.features(tokens)
        seen, vectors = self.seen(features), functional.normalize(self.vector(features), dim=1)
        told, denied, text_vectors = texts.states
        there = told.sigmoid()
        reward, penalty = self.weights
        agreement = (there * reward * functional.logsigmoid(seen)).sum(1)
        absence = (1 - there) * denied.sigmoid() * penalty * functional.logsigmoid(-seen)
        cosine = (vectors * text_vectors).sum(1)
        fits = agreement + absence.sum(1) + self.cosine * cosine + self.bias
        return torch.stack([torch.zeros_like(fits), fits], dim=1)

    def speak(self, tokens: Tensor, texts: Spelled) -> Tensor:  # noqa: ARG002  as WordsNet has it
        """Refuse: its captions are made of the traits that it sees."""
        raise ValueError("PersonNet: it says nothing itself; make captions of what it sees")

    def trait_loss(self, tokens: Tensor, texts: Read, traits: Traits) -> Tensor:
        """Return the cross-entropy of traits seen and told, a tenth of its sum over traits."""
        loss = tokens.new_zeros(())
        if traits.seen is not None:
            loss = loss + _per_trait(self.seen_traits(tokens), traits.seen)
        if traits.told is not None:
            loss = loss + _per_trait(texts.states[0], traits.told)
        return loss


def _per_trait(logits: Tensor, wanted: Tensor) -> Tensor:
    loss = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    return loss.sum(dim=1).mean() / 10


def _trunk(file: Path | None, blocks: int) -> nn.Sequential:
    """Return the first blocks of MobileNetV1."""
    whole = MobileNetV1()
    if file is not None:
        try:
            load_npz(whole, file)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise CratewatchError(
                f"--trunk {file}: these are no weights of MobileNetV1 ({error})"
            ) from error
    return nn.Sequential(*list(whole.blocks)[:blocks])
