"""Which device computes; PyTorch, which takes seconds to import, is asked only if it must be."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import Literal

from cratewatch.embedding.inference import Device
from cratewatch.errors import CratewatchError

NVIDIA_DRIVER = "libcuda.so.1"
AMD_DRIVER = Path("/dev/kfd")


def find_device(device: Device) -> Literal["cpu", "cuda"]:
    """Return the device that is asked for.

    Raises:
        CratewatchError: if a GPU is asked for and there is none.
    """
    if device == "cpu":
        return "cpu"
    found = _has_gpu()
    if device == "cuda" and not found:
        raise CratewatchError(
            "device: cuda is asked for, and PyTorch finds no GPU on this machine; look after its "
            "driver, or set device to cpu or auto"
        )
    return "cuda" if found else "cpu"


def _has_gpu() -> bool:
    if "torch" not in sys.modules and not _has_driver():
        return False
    import torch

    return torch.cuda.is_available()


def _has_driver() -> bool:
    """Whether PyTorch may find a GPU: on Linux it finds none without a driver."""
    if sys.platform != "linux" or AMD_DRIVER.exists():
        return True
    try:
        ctypes.CDLL(NVIDIA_DRIVER)
    except OSError:
        return False
    return True
