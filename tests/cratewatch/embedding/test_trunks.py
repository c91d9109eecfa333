import io
from pathlib import Path

import numpy as np
import pytest
import torch

from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.grey_trunk import make_trunk
from cratewatch.embedding.mobilenet_v1 import MobileNetV1, SameConv2d
from cratewatch.embedding.net import EmbeddingNet, GeM
from cratewatch.embedding.trunks import TRUNKS, stride
from cratewatch.errors import CratewatchError

pytestmark = pytest.mark.heavy


def resnet18() -> torch.nn.Module:
    from torchvision import models  # takes seconds, which no other tests' process need wait

    return models.resnet18(weights=None)


@pytest.mark.parametrize("backbone", TRUNKS)
@pytest.mark.parametrize("stages", [2, 4])
def test_a_trunk_has_the_map_that_is_promised(backbone: str, stages: int) -> None:
    trunk = make_trunk(backbone, stages).eval()
    side = -(-80 // stride(stages))
    assert trunk(torch.rand(2, 1, 80, 80)).shape == (
        2,
        TRUNKS[backbone].channels[stages - 1],
        side,
        side,
    )


@pytest.mark.parametrize("pooling", ["map", "gem", "mean"])
def test_every_pooling_ends_in_vectors_of_unit_length(pooling: str) -> None:
    net = EmbeddingNet(ModelConfig(pooling=pooling, image_px=72)).eval()  # type: ignore[arg-type]
    vectors = net(torch.rand(3, 1, 72, 72))
    assert vectors.shape == (3, 128)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))


def test_the_generalised_mean_agrees_with_the_formula() -> None:
    maps = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    expected = ((1 + 8 + 27 + 64) / 4) ** (1 / 3)
    with torch.inference_mode():
        assert float(GeM()(maps)) == pytest.approx(expected, rel=1e-5)
        assert float(GeM(exponent=1.0)(maps)) == pytest.approx(2.5, rel=1e-5)


def test_a_grey_image_gives_what_the_same_in_colour_gave(tmp_path: Path) -> None:
    torch.manual_seed(0)
    whole = resnet18().eval()
    torch.save(whole.state_dict(), tmp_path / "resnet18.pth")
    trunk = make_trunk("resnet18", 4, str(tmp_path / "resnet18.pth")).eval()
    grey = torch.rand(2, 1, 64, 64)
    in_colour = torch.nn.Sequential(*list(whole.children())[:-2])(grey.expand(-1, 3, -1, -1))
    torch.testing.assert_close(trunk(grey), in_colour, rtol=1e-4, atol=1e-5)


def test_padding_is_that_of_tensorflow() -> None:
    convolution = SameConv2d(1, 1, 3, 2, bias=False)
    torch.nn.init.ones_(convolution.weight)
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    # An even side is padded below and right only: windows begin at 0 and 2.
    expected = [[0 + 1 + 2 + 4 + 5 + 6 + 8 + 9 + 10, 2 + 3 + 6 + 7 + 10 + 11]]
    expected += [[8 + 9 + 10 + 12 + 13 + 14, 10 + 11 + 14 + 15]]
    assert convolution(image)[0, 0].tolist() == expected
    assert convolution(torch.ones(1, 1, 5, 5)).shape == (1, 1, 3, 3)


def test_tensorflow_weights_find_their_places(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = MobileNetV1()
    names = {"weight": "gamma", "bias": "beta"}
    names |= {"running_mean": "moving_mean", "running_var": "moving_variance"}
    arrays = {}
    for key, tensor in net.state_dict().items():
        _, block, *place = key.split(".")
        deep = len(place) == 3 and place[0] == "0"
        layer = "conv1" if block == "0" else f"conv_{'dw' if deep else 'pw'}_{block}"
        if place[-2] == "0":
            order = (2, 3, 0, 1) if deep else (2, 3, 1, 0)
            kernel = "depthwise_kernel" if deep else "kernel"
            arrays[f"{layer}/{kernel}"] = tensor.permute(*order).numpy()
        elif place[-1] in names:
            arrays[f"{layer}_bn/{names[place[-1]]}"] = tensor.numpy()
    np.savez(tmp_path / "weights.npz", **arrays)
    trunk = make_trunk("mobilenet_v1", 4, str(tmp_path / "weights.npz")).eval()
    grey = torch.rand(1, 1, 64, 64)
    torch.testing.assert_close(
        trunk(grey), net.eval()(grey.expand(-1, 3, -1, -1)), rtol=1e-4, atol=1e-5
    )


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save(resnet18().state_dict(), buffer)
    (tmp_path / "resnet18.pth").write_bytes(buffer.getvalue())
    with pytest.raises(CratewatchError, match="does not hold resnet50"):
        make_trunk("resnet50", 3, str(tmp_path / "resnet18.pth"))
    (tmp_path / "torn.pth").write_bytes(buffer.getvalue()[:1000])
    with pytest.raises(CratewatchError, match=r"torn\.pth does not hold resnet18"):
        make_trunk("resnet18", 3, str(tmp_path / "torn.pth"))
    with pytest.raises(CratewatchError, match=r"away\.npz does not hold mobilenet_v1"):
        make_trunk("mobilenet_v1", 3, str(tmp_path / "away.npz"))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"backbone": "vgg"}, "'vgg' is none of resnet18"),
        ({"pooling": "max"}, "'max' is none of map"),
        ({"stages": 5}, "stages 5: a backbone has 1 to 4"),
        ({"image_px": 16}, "image_px 16: 3 stages need 32"),
    ],
)
def test_a_config_that_no_network_has_is_refused(setting: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModelConfig(**setting)  # type: ignore[arg-type]
