"""Makes a model folder ready to embed, by the runtime that is chosen."""

from __future__ import annotations

from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from cratewatch.embedding import onnx_export, openvino_runtime
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.model_folder import CONFIG, WEIGHTS
from cratewatch.embedding.net import EmbeddingNet
from cratewatch.embedding.saved_models import ModelFolder, find_model
from cratewatch.embedding.torch_runtime import TorchRuntime, find_device
from cratewatch.errors import CratewatchError
from cratewatch.inference import AUTO, Inference
from cratewatch.lake import Lake

ONNX = "model.onnx"
INT8_XML, INT8_WEIGHTS = "int8.xml", "int8.bin"


def load_model(lake: Lake, name: str, inference: Inference = AUTO) -> Embedder:
    """Load a model of the lake or of the package.

    Raises:
        NotFoundError: if there is no such model.
        CratewatchError: if its folder is not whole, its weights do not fit, or what is asked for
            cannot be had on this machine.
    """
    folder = find_model(lake, name)
    config = folder.config()
    wanted = inference.runtime == "openvino" or inference.precision == "int8"
    if takes_openvino(inference) and (wanted or folder.has(ONNX)):
        model = _openvino_model(folder, inference)
        return Embedder(openvino_runtime.OpenVinoRuntime(model, inference.precision), config, name)
    return Embedder(TorchRuntime(load_net(folder), inference), config, name)


def takes_openvino(inference: Inference) -> bool:
    """Whether OpenVINO is to run models here, once they are exported.

    Raises:
        CratewatchError: if a GPU is asked for and absent, or asked for together with OpenVINO.
    """
    on_cpu = find_device(inference.device).type == "cpu"
    if inference.runtime == "openvino" and inference.device == "cuda":
        raise CratewatchError(
            "runtime: openvino runs on the CPU; set device to cpu, or runtime to torch"
        )
    if inference.runtime == "auto":
        return on_cpu and openvino_runtime.is_installed() and onnx_export.is_installed()
    return inference.runtime == "openvino"


def load_net(folder: ModelFolder) -> EmbeddingNet:
    """Return the network of a model folder; raise CratewatchError if its weights do not fit."""
    config = folder.config()
    net = EmbeddingNet(config)
    try:
        state = safetensors.torch.load(folder.read(WEIGHTS))
    except safetensors.SafetensorError as error:
        raise CratewatchError(
            f"model folder {folder}: {WEIGHTS} is broken ({error}); copy it anew, or train again"
        ) from error
    if wrong := _misfits(net.state_dict(), state):
        raise CratewatchError(
            f"model folder {folder}: {WEIGHTS} do not fit the {config.backbone} of {CONFIG} "
            f"({len(wrong)} tensors, first {wrong[0]}); take both from one training"
        )
    net.load_state_dict(state)
    return net


def prepare_model(lake: Lake, name: str, inference: Inference) -> None:
    """Export a model of the lake if OpenVINO is to run it, which takes seconds, and keep that."""
    folder = find_model(lake, name)
    if takes_openvino(inference) and not folder.has(ONNX):
        lake.write(f"{folder.prefix}/{ONNX}", export_onnx(folder))


def export_onnx(folder: ModelFolder) -> bytes:
    """Return a model as ONNX; see onnx_export.to_onnx()."""
    return onnx_export.to_onnx(load_net(folder), folder.config())


def _openvino_model(folder: ModelFolder, inference: Inference) -> Any:
    if inference.precision != "int8":
        data = folder.read(ONNX) if folder.has(ONNX) else export_onnx(folder)
        return openvino_runtime.read_onnx(data)
    if not folder.has(INT8_XML):
        raise CratewatchError(
            f"precision: model folder {folder} has no int8 weights; run `cratewatch quantize`, or "
            "set precision to auto"
        )
    return openvino_runtime.read_ir(folder.read(INT8_XML), folder.read(INT8_WEIGHTS))


def _misfits(expected: dict[str, Tensor], state: dict[str, Tensor]) -> list[str]:
    """Name the tensors that one side lacks, or that have another shape."""
    return sorted(
        name
        for name in expected.keys() | state.keys()
        if name not in expected or name not in state or expected[name].shape != state[name].shape
    )
