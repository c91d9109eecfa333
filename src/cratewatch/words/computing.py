"""Where and in which precision networks of transformers compute, and how arrays reach them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
import transformers

from cratewatch.embedding.devices import find_device
from cratewatch.embedding.inference import Inference
from cratewatch.embedding.torch_runtime import uses_bf16

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


@dataclass(frozen=True)
class Computing:
    """A device, and whether it computes in bf16."""

    device: torch.device
    bf16: bool

    @classmethod
    def of(cls, inference: Inference) -> Self:
        """Return what a choice comes to; see devices.find_device() and uses_bf16()."""
        if inference.threads:
            torch.set_num_threads(inference.threads)
        device = torch.device(find_device(inference.device))
        return cls(device, uses_bf16(inference.precision, device))

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Have networks compute so, without gradients."""
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16),
        ):
            yield

    def tensor(self, values: npt.NDArray[Any]) -> torch.Tensor:
        """Return an array on the device."""
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device)

    def kept(self, tensor: torch.Tensor) -> npt.NDArray[Any]:
        """Return tokens as they are kept: half as wide where they were computed in bf16."""
        kind = torch.float16 if self.bf16 else torch.float32
        array: npt.NDArray[Any] = tensor.to(kind).cpu().numpy()
        return array


def unit_rows(tensor: torch.Tensor) -> npt.NDArray[np.float32]:
    """Return rows of unit length."""
    rows = torch.nn.functional.normalize(tensor.float(), dim=-1)
    array: npt.NDArray[np.float32] = rows.cpu().numpy()
    return array
