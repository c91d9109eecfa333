"""The training loop by words: rounds of steps; between them recall and a checkpoint."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from cratewatch.errors import CratewatchError
from cratewatch.training.checkpoints import Checkpoints
from cratewatch.training.progress import Recall, TrainProgress
from cratewatch.training.rounds import Rounds, Stateful
from cratewatch.words.averaging import follow, stays_at
from cratewatch.words.evaluation import measure
from cratewatch.words.net import Traits
from cratewatch.words.networks import build_net, trained_parts
from cratewatch.words.objective import Objective, Pairs
from cratewatch.words.pairs import Batch, PairSet
from cratewatch.words.train_config import WordsConfig

STEEPEST = 5.0
"""Length to which a gradient is cut."""


class WordsTrainer(Rounds):
    """Trains a network of words; iterate over steps() and take net when it ends.

    What is validated, and net at the end, has the averages of the weights over the latest steps.
    With persons to validate on that is the network as it was after the round that found most.
    Among several workers of torch.distributed each one runs a trainer, with equal arguments.
    """

    def __init__(
        self,
        data: PairSet,
        config: WordsConfig,
        validation: PairSet | None = None,
        checkpoints: Checkpoints | None = None,
        device: str = "",
    ) -> None:
        """Build the network.

        Args:
            device: Where to compute; "" takes a GPU where there is one.

        Raises:
            CratewatchError: if what it starts from cannot be read.
        """
        super().__init__(config.steps, checkpoints, device)
        torch.manual_seed(config.seed)
        self.net = build_net(config)
        self._data, self._validation = data, validation
        self._config = config
        self._objective = Objective(self.net, self.net.dim, config)
        self._average = copy.deepcopy(self.net).requires_grad_(requires_grad=False).eval()

    def steps(self) -> Iterator[TrainProgress]:
        """Train, yielding after every step; goes on from the checkpoint if there is one.

        Of a training that had ended, and whose model was not saved, the last step is told again.

        Raises:
            CratewatchError: if the loss is no number, or a checkpoint is of another training.
        """
        config = self._config
        self._objective.to(self._device).train()
        self._average.to(self._device)
        optimiser = torch.optim.AdamW(trained_parts(self._objective, config))
        parts: dict[str, Stateful] = {
            "objective": self._objective,
            "average": self._average,
            "optimiser": optimiser,
        }
        self._resume(parts)
        if self._step >= config.steps:
            yield self._progress()
        objective: nn.Module = self._objective
        if self._world > 1:
            objective = DistributedDataParallel(objective, find_unused_parameters=True)
        while self._step < config.steps:
            for step in range(self._step, min(self._step + config.round_steps, config.steps)):
                start = time.monotonic()
                self._learn(objective, optimiser, step)
                self._step = step + 1
                self._seconds += time.monotonic() - start
                yield self._progress()
            self._end_round(parts)
        self.net.load_state_dict(self._average.state_dict())
        self.best.put_into(self.net)
        self.recall = self.best.recall
        self.net.eval().cpu()

    def _learn(self, objective: nn.Module, optimiser: torch.optim.Optimizer, step: int) -> None:
        """Take one step; whatever is drawn for it depends on its number alone."""
        config = self._config
        torch.manual_seed(hash((config.seed, step, self._rank)))
        generator = torch.Generator().manual_seed(hash((config.seed, step, self._rank, 1)))
        start = time.monotonic()
        pairs = self._pairs(self._data.batch(step, config, self._rank, self._world))
        self._waited += time.monotonic() - start
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * group["share"] * _course(step / config.steps)
        optimiser.zero_grad(set_to_none=True)
        losses: dict[str, Tensor] = objective(pairs, generator)
        loss = torch.stack(list(losses.values())).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        steepness = nn.utils.clip_grad_norm_(objective.parameters(), STEEPEST)
        self._loss = float(loss.detach())
        if not math.isfinite(self._loss) or not math.isfinite(float(steepness)):
            raise CratewatchError(
                f"training by words: at step {step} the loss or its gradient is no number any "
                "more; lower --learning-rate"
            )
        optimiser.step()
        follow(self._average, self.net, stays_at(step, config.average))
        self._objective.remember(pairs)

    def _pairs(self, batch: Batch) -> Pairs:
        device = self._device

        def there(array: Any) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array)).to(device)

        seen, told = (None if rows is None else there(rows) for rows in (batch.seen, batch.told))
        return Pairs(
            there(batch.pictures),
            self.net.spell(batch.texts).to(device),
            there(batch.persons),
            there(batch.captions),
            Traits(seen, told),
        )

    def _end_round(self, parts: Mapping[str, Stateful]) -> None:
        """Validate and write a checkpoint; the first worker does it for all."""
        if self._rank:
            return
        if self._validation is not None:
            found = measure(self._average, self._validation, self._config).recall
            self.recall = Recall(found[1], found[5])
            self.history.append({"step": self._step, "recall_at_1": found[1]})
            self.best.look_at(self._average, self.recall, {})
        self._save(parts)


def _course(progress: float) -> float:
    """Rise over the first twelfth, then fall along a cosine to 0."""
    return min(progress * 12 + 0.02, 1.0) * 0.5 * (1 + math.cos(math.pi * progress))
