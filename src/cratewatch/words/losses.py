"""What training by words goes down: contrast, matching and language, and the negatives they take.

Pairs that look alike, of one person or with one caption, are no negatives of each other: a
`same` matrix tells them, and they are left out of both sides of a contrast.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

IGNORED = -100
"""Of a target token: nothing is to be said there."""
SMOOTHING = 0.1
"""Of the language loss, as BLIP's own code has it."""


def same_pairs(persons: Tensor, captions: Tensor, others: tuple[Tensor, Tensor]) -> Tensor:
    """Say which pairs show one person or say the same.

    Args:
        persons: (N,) numbers of persons.
        captions: (N,) numbers that are equal for equal captions.
        others: The same of M other pairs.

    Returns:
        (N, M) bool.
    """
    other_persons, other_captions = others
    return (persons[:, None] == other_persons) | (captions[:, None] == other_captions)


def contrast_loss(
    images: Tensor, texts: Tensor, same: Tensor, scale: Tensor, keys: tuple[Tensor, Tensor]
) -> Tensor:
    """Return the symmetric InfoNCE loss of pairs (ITC).

    Args:
        images: (N, D) of unit length; row i belongs to row i of texts.
        texts: (N, D) of unit length.
        same: (N, M) bool, which keys are no negatives of a pair.
        scale: Scalar, one over the temperature.
        keys: Images and texts that are compared with, each (M, D), the first N of them those of
            the pairs themselves; more come from a memory.
    """
    n = len(images)
    own = torch.eye(n, same.shape[1], dtype=torch.bool, device=same.device)
    left_out = same & ~own
    key_images, key_texts = keys
    right = torch.arange(n, device=same.device)
    to_text = (scale * images @ key_texts.T).masked_fill(left_out, -torch.inf)
    to_image = (scale * texts @ key_images.T).masked_fill(left_out, -torch.inf)
    return (
        functional.cross_entropy(to_text, right) + functional.cross_entropy(to_image, right)
    ) / 2


def draw_hard_negatives(similarity: Tensor, same: Tensor, generator: torch.Generator) -> Tensor:
    """Draw for each row a column that is no positive, the more likely the more similar.

    Args:
        similarity: (N, N), already divided by the temperature.
        same: (N, N) bool, true on the diagonal.

    Returns:
        (N,) columns; -1 for a row that has no negative.
    """
    weights = (
        similarity.float().nan_to_num().masked_fill(same, -torch.inf)
    )  # the loss tells of them
    alone = same.all(dim=1)
    weights[alone] = 0.0
    drawn = torch.multinomial(weights.softmax(dim=1).cpu(), 1, generator=generator)[:, 0]
    return drawn.to(similarity.device).masked_fill(alone, -1)


def match_loss(fitting: Tensor, unfitting: Tensor) -> Tensor:
    """Return the cross-entropy over whether a text fits a picture (ITM).

    Args:
        fitting: (N, 2) logits of pairs that fit; column 1 says that they do.
        unfitting: (M, 2) of pairs that do not.
    """
    logits = torch.cat([fitting, unfitting])
    fits = torch.zeros(len(logits), dtype=torch.long, device=logits.device)
    fits[: len(fitting)] = 1
    return functional.cross_entropy(logits, fits)


def language_loss(logits: Tensor, tokens: Tensor, smoothing: float = SMOOTHING) -> Tensor:
    """Return the cross-entropy of each token given those before it (LM).

    Args:
        logits: (N, L, V); those at place t tell the token at t + 1.
        tokens: (N, L), IGNORED where nothing is to be told.
        smoothing: Share of a target that is spread over all tokens.
    """
    told, targets = logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()
    return functional.cross_entropy(
        told.float(), targets, ignore_index=IGNORED, label_smoothing=smoothing
    )
