"""Makes a model folder ready to embed, by the runtime that is chosen.

PyTorch takes seconds to import, and who runs OpenVINO on an exported model does without.
"""

from __future__ import annotations

from cratewatch.embedding import openvino_runtime
from cratewatch.embedding.devices import find_device
from cratewatch.embedding.embedder import Embedder, Runtime
from cratewatch.embedding.inference import AUTO, Inference
from cratewatch.embedding.installed import has_onnx, has_openvino
from cratewatch.embedding.model_folder import INT8_WEIGHTS, INT8_XML, ONNX, ModelFolder
from cratewatch.embedding.saved_models import find_model
from cratewatch.errors import CratewatchError
from cratewatch.lake.lake import Lake


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
        return Embedder(_openvino_runtime(folder, inference), config, name)
    return Embedder(_torch_runtime(folder, inference), config, name)


def takes_openvino(inference: Inference) -> bool:
    """Whether OpenVINO is to run models here, once they are exported.

    Raises:
        CratewatchError: if a GPU is asked for and absent, or asked for together with OpenVINO.
    """
    on_cpu = find_device(inference.device) == "cpu"
    if inference.runtime == "openvino" and inference.device == "cuda":
        raise CratewatchError(
            "runtime: openvino runs on the CPU; set device to cpu, or runtime to torch"
        )
    if inference.runtime == "auto":
        return on_cpu and has_openvino() and has_onnx()
    return inference.runtime == "openvino"


def prepare_model(lake: Lake, name: str, inference: Inference) -> None:
    """Export a model of the lake if OpenVINO is to run it, which takes seconds, and keep that.

    Raises:
        NotFoundError, CratewatchError: like load_model().
    """
    folder = find_model(lake, name)
    in_int8 = inference.precision == "int8"  # that has files of its own
    if takes_openvino(inference) and not in_int8 and not folder.has(ONNX):
        lake.write(f"{folder.prefix}/{ONNX}", _exported(folder))


def _torch_runtime(folder: ModelFolder, inference: Inference) -> Runtime:
    from cratewatch.embedding.torch_runtime import TorchRuntime
    from cratewatch.embedding.weights import load_net

    return TorchRuntime(load_net(folder), inference)


def _openvino_runtime(folder: ModelFolder, inference: Inference) -> Runtime:
    if inference.precision != "int8":
        model = openvino_runtime.read_onnx(_exported(folder))
    elif folder.has(INT8_XML):
        model = openvino_runtime.read_ir(folder.read(INT8_XML), folder.read(INT8_WEIGHTS))
    else:
        raise CratewatchError(
            f"precision: model folder {folder} has no int8 weights; run `cratewatch quantize`, or "
            "set precision to auto"
        )
    return openvino_runtime.OpenVinoRuntime(model, inference.precision, inference.threads)


def _exported(folder: ModelFolder) -> bytes:
    if folder.has(ONNX):
        return folder.read(ONNX)
    from cratewatch.embedding.exporting import export_onnx

    return export_onnx(folder)
