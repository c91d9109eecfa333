"""Makes a model folder ready to embed, by the runtime that is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from cratewatch.embedding import nncf_quantiser, onnx_export, openvino_runtime
from cratewatch.embedding.arrays import Grey
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.inference import AUTO, Inference
from cratewatch.embedding.model_folder import CONFIG, WEIGHTS
from cratewatch.embedding.net import EmbeddingNet, ModelConfig
from cratewatch.embedding.saved_models import ModelFolder, find_model
from cratewatch.embedding.torch_runtime import TorchRuntime, find_device
from cratewatch.errors import CratewatchError
from cratewatch.lake.lake import Lake

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


def start_net(config: ModelConfig, weights: str) -> EmbeddingNet:
    """Return a network to train further.

    Args:
        weights: The path of a model folder, to go on from the whole model; or where the trunk
            alone starts from, see trunks.make_trunk().

    Raises:
        CratewatchError: if the weights cannot be had, read, or are of another network.
    """
    path = Path(weights).expanduser()
    if not weights or not path.is_dir():
        return EmbeddingNet(config, weights)
    folder = ModelFolder.at(path)
    if folder.config() != config:
        raise CratewatchError(
            f"weights: model folder {folder} is {folder.config()}, not {config}; "
            "ask for its backbone, stages, pooling and size"
        )
    return load_net(folder)


def prepare_model(lake: Lake, name: str, inference: Inference) -> None:
    """Export a model of the lake if OpenVINO is to run it, which takes seconds, and keep that.

    Raises:
        NotFoundError, CratewatchError: like load_model().
    """
    folder = find_model(lake, name)
    in_int8 = inference.precision == "int8"  # that has files of its own
    if takes_openvino(inference) and not in_int8 and not folder.has(ONNX):
        lake.write(f"{folder.prefix}/{ONNX}", export_onnx(folder))


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


def _openvino_model(folder: ModelFolder, inference: Inference) -> Any:
    if inference.precision != "int8":
        return openvino_runtime.read_onnx(export_onnx(folder))
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
