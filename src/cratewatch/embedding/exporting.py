"""Models in other forms than PyTorch's: ONNX, and int8 for OpenVINO."""

from __future__ import annotations

from collections.abc import Sequence

from cratewatch.embedding import nncf_quantiser, onnx_export, openvino_runtime
from cratewatch.embedding.arrays import Grey
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.model_folder import INT8_WEIGHTS, INT8_XML, ONNX, ModelFolder
from cratewatch.embedding.weights import load_net


def export_onnx(folder: ModelFolder) -> bytes:
    """Return a model as ONNX, as it is kept or else anew; see onnx_export.to_onnx()."""
    return (
        folder.read(ONNX)
        if folder.has(ONNX)
        else onnx_export.to_onnx(load_net(folder), folder.config())
    )


def quantise_model(folder: ModelFolder, grey: Sequence[Grey]) -> tuple[Embedder, dict[str, bytes]]:
    """Return a model in int8, calibrated on pictures, and the files to keep in its folder."""
    exported = openvino_runtime.read_onnx(export_onnx(folder))
    xml, weights = openvino_runtime.to_ir(nncf_quantiser.to_int8(exported, grey))
    runtime = openvino_runtime.OpenVinoRuntime(openvino_runtime.read_ir(xml, weights), "int8")
    files = {INT8_WEIGHTS: weights, INT8_XML: xml}  # the xml last: without it there is no int8
    return Embedder(runtime, folder.config(), folder.prefix.rpartition("/")[2]), files
