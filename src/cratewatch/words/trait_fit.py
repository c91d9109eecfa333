"""Fits a TraitNet: ridge regression of traits on looks, and how its guesses err."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cratewatch.chunks import chunks
from cratewatch.errors import CratewatchError
from cratewatch.progress import Progress, unseen
from cratewatch.words.looks import Blocks, Looks, make_palette
from cratewatch.words.pairs import PairSet
from cratewatch.words.train_config import WordsConfig
from cratewatch.words.trait_errors import tell_apart
from cratewatch.words.trait_net import TraitNet

PIECE = 256
FOLDS = 4
"""Of persons: each is guessed by what was fitted without him."""
PENALTIES = (10.0, 20.0, 40.0)
"""Of which the one with the least errors on unseen persons is taken."""
SHRUNK = 0.2
"""By how much traits are taken to err more independently than they were seen to."""
RAREST = 5
"""Pictures; a trait that fewer show is not learnt."""
WHITENED = 0.7
"""How far numbers that vary little are brought up to those that vary much."""


@dataclass(frozen=True)
class _Rows:
    """What is fitted.

    Attributes:
        looks: (N, D), scaled.
        wanted: (N, K), in standard deviations of a trait from its rate.
        holds: (N, K), 0 or 1.
        person: (N,), by which they are folded.
    """

    looks: Tensor
    wanted: Tensor
    holds: Tensor
    person: npt.NDArray[np.int64]


def fit_traits(data: PairSet, config: WordsConfig, on_progress: Progress = unseen) -> TraitNet:
    """Fit traits to all pictures of a set; the same pictures give the same model.

    Progress counts pictures that were looked at, and then steps of telling persons apart.

    Raises:
        CratewatchError: if a picture has no traits.
    """
    palette = make_palette(data.whole(range(0, len(data), 2), config).pictures)
    by_block, traits = _look(data, config, palette, on_progress)
    scales = [_scale(block) for block in by_block]
    looks = np.concatenate(by_block, axis=1)
    net = TraitNet(looks.shape[1])
    net.palette[: len(palette)] = torch.from_numpy(palette)
    net.palette[len(palette) :] = net.palette[0]
    net.mean.copy_(torch.from_numpy(looks.mean(axis=0)))
    net.scale.copy_(torch.from_numpy(np.concatenate(scales)))
    holds = torch.from_numpy(traits)
    net.known.copy_((holds.sum(dim=0) >= RAREST) & (holds.sum(dim=0) <= len(holds) - RAREST))
    net.rate.copy_(holds.mean(dim=0).clamp(0.002, 0.998))
    wanted = (holds - net.rate) / (net.rate * (1 - net.rate)).sqrt() * net.known
    scaled = (torch.from_numpy(looks) - net.mean) * net.scale
    _fit(net, _Rows(scaled, wanted, holds, data.person_of), on_progress)
    return net.eval()


def _look(
    data: PairSet, config: WordsConfig, palette: np.ndarray, on_progress: Progress
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return looks by block, and traits."""
    looks = Looks(torch.get_num_threads())
    rows: list[Blocks] = []
    traits = []
    for part in chunks(range(len(data)), PIECE):
        batch = data.whole(part, config)
        if batch.seen is None:
            raise CratewatchError(
                "training by least squares: pictures without attributes; give a data set of "
                "attributes, or leave --least-squares out"
            )
        traits.append(batch.seen)
        rows += looks.in_batches(batch.pictures, palette)
        on_progress(part[-1] + 1, len(data), "looking at pictures")
    return [np.concatenate(block) for block in zip(*rows, strict=True)], np.concatenate(traits)


def _scale(block: np.ndarray) -> np.ndarray:
    """Return what numbers are multiplied by, so that each block weighs the same."""
    deviation = block.std(axis=0) + 1e-6
    whitened = deviation**WHITENED * deviation.mean() ** (1 - WHITENED)
    return np.asarray(1 / (whitened * np.sqrt(block.shape[1])), np.float32)


def _fit(net: TraitNet, rows: _Rows, on_progress: Progress) -> None:
    """Choose the penalty by persons left out; then fit all, and note how it errs on those."""
    square, both = rows.looks.T @ rows.looks, rows.looks.T @ rows.wanted
    guessed = {penalty: torch.zeros_like(rows.wanted) for penalty in PENALTIES}
    for fold in range(FOLDS):
        out = torch.from_numpy(rows.person % FOLDS == fold)
        looks = rows.looks[out]
        others = square - looks.T @ looks, both - looks.T @ rows.wanted[out]
        for penalty in PENALTIES:
            guessed[penalty][out] = looks @ _ridge(*others, penalty)
    penalty = min(PENALTIES, key=lambda one: float((guessed[one] - rows.wanted).square().mean()))
    net.weights.copy_(_ridge(square, both, penalty))
    guesses = guessed[penalty]
    counted = _covariance(rows.wanted - guesses, net.known)
    net.errors.copy_(tell_apart(counted, guesses, rows.wanted, rows.person, on_progress))
    net.left.copy_((counted.diagonal() * net.known).sum() / net.known.sum().clamp(min=1))
    net.spread.copy_(_covariance(rows.wanted, net.known))
    _tell_probabilities(net, guesses, rows.holds)
    net.reach.copy_(2 * torch.stack([guesses.norm(dim=1).max(), net.out(guesses).max()]))


def _ridge(square: Tensor, both: Tensor, penalty: float) -> Tensor:
    """Return weights (D, K) by the products (D, D) of looks, and (D, K) of looks and traits."""
    lower = torch.linalg.cholesky(square + penalty * torch.eye(len(square)))
    return torch.cholesky_solve(both, lower)


def _covariance(rows: Tensor, known: Tensor) -> Tensor:
    """Return (K, K), a little shrunk towards independence; 1 for what is not known."""
    found = torch.cov(rows.T)
    own = torch.diag(found.diagonal())
    return (1 - SHRUNK) * found + SHRUNK * own + torch.diag(1 - known)


def _tell_probabilities(net: TraitNet, guesses: Tensor, holds: Tensor) -> None:
    """Note how a guess tells the odds of a trait: two normal distributions of one width."""
    count = holds.sum(dim=0).clamp(min=1), (1 - holds).sum(dim=0).clamp(min=1)
    with_it = (guesses * holds).sum(dim=0) / count[0]
    without = (guesses * (1 - holds)).sum(dim=0) / count[1]
    within = (guesses - torch.where(holds > 0, with_it, without)).var(dim=0).clamp(min=1e-6)
    net.slope.copy_((with_it - without) / within * net.known)
    middle = net.slope * (with_it + without) / 2
    net.offset.copy_(torch.logit(net.rate) - middle)
