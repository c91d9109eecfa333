"""Runs ONNX files by ONNX Runtime on a GPU; the only module that imports it, and ONNX."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cratewatch.embedding.graphs import Array, Network, OneByOne, Outputs
from cratewatch.embedding.installed import has_onnxruntime
from cratewatch.embedding.openvino_runtime import Shape
from cratewatch.errors import CratewatchError

CUDA = ("CUDAExecutionProvider",)
REMEDY = "install onnx and onnxruntime-gpu, without plain onnxruntime, or leave --device cuda out"


ALONE = "it takes one at a time"
SIDE_PX = 64
"""Of what a network is tried with whose inputs may have any side."""
_DTYPES: dict[str, type] = {"tensor(float)": np.float32, "tensor(int64)": np.int64}


class OnnxGraph:
    """A network in an ONNX file; see graphs.Graph."""

    def __init__(self, file: Path, providers: Sequence[str] = CUDA) -> None:
        """Read it.

        Raises:
            CratewatchError: if it cannot be read, or ONNX Runtime does not compute on this GPU.
        """
        runtime = _runtime(providers)
        self._providers = list(providers)
        self._errors = _errors(runtime)
        try:
            self._data = file.read_bytes()
            session = self._session(self._data)
        except OSError as error:
            raise CratewatchError(
                f"{file}: cannot be read ({error.strerror}); give an .onnx file"
            ) from error
        except self._errors as error:
            reason = str(error).strip().splitlines()[-1]
            raise CratewatchError(f"{file}: no model that runs here ({reason})") from error
        if session.get_providers()[0] != self._providers[0]:
            raise CratewatchError(
                f"device: ONNX Runtime cannot compute {file.name} on this GPU: its CUDA or cuDNN "
                f"is missing or too old; {REMEDY}"
            )
        self._plain = session
        self._kinds = [_DTYPES.get(one.type, np.float32) for one in session.get_inputs()]
        self.inputs = {one.name: _shape(one.shape) for one in session.get_inputs()}
        self.outputs = {one.name: _shape(one.shape) for one in session.get_outputs()}

    def one_by_one(self, threads: int = 0) -> Network:
        """Make it ready for batches: as a whole if it takes any, else one after the other."""
        try:
            return self.in_batches(threads)
        except RuntimeError:
            return OneByOne(_Session(self._plain))

    def in_batches(self, threads: int = 0) -> Network:
        """Make it ready for batches, by freeing its first side if need be, and try that out."""
        del threads  # a GPU has its own
        is_free = all(shape and shape[0] is None for shape in self.inputs.values())
        alone = _Session(self._plain)
        try:
            network = alone if is_free else _Session(self._session(_freed(self._data)))
            batch = self._drawn(2)
            pairs = zip(network(*batch), OneByOne(alone)(*batch), strict=True)
            if all(a.shape == b.shape and np.allclose(a, b, rtol=0.01, atol=0.1) for a, b in pairs):
                return network
        except self._errors as error:
            raise RuntimeError(ALONE) from error
        raise RuntimeError(ALONE)

    def _drawn(self, n: int) -> list[Array]:
        """Return inputs of noise."""
        rng = np.random.default_rng(0)
        return [
            rng.integers(1, 255, (n, *(side or SIDE_PX for side in shape[1:]))).astype(kind)
            for shape, kind in zip(self.inputs.values(), self._kinds, strict=True)
        ]

    def _session(self, data: bytes) -> Any:
        runtime = _runtime(self._providers)
        options = runtime.SessionOptions()
        options.log_severity_level = 4  # it would write to standard error
        return runtime.InferenceSession(data, options, providers=self._providers)


class _Session:
    """A session as a network."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._names = [one.name for one in session.get_inputs()]

    def __call__(self, *inputs: Array) -> Outputs:
        given = {
            name: np.ascontiguousarray(one) for name, one in zip(self._names, inputs, strict=True)
        }
        return tuple(np.asarray(one, np.float32) for one in self._session.run(None, given))


def _shape(sides: Sequence[object]) -> Shape:
    return tuple(side if isinstance(side, int) else None for side in sides)


def _freed(data: bytes) -> bytes:
    """Return a model whose inputs and outputs may have any first side.

    Exporters write a batch of one into the shapes that it is given within the network, too.
    """
    import onnx

    model = onnx.load_model_from_string(data)
    graph = model.graph
    for port in (*graph.input, *graph.output):
        port.type.tensor_type.shape.dim[0].dim_param = "batch"
    del graph.value_info[:]
    given = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    made = {
        node.output[0]: node.attribute[0].t for node in graph.node if node.op_type == "Constant"
    }
    for name, held in ({one.name: one for one in graph.initializer} | made).items():
        shape = onnx.numpy_helper.to_array(held).copy() if name in given else np.zeros(0)
        if shape.size > 1 and shape[0] == 1:
            shape[0] = 0  # as the input has it
            held.CopyFrom(onnx.numpy_helper.from_array(shape, held.name))
    return bytes(model.SerializeToString())


def _runtime(providers: Sequence[str]) -> Any:
    if has_onnxruntime():
        import onnxruntime

        if set(providers) <= set(onnxruntime.get_available_providers()):
            return onnxruntime
    raise CratewatchError(f"device: persons are found on a GPU by ONNX Runtime for CUDA; {REMEDY}")


def _errors(runtime: Any) -> tuple[type[Exception], ...]:
    """Return what it raises: exceptions of its own, without a common base but Exception."""
    state = runtime.capi.onnxruntime_pybind11_state
    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoSuchFile")
    more = ("NotImplemented", "RuntimeException")
    return tuple(getattr(state, name) for name in (*names, *more))
