"""Persons in frames: the models that ship, and others of known and unknown shape."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cratewatch.embedding.graph_files import read_graph
from cratewatch.embedding.onnx_runtime import OnnxGraph
from cratewatch.errors import CratewatchError
from cratewatch.footage.analysing import FootageOptions
from cratewatch.footage.appearance import Appearance
from cratewatch.footage.detecting import SHIPPED_DETECTOR, Detector, keep_surest, overlaps
from cratewatch.footage.following import Follower
from cratewatch.footage.sources import open_source
from cratewatch.footage.tracker import Tracker
from tests.conftest import SHARED_DATA

pytestmark = pytest.mark.heavy

onnx = pytest.importorskip("onnx")
PETS = SHARED_DATA / "footage" / "pets09-s2l1"
NUMBER, FLOAT = onnx.TensorProto.INT64, onnx.TensorProto.FLOAT
Shape = tuple[int | str, ...]
Make = Callable[..., Path]


@pytest.fixture
def constants(tmp_path: Path) -> Make:
    """Write a model that gives the same whatever it is shown."""

    def make(
        inputs: dict[str, Shape], outputs: dict[str, np.ndarray], name: str = "m.onnx"
    ) -> Path:
        helper, from_array = onnx.helper, onnx.numpy_helper.from_array
        zero = helper.make_node("Constant", [], ["zero"], value_float=0.0)
        nodes = [zero]
        for key in inputs:  # an input that nothing depends on is no input
            nodes += [
                helper.make_node("Cast", [key], [f"{key}_f"], to=FLOAT),
                helper.make_node("ReduceSum", [f"{key}_f"], [f"{key}_sum"], keepdims=0),
                helper.make_node("Mul", [f"{key}_sum", "zero"], [f"{key}_zero"]),
            ]
        nodes.append(helper.make_node("Sum", [f"{key}_zero" for key in inputs], ["nothing"]))
        for key, value in outputs.items():
            kind = helper.np_dtype_to_tensor_dtype(value.dtype)
            nodes += [
                helper.make_node("Constant", [], [f"{key}_c"], value=from_array(value, key)),
                helper.make_node("Cast", ["nothing"], [f"{key}_nothing"], to=kind),
                helper.make_node("Add", [f"{key}_c", f"{key}_nothing"], [key]),
            ]
        graph = helper.make_graph(
            nodes,
            "constants",
            [
                helper.make_tensor_value_info(key, NUMBER if "size" in key else FLOAT, shape)
                for key, shape in inputs.items()
            ],
            [
                helper.make_tensor_value_info(
                    key, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
                )
                for key, value in outputs.items()
            ],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        path = tmp_path / name
        path.write_bytes(model.SerializeToString())
        return path

    return make


def grey(width: int = 200, height: int = 100) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


def test_overlap_is_shared_over_whole() -> None:
    one = np.array([[0, 0, 10, 10]], np.float32)
    others = np.array([[5, 0, 15, 10], [20, 20, 30, 30], [0, 0, 10, 10]], np.float32)
    assert overlaps(one, others)[0].tolist() == pytest.approx([50 / 150, 0, 1])


def test_of_boxes_on_one_person_the_surest_stays() -> None:
    boxes = np.array([[0, 0, 10, 20], [1, 0, 11, 20], [40, 0, 50, 20]], np.float32)
    confs = np.array([0.5, 0.9, 0.3], np.float32)
    assert keep_surest(boxes, confs, 0.6) == [1, 2]


def test_yolox_is_decoded_cell_by_cell(constants: Make) -> None:
    told = np.zeros((1, 84, 85), np.float32)  # 64 x 64: grids of 8 x 8, 4 x 4 and 2 x 2
    told[0, 8 * 3 + 2] = 0  # the cell at column 2, row 3 of the first: its corner is (16, 24)
    told[0, 26, :6] = [0.5, 0.5, np.log(2), np.log(4), 0.9, 0.8]
    file = constants({"images": (1, 3, 64, 64)}, {"output": told})
    seen = Detector(file).detect([grey(128, 128)])[0]

    # Its middle is (20, 28), its size 16 x 32; the picture is twice as large.
    assert [one.box_xyxy for one in seen] == [pytest.approx((24, 24, 56, 88))]
    assert seen[0].conf == pytest.approx(0.72)


def test_rt_detr_as_its_makers_export_it(constants: Make) -> None:
    file = constants(
        {"images": ("N", 3, 64, 64), "orig_target_sizes": ("N", 2)},
        {
            "labels": np.array([[0, 7, 0]], np.int64),
            "boxes": np.array([[[10, 10, 40, 90], [0, 0, 9, 9], [100, 5, 130, 95]]], np.float32),
            "scores": np.array([[0.6, 0.9, 0.05]], np.float32),
        },
    )
    seen = Detector(file).detect([grey()])[0]
    assert [(one.box_xyxy, round(one.conf, 3)) for one in seen] == [((10, 10, 40, 90), 0.6)]


def test_rt_detr_with_logits(constants: Make) -> None:
    logits = np.full((1, 2, 80), -9, np.float32)
    logits[0, 0, 0] = 0
    file = constants(
        {"pixel_values": ("N", 3, "H", "W")},
        {
            "logits": logits,
            "pred_boxes": np.array([[[0.5, 0.5, 0.2, 0.8], [0.1, 0.1, 0.1, 0.1]]], np.float32),
        },
    )
    seen = Detector(file).detect([grey()])[0]
    assert [one.box_xyxy for one in seen] == [pytest.approx((80, 10, 120, 90))]
    assert seen[0].conf == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("inputs", "output"),
    [
        ({"x": (1, 3, 64, 64)}, np.zeros((1, 1000), np.float32)),
        ({"x": (1, 64)}, np.zeros((1, 84, 85), np.float32)),
        ({"x": (1, 3, 416, 416)}, np.zeros((1, 84, 85), np.float32)),
    ],
)
def test_a_detector_of_another_shape_is_refused(
    constants: Make, inputs: dict[str, Shape], output: np.ndarray
) -> None:
    file = constants(inputs, {"y": output})
    with pytest.raises(CratewatchError, match=r"m\.onnx: neither a YOLOX nor an RT-DETR.* y 1x"):
        Detector(file)


def test_an_embedder_of_another_shape_is_refused(constants: Make) -> None:
    file = constants({"x": (1, 64)}, {"y": np.zeros((1, 8), np.float32)})
    with pytest.raises(CratewatchError, match=r"m\.onnx: no model that makes one vector"):
        Appearance(file)


@pytest.mark.parametrize("kind", [Detector, Appearance])
def test_what_is_no_model_is_refused(kind: type, tmp_path: Path) -> None:
    (tmp_path / "words.onnx").write_bytes(b"no model")
    with pytest.raises(CratewatchError, match=r"words\.onnx: no model that runs here"):
        kind(tmp_path / "words.onnx")
    with pytest.raises(CratewatchError, match=r"gone\.onnx: cannot be read"):
        kind(tmp_path / "gone.onnx")


def test_an_xml_without_its_bin_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<net/>")
    with pytest.raises(CratewatchError, match=r"a\.bin: cannot be read"):
        Appearance(tmp_path / "a.xml")


@pytest.fixture
def on_onnx_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is asked for on a GPU run on the CPU, by the same runtime."""
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(OnnxGraph.__init__, "__defaults__", (("CPUExecutionProvider",),))


def test_a_batch_of_frames_is_seen_as_each_is_alone(on_onnx_runtime: None) -> None:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 255, (120, 160, 3), dtype=np.uint8) for _ in range(3)]
    batch = np.stack([np.full((3, 416, 416), 9 * n, np.float32) for n in range(3)])
    network = read_graph(SHIPPED_DETECTOR, "cuda").in_batches()
    alone = read_graph(SHIPPED_DETECTOR, "cpu").one_by_one()
    assert network(batch)[0] == pytest.approx(alone(batch)[0], abs=1e-3)

    here, there = Detector(), Detector(device="cuda")
    for one, other in zip(here.detect(pictures), there.detect(pictures), strict=True):
        assert [p.box_xyxy for p in one] == [pytest.approx(p.box_xyxy, abs=0.1) for p in other]


def test_a_network_that_takes_one_at_a_time_gets_one_at_a_time(
    constants: Make, on_onnx_runtime: None
) -> None:
    told = np.zeros((1, 84, 85), np.float32)  # a constant of one, whatever the batch is
    told[0, 26, :6] = [0.5, 0.5, np.log(2), np.log(4), 0.9, 0.8]
    file = constants({"images": (1, 3, 64, 64)}, {"output": told})
    seen = Detector(file, device="cuda").detect([grey(128, 128)] * 2)
    assert seen[0] == seen[1]
    assert [one.box_xyxy for one in seen[0]] == [pytest.approx((24, 24, 56, 88))]


def test_on_a_gpu_it_says_what_to_install(constants: Make) -> None:
    file = constants({"images": (1, 3, 64, 64)}, {"output": np.zeros((1, 84, 85), np.float32)})
    with pytest.raises(
        CratewatchError, match=r"ONNX Runtime for CUDA; install onnx and onnxruntime-gpu"
    ):
        Detector(file, device="cuda")


@pytest.mark.usefixtures("on_onnx_runtime")
@pytest.mark.parametrize("data", [b"", b"no model"])
def test_what_is_no_model_is_refused_on_a_gpu(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "words.onnx").write_bytes(data)
    with pytest.raises(CratewatchError, match=r"words\.onnx: no model that runs here"):
        Detector(tmp_path / "words.onnx", device="cuda")


def test_embeddings_are_of_unit_length_one_for_each_box() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    appearance = Appearance()
    boxes = [(10.0, 10.0, 60.0, 150.0), (-5.0, 20.0, 80.0, 210.0), (198.0, 198.0, 199.0, 199.0)]
    looks = appearance.embed(picture, boxes)

    assert looks.shape == (3, 256)
    assert np.linalg.norm(looks, axis=1) == pytest.approx(1, abs=1e-5)
    assert appearance.embed(picture, boxes[:1])[0] == pytest.approx(looks[0], abs=1e-4)
    assert len(appearance.embed(picture, [])) == 0


def test_nobody_is_seen_where_nobody_is() -> None:
    assert Detector().detect([grey(), grey(31, 900)]) == [[], []]


def test_nobody_is_seen_in_the_noise_of_a_night() -> None:
    rng = np.random.default_rng(0)
    night = [rng.normal(12, 6, (480, 640, 3)).clip(0, 255).astype(np.uint8) for _ in range(2)]
    assert Detector().detect([*night, np.zeros((480, 640, 3), np.uint8)]) == [[], [], []]


@pytest.mark.skipif(not PETS.is_dir(), reason="needs the shared frames of PETS09-S2L1")
def test_persons_are_seen_at_a_fifth_of_the_light() -> None:
    pixels = next(iter(open_source(str(PETS / "video.mp4")).frames())).pixels
    dark = (pixels * 0.2).astype(np.uint8)
    by_day, by_night = Detector().detect([pixels, dark])
    sure = [one for one in by_day if one.conf > 0.6]
    assert sum(one.conf > 0.3 for one in by_night) >= len(sure) / 2 > 0


@pytest.mark.skipif(not PETS.is_dir(), reason="needs the shared frames of PETS09-S2L1")
def test_persons_of_real_footage_keep_their_numbers() -> None:
    """Eight walk about in the first seconds of PETS09-S2L1, and cross."""
    source = open_source(str(PETS / "video.mp4"))
    tracker = Tracker(FootageOptions().tracking(source.rate_fps))
    follower = Follower(Detector(), Appearance(), tracker)
    confirmed = set()
    for frame in source.frames():
        if frame.number == 60:
            break
        persons = follower.follow(frame).persons
        confirmed |= {one.track_id for one in persons if one.state == "confirmed"}
    assert 5 <= len(confirmed) <= 9
