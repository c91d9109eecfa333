"""Runs a network by PyTorch, on the CPU or on a GPU."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from cratewatch.embedding.devices import find_device
from cratewatch.embedding.inference import AUTO, Inference, Precision
from cratewatch.embedding.net import EmbeddingNet, standardise
from cratewatch.errors import CratewatchError


class TorchRuntime:
    """A network, ready to embed."""

    def __init__(self, net: EmbeddingNet, inference: Inference = AUTO) -> None:
        """Move the network to its device; see find_device() and uses_bf16() for what is raised."""
        if inference.threads:
            torch.set_num_threads(inference.threads)
        self._device = torch.device(find_device(inference.device))
        self._bf16 = uses_bf16(inference.precision, self._device)
        self._net = net.eval().to(memory_format=torch.channels_last).to(self._device)

    def __call__(self, grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Map (N, S, S) uint8 to (N, dim) float32, each row of unit length."""
        images = standardise(torch.from_numpy(grey)[:, None].to(self._device))
        with (
            torch.inference_mode(),
            torch.autocast(self._device.type, torch.bfloat16, enabled=self._bf16),
        ):
            vectors = self._net(images.contiguous(memory_format=torch.channels_last))
        embeddings: npt.NDArray[np.float32] = vectors.cpu().numpy()
        return embeddings


def uses_bf16(precision: Precision, device: torch.device) -> bool:
    """Whether PyTorch is to compute in bf16.

    Raises:
        CratewatchError: if int8 is asked for.
    """
    if precision == "int8":
        raise CratewatchError(
            "precision: int8 needs OpenVINO on the CPU; if that is missing, install cratewatch "
            "anew, and set device to cpu, or set precision to auto"
        )
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu.get_capabilities().get("avx512_bf16"))
