"""On which device and in which number format an engine computes."""

from dataclasses import dataclass

import torch

from cratewatch.errors import CratewatchError
from cratewatch.synthesis.diffusion.config import DiffusionConfig

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Placement:
    """Where a model lies."""

    device: torch.device
    dtype: torch.dtype


def place(config: DiffusionConfig) -> Placement:
    """Return what the config's device and precision come to on this machine.

    Raises:
        CratewatchError: if there is no such device, or it does not compute in that precision.
    """
    has_gpu = torch.cuda.is_available()
    if config.device == "cuda" and not has_gpu:
        raise CratewatchError("device cuda: PyTorch sees no GPU here; choose device cpu or auto")
    if config.device == "cpu" or not has_gpu:
        return Placement(torch.device("cpu"), _dtype_on_cpu(config))
    return Placement(torch.device("cuda"), _dtype_on_gpu(config))


def _dtype_on_cpu(config: DiffusionConfig) -> torch.dtype:
    if config.precision == "fp16":
        raise CratewatchError("precision fp16 needs a GPU: choose fp32 or bf16 on a CPU")
    return DTYPES["fp32" if config.precision == "auto" else config.precision]


def _dtype_on_gpu(config: DiffusionConfig) -> torch.dtype:
    has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    if config.precision == "bf16" and not has_bf16:
        name = torch.cuda.get_device_name()
        raise CratewatchError(f"precision bf16: {name} does not compute in it; choose fp16")
    if config.precision == "auto":
        return DTYPES["bf16" if has_bf16 else "fp16"]
    return DTYPES[config.precision]
