from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.exporting import export_onnx
from cratewatch.embedding.inference import Inference
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.net import EmbeddingNet, standardise
from cratewatch.embedding.preprocessing import frame_cover, to_grey
from cratewatch.embedding.saved_models import find_model, models, train_artworks
from cratewatch.embedding.sizing import batch_for, picture_bytes
from cratewatch.embedding.torch_runtime import TorchRuntime
from cratewatch.embedding.trunks import TRUNKS
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.lake.lake import Lake
from tests.tiny import TINY, tiny_net


def pictures(count: int) -> list[Image.Image]:
    rng = np.random.default_rng(0)
    return [
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)) for _ in range(count)
    ]


def test_a_model_folder_gives_the_same_embeddings_back(lake: Lake) -> None:
    net = tiny_net(1)
    name = save_model(lake, net, TINY, {"training": {"steps": 3}}, ["b", "a"])
    loaded = load_model(lake, name)
    grey = [to_grey(image, 32) for image in pictures(3)]
    np.testing.assert_array_equal(
        loaded.embed_grey(grey), Embedder(TorchRuntime(net), TINY, "").embed_grey(grey)
    )
    assert models(lake) == [name]
    assert train_artworks(lake, name) == {"a", "b"}
    assert sorted(key.split("/")[-1] for key in lake.keys(f"models/{name}")) == [
        "README.md",
        "config.json",
        "confused.csv",
        "metrics.json",
        "train_artworks.txt",
        "weights.safetensors",
    ]


def test_equal_weights_have_equal_names(lake: Lake) -> None:
    names = []
    for seed in (1, 1, 2):
        names.append(save_model(lake, tiny_net(seed), TINY, {}, []))
    assert names[0] == names[1] != names[2]


def test_embeddings_have_unit_length_and_do_not_depend_on_the_batch(
    lake: Lake, tiny_model: str
) -> None:
    embedder = load_model(lake, tiny_model, Inference(precision="fp32"))
    images = pictures(5)
    together = embedder.embed_queries(images)
    assert together.shape == (5, 128)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.vstack([embedder.embed_queries([image]) for image in images])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert embedder.embed_covers([]).shape == (0, 128)


def test_a_cover_is_framed_as_a_query_shows_it() -> None:
    framed = frame_cover(Image.new("L", (200, 200), 90), ModelConfig(image_px=64, cover_margin=0.5))
    assert framed.shape == (64, 64)
    assert framed.min() == framed.max() == 90
    chess = Image.fromarray(np.kron([[0, 200], [200, 0]], np.ones((50, 50))).astype(np.uint8))
    framed = frame_cover(chess, ModelConfig(image_px=64, cover_margin=0.5))
    assert (framed[:16] == 100).all()
    assert (framed[:, 48:] == 100).all()
    assert (framed[17, 17], framed[17, 46]) == (0, 200)
    plain = frame_cover(chess, ModelConfig(image_px=64, cover_margin=0.0))
    assert (plain == to_grey(chess, 64)).all()


def test_gain_and_offset_of_the_camera_do_not_matter() -> None:
    images = torch.randint(20, 100, (2, 1, 8, 8)).float()
    torch.testing.assert_close(standardise(images * 2 + 10), standardise(images))
    flat = standardise(torch.full((1, 1, 8, 8), 7.0))
    assert torch.isfinite(flat).all()


def test_what_does_not_fit_is_said(lake: Lake, tiny_model: str) -> None:
    with pytest.raises(NotFoundError, match=f"known: {tiny_model}"):
        load_model(lake, "other")
    other = lake.read(f"models/{tiny_model}/config.json").replace(b"mobilenet_v1", b"resnet18")
    lake.write(f"models/{tiny_model}/config.json", other)
    with pytest.raises(CratewatchError, match="do not fit"):
        load_model(lake, tiny_model)


class Says:
    """A runtime that answers the same whatever it is asked, or refuses."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def __call__(self, grey: Any) -> Any:  # noqa: ARG002  the protocol's name
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def test_a_model_that_does_not_fit_its_configuration_says_so_before_it_is_used() -> None:
    Embedder(Says(np.ones((1, 128), np.float32)), TINY, "net").warm_up()
    narrow = Embedder(Says(np.ones((1, 64), np.float32)), TINY, "net")
    with pytest.raises(CratewatchError, match=r"^model net: it makes embeddings of 64 .* not 128"):
        narrow.warm_up()
    odd = Embedder(Says(RuntimeError("Exception from core:\n32 is not 64\n")), TINY, "net")
    with pytest.raises(CratewatchError, match=r"cannot embed a picture of 32 px \(32 is not 64\)"):
        odd.warm_up()


@pytest.mark.heavy
def test_a_model_exported_from_another_network_is_refused(lake: Lake) -> None:
    small = save_model(lake, tiny_net(), TINY, {}, [])
    wide = replace(TINY, dim=64)
    other = save_model(lake, EmbeddingNet(wide), wide, {}, [])
    lake.write(f"models/{small}/model.onnx", export_onnx(find_model(lake, other)))
    with pytest.raises(CratewatchError, match=f"model {small}: it makes embeddings of 64 numbers"):
        load_model(lake, small, Inference("openvino")).warm_up()


@pytest.mark.parametrize("backbone", TRUNKS)
@pytest.mark.parametrize("image_px", [64, 224])
def test_no_layer_holds_more_of_a_picture_than_is_reckoned_with(
    backbone: str, image_px: int
) -> None:
    config = ModelConfig(backbone, stages=4, pooling="mean", image_px=image_px)
    sizes: list[int] = []
    net = EmbeddingNet(config).eval().to("meta")
    for layer in net.modules():
        if not list(layer.children()):
            layer.register_forward_hook(
                lambda _, taken, made: sizes.append(4 * (taken[0].numel() + made.numel()))
            )
    net(torch.empty(1, 1, image_px, image_px, device="meta"))
    assert max(sizes) <= picture_bytes(config) <= 4 * max(sizes)


def test_batches_are_as_large_as_memory_allows() -> None:
    config = ModelConfig(image_px=224)  # 6.4 MB a picture
    assert batch_for(config, 10**12, 64) == 64
    assert batch_for(config, 10**9, 512) == 77
    assert batch_for(config, 10**6, 512) == 1
