"""What trainings have in common: where one is, what it found best, and how it is taken up again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Protocol

import torch

from cratewatch.errors import CratewatchError
from cratewatch.training.best import Best
from cratewatch.training.checkpoints import Checkpoints
from cratewatch.training.gradients import world
from cratewatch.training.progress import Recall, TrainProgress


class Stateful(Protocol):
    """A network, or an optimiser, whose state a checkpoint keeps."""

    def state_dict(self) -> Mapping[str, Any]:
        """Return the state."""

    def load_state_dict(self, state_dict: Any) -> Any:
        """Take a state."""


class Rounds:
    """A training by rounds of steps.

    Attributes:
        recall: On what is validated on, after the latest round; None without any.
        history: The same of each round.
        best: The network as it was when that was highest.
    """

    def __init__(self, steps: int, checkpoints: Checkpoints | None, device: str) -> None:
        """Begin at no step.

        Args:
            device: Where to compute; "" takes a GPU where there is one.
        """
        self.recall: Recall | None = None
        self.history: list[dict[str, float]] = []
        self.best = Best()
        self._checkpoints = checkpoints
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self._rank, self._world = world()
        self._step, self._steps = 0, steps
        self._seconds = self._waited = self._loss = 0.0

    def _progress(self) -> TrainProgress:
        each_s = self._seconds / max(self._step, 1)
        waiting = self._waited / max(self._seconds, 1e-9)
        left_s = each_s * (self._steps - self._step)
        return TrainProgress(
            self._step, self._steps, self._loss, self._seconds, left_s, waiting, self.recall
        )

    def _save(self, parts: Mapping[str, Stateful], more: Mapping[str, Any] | None = None) -> None:
        """Write a checkpoint of parts, and of what else a training has."""
        if self._checkpoints is None:
            return
        state = {name: part.state_dict() for name, part in parts.items()}
        self._checkpoints.save(
            {
                **state,
                **(more or {}),
                "best": self.best.state(),
                "history": self.history,
                "recall": asdict(self.recall) if self.recall else None,
                "loss": self._loss,
                "step": self._step,
                "seconds": self._seconds,
                "waited": self._waited,
            }
        )

    def _resume(self, parts: Mapping[str, Stateful]) -> None:
        """Go on from the checkpoint, if there is one.

        Raises:
            CratewatchError: if it is damaged, or of another training.
        """
        state = self._checkpoints.load() if self._checkpoints is not None else None
        if state is None:
            return
        try:
            for name, part in parts.items():
                part.load_state_dict(state[name])
            self.best, self.history = Best.of_state(state["best"]), state["history"]
            self.recall = Recall(**state["recall"]) if state["recall"] else None
            self._take_back(state)
        except (RuntimeError, ValueError, KeyError) as error:
            raise CratewatchError(
                f"checkpoint: it is of another architecture or another training ({error}); "
                "remove it to train from the start"
            ) from error
        self._step, self._loss = state["step"], state["loss"]
        self._seconds, self._waited = state["seconds"], state["waited"]

    def _take_back(self, state: Mapping[str, Any]) -> None:
        """Take what else a checkpoint has; see _save()."""
