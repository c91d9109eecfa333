"""Work in batches of one size, found from the GPU's memory and halved when it runs out."""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import torch

from cratewatch.errors import CratewatchError
from cratewatch.synthesis.painting import PaintEngine, PaintRequest
from cratewatch.synthesis.scene import PhraseBox

Item = TypeVar("Item")
Result = TypeVar("Result")

CPU_BATCH = 8
MOST = 64
USABLE = 0.85
"""Share of free memory to plan with; the allocator's gaps take some."""

log = logging.getLogger(__name__)


class Batches:
    """Splits work into batches.

    The last batch is filled up by repeating its last item. So all have the same shapes, and a
    sample's sums run in the same order whatever it is batched with.

    Attributes:
        size: Items in a batch; halved, and logged, each time the GPU's memory runs out.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def run(
        self, items: Sequence[Item], work: Callable[[list[Item]], list[Result]]
    ) -> list[Result]:
        """Return the result of each item.

        Raises:
            CratewatchError: if memory runs out with one item in a batch.
        """
        done: list[Result] = []
        while len(done) < len(items):
            batch = list(items[len(done) : len(done) + self.size])
            filled = batch + [batch[-1]] * (self.size - len(batch))
            try:
                done += work(filled)[: len(batch)]
            except torch.OutOfMemoryError:
                # The tensors of the failed batch live as long as this traceback.
                out_of_memory = True
            else:
                out_of_memory = False
            if out_of_memory:
                self._halve()
        return done

    def _halve(self) -> None:
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if self.size == 1:
            raise CratewatchError(
                "the GPU's memory does not hold one picture: end what else runs on it, or choose "
                "attention slicing, precision bf16 or fp16, or a larger GPU"
            )
        self.size //= 2
        log.warning("the GPU's memory ran out: going on with batches of %d", self.size)


def fitting_batch(engine_of: Callable[[int], PaintEngine], device: torch.device) -> int:
    """Return the batch that fits the device: on a CPU a set number, on a GPU what is measured.

    Args:
        engine_of: Returns an engine for a batch of that size; asked for one and for two pictures.
        device: Where it computes.
    """
    if device.type == "cpu":
        return CPU_BATCH
    one, two = (_peak_bytes(engine_of(batch), batch) for batch in (1, 2))
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info()
    return largest_batch(free, one, two)


def largest_batch(free_bytes: int, one_bytes: int, two_bytes: int) -> int:
    """Return the largest power of two, up to MOST, whose batch should fit; at least 1.

    A power of two, so that GPUs of one kind agree although their free memory differs a little.

    Args:
        free_bytes: Of the GPU, with the model loaded.
        one_bytes: What a batch of one takes beyond the model.
        two_bytes: What a batch of two takes beyond the model.
    """
    each = two_bytes - one_bytes
    if each <= 0:  # two did not fit
        return 1
    fitting = (USABLE * free_bytes - (one_bytes - each)) / each
    return int(2 ** np.floor(np.log2(np.clip(fitting, 1, MOST))))


def _peak_bytes(engine: PaintEngine, batch: int) -> int:
    mask = np.ones((64, 64), dtype=np.bool_)
    box = PhraseBox("a hand", (0.0, 0.0, 1.0, 1.0))
    request = PaintRequest(np.zeros((64, 64, 3), np.uint8), (box,), (mask,), 0)
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    engine.paint([request] * batch)
    return torch.cuda.max_memory_allocated() - before
