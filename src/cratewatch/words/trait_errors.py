"""How guesses at traits err together, as it tells persons apart best.

A covariance that is merely counted takes errors for normal, which those of rare traits are not.
So it is moved, no further than it helps, until each text finds its picture among those of others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from cratewatch.progress import Progress, unseen

STEPS = 400
RATE = 0.003
"""Of learning, at first; it falls to 0."""
PERSONS = 400
"""Of a step, a picture each."""
RESTRAINT = 0.3
"""What it costs to move away from what was counted."""


def tell_apart(
    counted: Tensor,
    guesses: Tensor,
    wanted: Tensor,
    person_of: npt.NDArray[np.int64],
    on_progress: Progress = unseen,
) -> Tensor:
    """Return a covariance (K, K) by which texts find pictures, and pictures texts.

    Args:
        counted: The covariance of errors, (K, K), to begin with.
        guesses: (N, K), each at a person whom what guesses has not seen.
        wanted: (N, K), what labels say.
        person_of: (N,).
    """
    rows = [np.flatnonzero(person_of == person) for person in np.unique(person_of)]
    begun = torch.linalg.cholesky(torch.linalg.inv(counted))
    moved = torch.zeros_like(begun).requires_grad_()
    log_scale = torch.zeros(()).requires_grad_()
    optimiser = torch.optim.Adam([moved, log_scale], lr=RATE)
    rng = np.random.default_rng(0)
    for step in range(STEPS):
        optimiser.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        some = rng.permutation(len(rows))[:PERSONS]
        drawn = torch.from_numpy(np.array([rng.choice(rows[person]) for person in some]))
        odds = _odds(begun + moved, guesses[drawn], wanted[drawn]) * log_scale.exp()
        loss = _mistaken(odds, wanted[drawn]) + RESTRAINT * moved.square().sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        on_progress(step + 1, STEPS, "telling persons apart")
    factor = (begun + moved).detach()
    apart: Tensor = torch.linalg.inv(factor @ factor.T * log_scale.detach().exp())
    return apart


def _odds(factor: Tensor, guesses: Tensor, wanted: Tensor) -> Tensor:
    """Return logarithms of the likelihood of each text, a row, given each picture, a column."""
    return -torch.cdist(wanted @ factor, guesses @ factor).square() / 2


def _mistaken(odds: Tensor, wanted: Tensor) -> Tensor:
    """Return the loss of a contrast; persons of whom all the same is said are not contrasted."""
    own = torch.eye(len(odds), dtype=torch.bool)
    alike = (wanted[:, None] == wanted).all(dim=2) & ~own
    odds = odds.masked_fill(alike, -torch.inf)
    right = torch.arange(len(odds))
    return functional.cross_entropy(odds, right) + functional.cross_entropy(odds.T, right) / 2
