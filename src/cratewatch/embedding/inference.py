"""How a model is to run: by which runtime, in which precision, on which device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RuntimeName = Literal["auto", "torch", "openvino"]
Precision = Literal["auto", "fp32", "bf16", "int8"]
Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True)
class Inference:
    """A choice of the user's; what it comes to depends on the machine.

    Attributes:
        runtime: "auto" takes OpenVINO on the CPU where it is installed and the model was exported
            for it, which indexing does; else PyTorch.
        precision: "auto" takes bf16 where the processor computes in it, else fp32. "int8" needs
            OpenVINO and a model that was quantised.
        device: "auto" takes a GPU where there is one, else the CPU.
        threads: That compute on the CPU, PyTorch's in the whole process; 0: one for each core,
            or as many as PyTorch has already.
    """

    runtime: RuntimeName = "auto"
    precision: Precision = "auto"
    device: Device = "auto"
    threads: int = 0


AUTO = Inference()
