"""The network as it was when it recognised most of what it is validated on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from torch import Tensor, nn

from cratewatch.training.progress import Recall


@dataclass
class Best:
    """The best state of a training so far; of equal ones the latest.

    Attributes:
        recall: What it recognised; None before the first validation, and without any.
        taken_for: The confusions of training artworks that were seen then.
    """

    recall: Recall | None = None
    taken_for: dict[int, int] = field(default_factory=dict)
    _weights: dict[str, Tensor] = field(default_factory=dict)

    def look_at(self, net: nn.Module, recall: Recall, taken_for: dict[int, int]) -> None:
        """Keep the network's weights if it is none the worse."""
        if self.recall is None or recall.at_1 >= self.recall.at_1:
            self.recall, self.taken_for = recall, taken_for
            self._weights = {name: value.clone() for name, value in net.state_dict().items()}

    def put_into(self, net: nn.Module) -> None:
        """Give the network the weights that were kept, if any were."""
        if self.recall is not None:
            net.load_state_dict(self._weights)

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of it."""
        recall = asdict(self.recall) if self.recall else None
        return {"recall": recall, "taken_for": self.taken_for, "weights": self._weights}

    @classmethod
    def of_state(cls, state: dict[str, Any]) -> Best:
        """Return what state() was asked of."""
        recall = Recall(**state["recall"]) if state["recall"] else None
        return cls(recall, state["taken_for"], state["weights"])
