"""What the workers of a training tell, and where the command finds it."""

from __future__ import annotations

from dataclasses import dataclass

from cratewatch.errors import CratewatchError
from cratewatch.training.progress import FitProgress, TrainProgress


@dataclass(frozen=True)
class TrainedModel:
    """The end of a training: the model's name in the lake."""

    name: str
    artworks: int
    queries: int
    loss: float
    recall_at_1: float | None
    seconds: float


@dataclass(frozen=True)
class TrainedWords:
    """The end of a training by words: the model's name, and where in the lake it lies."""

    name: str
    folder: str
    persons: int
    pictures: int
    loss: float
    recall_at_1: float | None
    seconds: float


Trained = TrainedModel | TrainedWords
Event = TrainProgress | FitProgress | Trained | CratewatchError


class Mailbox:
    """Holds what workers tell until the command asks for it."""

    def __init__(self) -> None:
        self._events: list[Event] = []

    def put(self, event: Event) -> None:
        """Add what happened."""
        self._events.append(event)

    def take(self) -> list[Event]:
        """Return what happened since the last time."""
        events, self._events = self._events, []
        return events
