"""The training loop: rounds of steps; between them recall, confusions and a checkpoint."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from cratewatch.chunks import chunks
from cratewatch.embedding.arrays import Grey
from cratewatch.embedding.net import standardise
from cratewatch.embedding.weights import start_net
from cratewatch.errors import CratewatchError
from cratewatch.training.checkpoints import Checkpoints
from cratewatch.training.config import TrainConfig
from cratewatch.training.data import Batches, TrainingSet, prefetch
from cratewatch.training.gradients import backward
from cratewatch.training.losses import Objective
from cratewatch.training.progress import TrainProgress
from cratewatch.training.rounds import Rounds, Stateful
from cratewatch.training.validation import Validation, find_confusions

EMBED_BATCH = 128
MAX_DRAWERS = 8  # each holds a copy of the covers


class Trainer(Rounds):
    """Trains an EmbeddingNet; iterate over steps() and take net when it ends.

    With a validation that is the network as it was at the end of the round that validated best.

    Among several workers of torch.distributed each one runs a Trainer, with equal arguments.
    """

    def __init__(
        self,
        data: TrainingSet,
        config: TrainConfig,
        validation: Validation | None = None,
        checkpoints: Checkpoints | None = None,
        device: str = "",
    ) -> None:
        """Build the network.

        Args:
            device: Where to compute; "" takes a GPU where there is one.
        """
        super().__init__(config.steps, checkpoints, device)
        torch.manual_seed(config.seed)
        self.net = start_net(config.model, config.weights)
        self.rivals: list[list[int]] = []
        self.taken_for: dict[int, int] = {}
        self._data = data
        self._config = config
        self._validation = validation
        self._objective = Objective(config.loss, config.model.dim).to(self._device)

    def steps(self) -> Iterator[TrainProgress]:
        """Train, yielding after every step; goes on from the checkpoint if there is one.

        Of a training that had ended, and whose model was not saved, the last step is told again.

        Raises:
            CratewatchError: if all embeddings collapse to one point, or the loss is no number.
        """
        config = self._config
        self.net.to(self._device).to(memory_format=torch.channels_last).train()
        optimiser = torch.optim.AdamW(
            self.net.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        parts: dict[str, Stateful] = {
            "net": self.net,
            "optimiser": optimiser,
            "objective": self._objective,
        }
        self._resume(parts)
        if self._step >= config.steps:
            yield self._progress()
        distributed = DistributedDataParallel(self.net) if self._world > 1 else self.net
        while self._step < config.steps:
            end = min(self._step + config.round_steps, config.steps)
            yield from self._round(distributed, optimiser, range(self._step, end))
            self._end_round(parts)
        if self.best.recall is not None:
            self.best.put_into(self.net)
            self.recall, self.taken_for = self.best.recall, self.best.taken_for
        self.net.eval().cpu()

    def _round(
        self, net: nn.Module, optimiser: torch.optim.Optimizer, steps: range
    ) -> Iterator[TrainProgress]:
        config = self._config
        batches = Batches(
            self._data, config.draw, config.seed, self.rivals, self._rank, self._world
        )
        loader = iter(prefetch(batches, steps, self._drawers()))
        for step in steps:
            start = time.monotonic()
            batch = next(loader)
            self._waited += time.monotonic() - start
            self._loss = self._learn(net, optimiser, batch.images, batch.labels)
            self._step = step + 1
            self._seconds += time.monotonic() - start
            yield self._progress()

    def _drawers(self) -> int:
        if self._config.drawers is not None:
            return self._config.drawers
        if self._device.type == "cpu":
            return 1
        return max(1, min(torch.get_num_threads() - 1, MAX_DRAWERS))

    def _learn(
        self, net: nn.Module, optimiser: torch.optim.Optimizer, images: Tensor, labels: Tensor
    ) -> float:
        config, progress = self._config, self._step / self._config.steps
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * _learning_rate_factor(progress)
        optimiser.zero_grad(set_to_none=True)
        pieces = [self._prepared(piece) for piece in images.chunk(config.pieces)]
        with torch.autocast(self._device.type, torch.bfloat16, config.precision == "bf16"):
            loss, embeddings = backward(
                net,
                pieces,
                labels.to(self._device),
                lambda vectors, of: self._judge(vectors, of, progress),
            )
        steepness = nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        _refuse_collapse(embeddings, float(loss), float(steepness), self._step)
        optimiser.step()
        return float(loss)

    def _judge(self, embeddings: Tensor, labels: Tensor, progress: float) -> Tensor:
        """Return the loss, in float32: rounded similarities of near embeddings are noise."""
        with torch.autocast(self._device.type, enabled=False):
            loss: Tensor = self._objective(embeddings.float(), labels, progress)
        return loss

    def _prepared(self, images: Tensor) -> Tensor:
        standard = standardise(images.to(self._device))
        return standard.contiguous(memory_format=torch.channels_last)

    def _end_round(self, parts: Mapping[str, Stateful]) -> None:
        """Validate, look for confusions, write a checkpoint; the first worker does it for all."""
        start = time.monotonic()
        if self._rank == 0:
            self.net.eval()
            sketched = self._config.draw.sketched
            if self._validation is not None:
                self.recall = self._validation.measure(self._embed)
                self.history.append({"step": self._step, "recall_at_1": self.recall.at_1})
            if self._config.draw.confused:
                found = find_confusions(self._data, self._embed, self._step, sketched)
                self.rivals, self.taken_for = found.rivals, found.taken_for
            if self.recall is not None:
                self.best.look_at(self.net, self.recall, self.taken_for)
            self.net.train()
        self._share_rivals()
        self._seconds += time.monotonic() - start
        if self._rank == 0:
            self._save(parts, {"confusions": self.rivals, "taken_for": self.taken_for})

    def _share_rivals(self) -> None:
        if self._world > 1:
            shared = [self.rivals]
            dist.broadcast_object_list(shared, src=0)
            self.rivals = shared[0]

    def _embed(self, pictures: Sequence[Grey]) -> Tensor:
        """Embed pictures as Embedder does, with the network as it is now."""
        parts = []
        for part in chunks(pictures, EMBED_BATCH):
            images = torch.from_numpy(np.stack(part))[:, None]
            with (
                torch.inference_mode(),
                torch.autocast(self._device.type, torch.bfloat16, self._config.precision == "bf16"),
            ):
                parts.append(self.net(self._prepared(images)).cpu())
        return torch.cat(parts)

    def _take_back(self, state: Mapping[str, Any]) -> None:
        self.rivals, self.taken_for = state["confusions"], state["taken_for"]


def _learning_rate_factor(progress: float) -> float:
    """Rise over the first tenth, then fall along a cosine to 0."""
    return min(progress / 0.1 + 0.02, 1.0) * 0.5 * (1 + math.cos(math.pi * progress))


def _refuse_collapse(embeddings: Tensor, loss: float, steepness: float, step: int) -> None:
    spread = float(embeddings.std(dim=0).mean())
    if not all(map(math.isfinite, (spread, loss, steepness))):
        what = "loss, gradient or embeddings are no numbers any more"
    elif spread < 1e-3:
        what = "all embeddings are equal"
    else:
        return
    raise CratewatchError(
        f"training collapsed at step {step}: {what}; lower --learning-rate or --margin, "
        "or choose --mining warmup"
    )
