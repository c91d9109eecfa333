"""Checkpoints in the lake: a training that was interrupted goes on where it was."""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass
from typing import Any

import torch

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.lake.lake import Lake

PREFIX = "checkpoints"


@dataclass(frozen=True)
class Checkpoints:
    """The latest state of one training, replaced as a whole each time."""

    lake: Lake
    name: str

    @property
    def key(self) -> str:
        """Where the state lies in the lake."""
        return f"{PREFIX}/{self.name}.pt"

    def save(self, state: dict[str, Any]) -> None:
        """Write a state over the last one, whole or not at all."""
        buffer = io.BytesIO()
        torch.save(state, buffer)
        self.lake.write(self.key, buffer.getvalue())

    def load(self) -> dict[str, Any] | None:
        """Return the state, or None if there is none.

        Raises:
            CratewatchError: if the file is damaged.
        """
        try:
            data = self.lake.read(self.key)
        except NotFoundError:
            return None
        try:
            state: dict[str, Any] = torch.load(
                io.BytesIO(data), map_location="cpu", weights_only=True
            )
        except (RuntimeError, EOFError, OSError, pickle.UnpicklingError) as error:
            raise CratewatchError(
                f"{self.key}: the checkpoint cannot be read ({error}); "
                "remove it to train from the start"
            ) from error
        return state

    def drop(self) -> None:
        """Forget the state."""
        self.lake.delete(self.key)
