"""What a network in a file is, whatever it is for and whatever runs it."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from cratewatch.embedding.openvino_runtime import Shape

Array = npt.NDArray[Any]
Outputs = tuple[npt.NDArray[np.float32], ...]


class Network(Protocol):
    """A network that is ready to run."""

    def __call__(self, *inputs: Array) -> Outputs:
        """Return each of its outputs, for a batch: the first side of every input and output."""


class Graph(Protocol):
    """A network as its file describes it.

    Attributes:
        inputs: Shape of each, by name, in their order.
        outputs: The same.
    """

    inputs: dict[str, Shape]
    outputs: dict[str, Shape]

    def one_by_one(self, threads: int = 0) -> Network:
        """Make it ready for batches, of which it may compute one after the other."""

    def in_batches(self, threads: int = 0) -> Network:
        """Make it ready for batches that it computes as a whole; raise RuntimeError if it cannot.

        Args:
            threads: That compute on a CPU; 0: one for each core.
        """


class OneByOne:
    """A network that takes one at a time, for batches."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def __call__(self, *inputs: Array) -> Outputs:
        """Return what it makes of each, together."""
        made = [self._network(*(one[n : n + 1] for one in inputs)) for n in range(len(inputs[0]))]
        return made[0] if len(made) == 1 else tuple(map(np.concatenate, zip(*made, strict=True)))
