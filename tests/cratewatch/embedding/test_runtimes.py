"""Whatever runs a network, its embeddings are the same."""

import importlib.util
import subprocess
import sys
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator

from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.exporting import quantise_model
from cratewatch.embedding.inference import Inference
from cratewatch.embedding.loading import load_model, prepare_model
from cratewatch.embedding.net import EmbeddingNet
from cratewatch.embedding.nncf_quantiser import to_int8
from cratewatch.embedding.onnx_export import METADATA, to_onnx
from cratewatch.embedding.openvino_runtime import OpenVinoRuntime, read_ir, read_onnx, to_ir
from cratewatch.embedding.saved_models import find_model
from cratewatch.embedding.torch_runtime import TorchRuntime
from cratewatch.errors import CratewatchError
from cratewatch.lake.lake import Lake

pytestmark = pytest.mark.heavy

Pictures = npt.NDArray[np.uint8]
CONFIGS = {
    "map": ModelConfig(stages=2, image_px=32, dim=32),
    "gem": ModelConfig(backbone="regnet_y_400mf", stages=2, pooling="gem", image_px=32, dim=32),
}
HAS_BF16 = bool(torch.cpu.get_capabilities().get("avx512_bf16"))


def draw_pictures(count: int, seed: int, side_px: int = 32) -> Pictures:
    """Return busy pictures, every fourth of them nearly plain: one small bright spot."""
    rng = np.random.default_rng(seed)
    drawn = []
    for number in range(count):
        blocks = rng.integers(0, 256, (5, 5), dtype=np.uint8)
        if number % 4 == 3:
            blocks = np.full((5, 5), 30, np.uint8)
            blocks[tuple(rng.integers(0, 5, 2))] = 220
        drawn.append(cv2.resize(blocks, (side_px, side_px), interpolation=cv2.INTER_CUBIC))
    return np.stack(drawn).astype(np.uint8)


class Exported:
    """A random network, what it says, and its ONNX."""

    def __init__(self, config: ModelConfig) -> None:
        torch.manual_seed(3)
        self.net = EmbeddingNet(config).eval()
        self.onnx = to_onnx(self.net, config)
        self.pictures = draw_pictures(24, seed=1)
        self.expected = self.torch("fp32")

    def torch(self, precision: Any) -> npt.NDArray[np.float32]:
        return TorchRuntime(self.net, Inference("torch", precision, "cpu"))(self.pictures)

    def cosines(self, found: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.asarray((found * self.expected).sum(axis=1), np.float32)


@pytest.fixture(scope="module", params=CONFIGS)
def exported(request: pytest.FixtureRequest) -> Exported:
    return Exported(CONFIGS[request.param])


def test_openvino_computes_what_pytorch_computes(exported: Exported) -> None:
    found = OpenVinoRuntime(read_onnx(exported.onnx), "fp32")(exported.pictures)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, exported.expected, atol=2e-5)
    others = exported.cosines(np.roll(exported.expected, 1, axis=0))
    assert others.min() < 0.99, "or agreement would mean nothing"


@pytest.mark.skipif(not HAS_BF16, reason="this processor does not compute in bf16")
def test_embeddings_in_bf16_agree(exported: Exported) -> None:
    quick = OpenVinoRuntime(read_onnx(exported.onnx), "bf16")(exported.pictures)
    assert np.abs(quick - exported.expected).max() > 0, "it did compute in bf16"
    for found in (quick, exported.torch("bf16")):
        assert exported.cosines(found).min() >= 0.999


def test_embeddings_in_int8_agree_also_on_nearly_plain_pictures(exported: Exported) -> None:
    calibrated_on = draw_pictures(40, seed=2)
    xml, weights = to_ir(to_int8(read_onnx(exported.onnx), list(calibrated_on)))
    assert b"FakeQuantize" in xml
    assert len(weights) < 0.5 * len(exported.onnx)
    cosines = exported.cosines(OpenVinoRuntime(read_ir(xml, weights), "int8")(exported.pictures))
    assert cosines.min() >= 0.99


USE_AND_BE_SIGNALLED = """
import signal, subprocess
from cratewatch.embedding.nncf_quantiser import to_int8
from cratewatch.embedding.openvino_runtime import OpenVinoRuntime, read_onnx
from tests.cratewatch.embedding.test_runtimes import CONFIGS, Exported

exported = Exported(CONFIGS["map"])
runtimes = [OpenVinoRuntime(read_onnx(exported.onnx), "fp32") for _ in range(3)]
to_int8(read_onnx(exported.onnx), list(exported.pictures))
while runtimes:
    runtimes.pop(0)
signal.signal(signal.SIGCHLD, lambda *_: None)
subprocess.run(["true"], check=True)
print("alive")
"""


@pytest.mark.slow
def test_a_signal_finds_its_stack_when_models_are_gone() -> None:
    """What OpenVINO does to it, one core at a time, would end the process without a word."""
    command = [sys.executable, "-c", USE_AND_BE_SIGNALLED]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (answer.returncode, answer.stdout) == (0, "alive\n"), answer.stderr[-1000:]


def test_any_batch_gives_the_same_and_an_earlier_answer_stays(exported: Exported) -> None:
    runtime = OpenVinoRuntime(read_onnx(exported.onnx), "fp32")
    first = runtime(exported.pictures[:1])
    kept = first.copy()
    together = runtime(exported.pictures)
    np.testing.assert_array_equal(first, kept)
    alone = np.vstack([runtime(picture[None]) for picture in exported.pictures])
    np.testing.assert_allclose(together, alone, atol=2e-5)


def test_the_onnx_file_speaks_for_itself(exported: Exported) -> None:
    """The reference implementation of ONNX knows neither PyTorch nor OpenVINO."""
    model = onnx.load_from_string(exported.onnx)
    onnx.checker.check_model(model)
    assert [entry.key for entry in model.metadata_props] == [METADATA]
    found: Any
    (found,) = ReferenceEvaluator(model).run(None, {"images": exported.pictures[:2, None]})
    np.testing.assert_allclose(found, exported.expected[:2], atol=1e-4)


def runtime_of(embedder: Embedder) -> type:
    return type(embedder._runtime)


def test_auto_takes_openvino_once_a_model_is_exported(lake: Lake, tiny_model: str) -> None:
    assert runtime_of(load_model(lake, tiny_model)) is TorchRuntime
    prepare_model(lake, tiny_model, Inference(runtime="torch"))
    assert not find_model(lake, tiny_model).has("model.onnx")
    prepare_model(lake, tiny_model, Inference())
    quick = load_model(lake, tiny_model)
    assert runtime_of(quick) is OpenVinoRuntime
    plain = load_model(lake, tiny_model, Inference("torch", "fp32"))
    assert runtime_of(plain) is TorchRuntime
    pictures = list(draw_pictures(4, seed=5))
    cosines = (quick.embed_grey(pictures) * plain.embed_grey(pictures)).sum(axis=1)
    assert cosines.min() >= 0.999


def test_an_exported_model_runs_without_pytorch(lake: Lake, tiny_model: str) -> None:
    """Its import takes seconds; a picture is embedded in a fraction of one."""
    prepare_model(lake, tiny_model, Inference())
    code = (
        "import sys; from pathlib import Path; from cratewatch.lake.folder import FolderLake\n"
        "from cratewatch.embedding.inference import Inference\n"
        "from cratewatch.embedding.loading import load_model\n"
        f"lake = FolderLake(Path({str(lake.root)!r}))\n"
        f"load_model(lake, {tiny_model!r}, Inference(device='cpu')).warm_up()\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_int8_is_taken_from_the_folder_or_refused(lake: Lake, tiny_model: str) -> None:
    wanted = Inference(precision="int8")
    with pytest.raises(CratewatchError, match="has no int8 weights; run `cratewatch quantize`"):
        load_model(lake, tiny_model, wanted)
    folder = find_model(lake, tiny_model)
    quantised, files = quantise_model(folder, list(draw_pictures(32, seed=6)))
    for file, data in files.items():
        lake.write(f"{folder.prefix}/{file}", data)
    pictures = list(draw_pictures(4, seed=7))
    loaded = load_model(lake, tiny_model, wanted)
    np.testing.assert_array_equal(loaded.embed_grey(pictures), quantised.embed_grey(pictures))
    assert quantised.name == tiny_model


def without(*missing: str) -> Any:
    """Return a find_spec() that does not find some packages."""
    find_spec = importlib.util.find_spec
    return lambda name, *rest: None if name in missing else find_spec(name, *rest)


def test_without_openvino_auto_takes_pytorch_and_the_rest_says_what_to_install(
    lake: Lake, tiny_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.write(f"models/{tiny_model}/model.onnx", b"not read")
    monkeypatch.setattr(importlib.util, "find_spec", without("openvino", "nncf"))
    assert runtime_of(load_model(lake, tiny_model)) is TorchRuntime
    for wanted in (Inference(runtime="openvino"), Inference(precision="int8")):
        with pytest.raises(CratewatchError, match=r"OpenVINO.*install cratewatch anew"):
            load_model(lake, tiny_model, wanted)
    with pytest.raises(CratewatchError, match="NNCF is not installed"):
        to_int8(None, [])


def test_without_what_writes_onnx_an_export_says_what_to_install(
    lake: Lake, tiny_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", without("onnxscript"))
    prepare_model(lake, tiny_model, Inference())  # auto: PyTorch runs it
    with pytest.raises(CratewatchError, match=r"install cratewatch\[openvino\]"):
        load_model(lake, tiny_model, Inference(runtime="openvino"))


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Inference(device="cuda"), "finds no GPU on this machine"),
        (Inference("openvino", device="cuda"), "finds no GPU on this machine"),
        (Inference("torch", "int8"), "int8 needs OpenVINO"),
    ],
)
def test_what_this_machine_lacks_is_said(
    lake: Lake,
    tiny_model: str,
    wanted: Inference,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(CratewatchError, match=message):
        load_model(lake, tiny_model, wanted)


def test_openvino_refuses_a_gpu(
    lake: Lake, tiny_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(CratewatchError, match="openvino runs on the CPU"):
        load_model(lake, tiny_model, Inference("openvino", device="cuda"))


def test_what_is_no_onnx_is_said(lake: Lake, tiny_model: str) -> None:
    lake.write(f"models/{tiny_model}/model.onnx", b"no model")
    with pytest.raises(CratewatchError, match="cannot read the exported model"):
        load_model(lake, tiny_model, Inference(runtime="openvino"))


def test_openvino_sends_no_usage_data() -> None:
    """Its import does, unless this package cannot be imported."""
    with pytest.raises(CratewatchError, match="cannot read"):
        read_onnx(b"")
    assert sys.modules["openvino_telemetry"] is None
