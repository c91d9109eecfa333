"""Makes the finder that ships in the package ready to run."""

from __future__ import annotations

from pathlib import Path

from cratewatch.embedding.devices import find_device
from cratewatch.embedding.inference import AUTO, Inference
from cratewatch.embedding.installed import has_openvino
from cratewatch.errors import CratewatchError
from cratewatch.finding.finder import Finder
from cratewatch.finding.networks import Networks

SHIPPED = Path(__file__).parent / "shipped"
WEIGHTS = "weights.safetensors"
PROPOSER_ONNX, REFINER_ONNX = "proposer.onnx", "refiner.onnx"


def load_finder(inference: Inference = AUTO, folder: Path = SHIPPED) -> Finder:
    """Load the networks in a folder: by OpenVINO where it is installed, else by PyTorch.

    What embeds in int8 finds in the precision that "auto" comes to.

    Raises:
        CratewatchError: if files are missing or broken, or what is asked for is not to be had.
    """
    if _takes_openvino(inference):
        return Finder(_openvino(folder, inference))
    return Finder(_torch(folder, inference))


def _takes_openvino(inference: Inference) -> bool:
    if inference.runtime == "auto":
        return find_device(inference.device) == "cpu" and has_openvino()
    return inference.runtime == "openvino"


def _openvino(folder: Path, inference: Inference) -> Networks:
    from cratewatch.finding.openvino_networks import OpenVinoNetworks

    proposer, refiner = _read(folder, PROPOSER_ONNX), _read(folder, REFINER_ONNX)
    precision = "auto" if inference.precision == "int8" else inference.precision
    return OpenVinoNetworks(proposer, refiner, precision, inference.threads)


def _torch(folder: Path, inference: Inference) -> Networks:
    from cratewatch.finding.torch_networks import TorchNetworks
    from cratewatch.finding.weights import load_networks

    proposer, refiner = load_networks(_read(folder, WEIGHTS), str(folder / WEIGHTS))
    return TorchNetworks(proposer, refiner, find_device(inference.device))


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise CratewatchError(
            f"finder {folder}: {name} cannot be read ({error.strerror}); install cratewatch anew"
        ) from error
