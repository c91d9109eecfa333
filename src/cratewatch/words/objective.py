"""The losses of a batch of pairs: contrast, matching, language and traits, weighed."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from cratewatch.training.gradients import world
from cratewatch.words.averaging import follow
from cratewatch.words.losses import (
    IGNORED,
    contrast_loss,
    draw_hard_negatives,
    language_loss,
    match_loss,
    same_pairs,
)
from cratewatch.words.net import Read, Spelled, Traits
from cratewatch.words.train_config import WordsConfig

SHARPEST = 100.0
"""The largest scale, one over the temperature, as CLIP has it."""


@dataclass(frozen=True)
class Pairs:
    """A batch where it is computed on: pictures (N, H, W, 3) of 0..255, see pairs.Batch."""

    pictures: Tensor
    texts: Spelled
    persons: Tensor
    captions: Tensor
    traits: Traits


class Objective(nn.Module):
    """Holds the network, the temperature and the memory; maps a batch to its loss."""

    def __init__(self, net: Any, dim: int, config: WordsConfig) -> None:
        """Build the memory.

        Args:
            net: A WordsNet.
            dim: Length of its vectors.
        """
        super().__init__()
        self.net: Any = net
        self._config = config
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / config.temperature)))
        self.slow = (
            copy.deepcopy(net).requires_grad_(requires_grad=False) if config.memory else None
        )
        rows = config.memory
        self.filled: Tensor
        self.register_buffer("kept_images", torch.zeros(rows, dim))
        self.register_buffer("kept_texts", torch.zeros(rows, dim))
        self.register_buffer("kept_persons", torch.full((rows,), -1))
        self.register_buffer("kept_captions", torch.full((rows,), -1))
        self.register_buffer("filled", torch.tensor(0))

    def forward(self, pairs: Pairs, generator: torch.Generator) -> dict[str, Tensor]:
        """Return each loss, weighed; their sum is what is gone down."""
        net, config = self.net, self._config
        tokens = net.see(pairs.pictures)
        read = net.read(pairs.texts)
        images, texts = net.image_vectors(tokens).float(), net.text_vectors(read).float()
        losses = {"contrast": self._contrast(images, texts, pairs)}
        if config.matching:
            similarity = (images @ texts.T).detach() * self.scale().detach()
            losses["matching"] = config.matching * self._matching(
                tokens, read, similarity, pairs, generator
            )
        if config.language and net.speaks:
            spoken = net.speak(tokens, pairs.texts)
            wanted = pairs.texts.ids.masked_fill(~pairs.texts.mask, IGNORED)
            losses["language"] = config.language * language_loss(spoken, wanted)
        if config.traits:
            losses["traits"] = config.traits * net.trait_loss(tokens, read, pairs.traits)
        return losses

    def scale(self) -> Tensor:
        """Return one over the temperature."""
        return self.log_scale.exp().clamp(max=SHARPEST)

    def _contrast(self, images: Tensor, texts: Tensor, pairs: Pairs) -> Tensor:
        """Return the loss of the batch of all workers, of which each takes its own gradient."""
        count = world()[1]
        scale = self.scale()
        # Workers' gradients are averaged: those of vectors are shares of one sum, while that of
        # the temperature is the same one on each.
        scale = scale / count + scale.detach() * (1 - 1 / count)
        images, texts = _everyone(images), _everyone(texts)
        persons, captions = _everyone(pairs.persons), _everyone(pairs.captions)
        keys = (self._with_kept("images", images), self._with_kept("texts", texts))
        others = (self._with_kept("persons", persons), self._with_kept("captions", captions))
        same = same_pairs(persons, captions, others)
        loss = contrast_loss(images, texts, same, scale, keys)
        return loss + (count - 1) * (loss - loss.detach())  # told as it is, gone down count times

    def _with_kept(self, name: str, rows: Tensor) -> Tensor:
        kept: Tensor = getattr(self, f"kept_{name}")
        return torch.cat([rows, kept[: int(self.filled)]])

    def _matching(
        self,
        tokens: Tensor,
        read: Read,
        similarity: Tensor,
        pairs: Pairs,
        generator: torch.Generator,
    ) -> Tensor:
        """Return the loss over the pairs and, of each picture and each text, a hard negative."""
        own = (pairs.persons, pairs.captions)
        same = same_pairs(*own, own)
        texts = draw_hard_negatives(similarity, same, generator)
        images = draw_hard_negatives(similarity.T, same.T, generator)
        every = torch.arange(len(tokens), device=tokens.device)
        rows = torch.cat([every, every[texts >= 0], images[images >= 0]])
        said = torch.cat([every, texts[texts >= 0], every[images >= 0]])
        logits = self.net.match(tokens[rows], read[said]).float()
        return match_loss(logits[: len(tokens)], logits[len(tokens) :])

    @torch.no_grad()
    def remember(self, pairs: Pairs) -> None:
        """Let the slow copy follow the network, and keep what it makes of a batch."""
        if self.slow is None:
            return
        follow(self.slow, self.net, self._config.momentum)
        self.slow.eval()
        images = _everyone(self.slow.image_vectors(self.slow.see(pairs.pictures)).float())
        texts = _everyone(self.slow.text_vectors(self.slow.read(pairs.texts)).float())
        self._keep("images", images)
        self._keep("texts", texts)
        self._keep("persons", _everyone(pairs.persons))
        self._keep("captions", _everyone(pairs.captions))
        self.filled.fill_(min(self._config.memory, int(self.filled) + len(images)))

    def _keep(self, name: str, rows: Tensor) -> None:
        kept: Tensor = getattr(self, f"kept_{name}")
        kept.copy_(torch.cat([rows, kept])[: len(kept)])


def _everyone(rows: Tensor) -> Tensor:
    """Return the rows of all workers, in their order; the own ones keep their gradient."""
    rank, count = world()
    if count == 1:
        return rows
    parts = [torch.empty_like(rows) for _ in range(count)]
    dist.all_gather(parts, rows.detach().contiguous())
    parts[rank] = rows
    return torch.cat(parts)
