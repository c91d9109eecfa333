"""Runs exported networks by OpenVINO on the CPU; the only module that imports it."""

from __future__ import annotations

import functools
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cratewatch.embedding.inference import Precision
from cratewatch.embedding.installed import has_openvino
from cratewatch.errors import CratewatchError

NATIVE_BF16 = "BF16"
Shape = tuple[int | None, ...]
"""None for a side that may be any."""


def read_onnx(data: bytes) -> Any:
    """Return the OpenVINO model of an ONNX file's bytes.

    Raises:
        CratewatchError: if it is not installed, or the bytes are no ONNX model.
    """
    return _read(data, b"")


def read_ir(xml: bytes, weights: bytes) -> Any:
    """Return the model of OpenVINO's own pair of files; raise like read_onnx()."""
    return _read(xml, weights)


def read_file(path: Path) -> Any:
    """Return the model in a file of a user's: ONNX, or OpenVINO's xml with its bin beside it.

    Raises:
        CratewatchError: if it cannot be read, or is no such model.
    """
    try:
        data = path.read_bytes()
        weights = path.with_suffix(".bin").read_bytes() if path.suffix == ".xml" else b""
    except OSError as error:
        raise CratewatchError(
            f"{error.filename}: cannot be read ({error.strerror}); give an .onnx file, or an .xml "
            "with its .bin beside it"
        ) from error
    try:
        return _read(data, weights)
    except CratewatchError as error:
        raise CratewatchError(f"{path}: no model that runs here; {error}") from error


def shapes(model: Any) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """Return the shapes of a model's inputs and of its outputs, by name, in their order."""
    return _shapes(model.inputs), _shapes(model.outputs)


def free_batch(model: Any) -> Any:
    """Return the model with a first dimension that may be any; raises RuntimeError if it cannot."""
    model.reshape({one.any_name: [-1, *list(one.partial_shape)[1:]] for one in model.inputs})
    return model


def to_ir(model: Any) -> tuple[bytes, bytes]:
    """Return a model as OpenVINO's own pair of files, xml and weights."""
    with tempfile.TemporaryDirectory(prefix="cratewatch-") as folder:
        xml = Path(folder) / "model.xml"
        _openvino().save_model(model, xml, compress_to_fp16=False)
        return xml.read_bytes(), xml.with_suffix(".bin").read_bytes()


class Compiled:
    """A model, compiled for this processor."""

    def __init__(self, model: Any, precision: Precision, threads: int = 0) -> None:
        """Compile; "int8" takes a model that is quantised.

        Args:
            threads: That compute; 0: one for each core.

        Raises:
            CratewatchError: if bf16 is asked for and the processor does not compute in it.
        """
        core = _core(_openvino())
        has_bf16 = NATIVE_BF16 in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        if precision == "bf16" and not has_bf16:
            raise CratewatchError(
                "precision: this processor does not compute in bf16; set precision to auto or fp32"
            )
        bf16 = has_bf16 and precision in ("auto", "bf16")
        self._compiled = core.compile_model(
            model,
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
                "INFERENCE_NUM_THREADS": threads,
                "PERFORMANCE_HINT": "LATENCY",  # one batch at a time, on all threads
            },
        )

    def __call__(self, *inputs: npt.NDArray[Any]) -> tuple[npt.NDArray[np.float32], ...]:
        """Return what the model makes of its inputs, each of its outputs in their order."""
        made = self._compiled([np.ascontiguousarray(one) for one in inputs])
        return tuple(np.asarray(made[n], np.float32) for n in range(len(made)))


class OpenVinoRuntime:
    """A compiled model that embeds; see Compiled for what it is made of."""

    def __init__(self, model: Any, precision: Precision, threads: int = 0) -> None:
        self._compiled = Compiled(model, precision, threads)

    def __call__(self, grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Map (N, S, S) uint8 to (N, dim) float32, each row of unit length."""
        return self._compiled(grey[:, None])[0]


def _shapes(ports: Any) -> dict[str, Shape]:
    return {
        one.any_name: tuple(
            None if side.is_dynamic else side.get_length() for side in one.partial_shape
        )
        for one in ports
    }


def _read(model: bytes, weights: bytes) -> Any:
    try:
        return _core(_openvino()).read_model(model, weights)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise CratewatchError(f"openvino: it cannot read the exported model ({reason})") from error


@functools.cache
def _core(openvino: Any) -> Any:
    """Return the one core of this process.

    Each core gives signal handlers a stack of its own, and at its end brings back the one before
    it, also if that is gone: of two that do not end in reverse order, the next signal kills.
    """
    return openvino.Core()


def _openvino() -> Any:
    if not has_openvino():
        raise CratewatchError(
            "runtime: OpenVINO is not installed; install cratewatch anew, or set runtime to auto "
            "or torch"
        )
    # Its import alone would send usage data to its makers; without this package it has none to.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino
