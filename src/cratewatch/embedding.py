"""The embedding model: backbone, preprocessing, and the model folder in the lake."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import safetensors.torch
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import resnet18, resnet50

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.lake import Lake

Embeddings = npt.NDArray[np.float32]
Backbone = Literal["resnet18", "resnet50"]
PREFIX = "models"
STRIDE = 16
"""Pixels of the image for each place of the map that the trunk ends with."""
_BACKBONES = {"resnet18": (resnet18, 256), "resnet50": (resnet50, 1024)}


@dataclass(frozen=True)
class ModelConfig:
    """What has to be known to run a model again.

    Attributes:
        image_px: Side of the square that every image is resized to.
        cover_margin: Frame laid around a cover before it is embedded, as a share of its side,
            since a query shows the sleeve with some of what is around it. Measured on the
            demo's covers after 150 steps: recall@1 0.54 without, 0.70 with 0.14.
        dim: Length of an embedding.
    """

    backbone: Backbone = "resnet18"
    image_px: int = 64
    cover_margin: float = 0.14
    dim: int = 128


class EmbeddingNet(nn.Module):
    """The first three stages of a torchvision trunk on grey images, a linear head, L2.

    Cover and query show the sleeve in about the same place, so the head reads the whole map
    instead of its average, and the fourth stage, which would shrink the map once more, is left
    out.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        make, channels = _BACKBONES[config.backbone]
        self.trunk = make(weights=None)
        self.trunk.conv1 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.trunk.layer4 = self.trunk.avgpool = nn.Identity()
        self.trunk.fc = nn.Linear(channels * math.ceil(config.image_px / STRIDE) ** 2, config.dim)

    def forward(self, images: Tensor) -> Tensor:
        """Map (N, 1, S, S) float32, standardised, to (N, dim) float32 of unit length."""
        return functional.normalize(self.trunk(images).float())


def to_grey(image: Image.Image, side_px: int) -> npt.NDArray[np.uint8]:
    """Return (side_px, side_px) uint8: CCTV is often grey, so colour is not relied upon."""
    resized = image.convert("L").resize((side_px, side_px), Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.uint8)


def frame_cover(image: Image.Image, config: ModelConfig) -> npt.NDArray[np.uint8]:
    """Return (S, S) uint8 with S = config.image_px: the cover in a frame of its mean grey."""
    side_px = round(config.image_px / (1 + 2 * config.cover_margin))
    grey = to_grey(image, side_px)
    framed = np.full((config.image_px, config.image_px), round(grey.mean()), np.uint8)
    start = (config.image_px - side_px) // 2
    framed[start : start + side_px, start : start + side_px] = grey
    return framed


def standardise(images: Tensor) -> Tensor:
    """Scale (N, 1, S, S) to mean 0 and deviation 1 for each image: gain and offset vanish."""
    images = images.float()
    deviation, mean = torch.std_mean(images, dim=(1, 2, 3), keepdim=True)
    return (images - mean) / deviation.clamp(min=1.0)


class Embedder:
    """A model ready to embed, on the GPU where there is one."""

    def __init__(self, net: EmbeddingNet, config: ModelConfig, name: str) -> None:
        self.name = name
        self.config = config
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._net = net.eval().to(memory_format=torch.channels_last).to(self._device)

    def embed_queries(self, images: Sequence[Image.Image]) -> Embeddings:
        """Return (N, dim) float32, L2-normalised; the caller chooses the batch."""
        return self._embed([to_grey(image, self.config.image_px) for image in images])

    def embed_covers(self, images: Sequence[Image.Image]) -> Embeddings:
        """Return (N, dim) float32, L2-normalised, of covers as the gallery holds them."""
        return self._embed([frame_cover(image, self.config) for image in images])

    def _embed(self, grey: Sequence[npt.NDArray[np.uint8]]) -> Embeddings:
        if not grey:
            return np.zeros((0, self.config.dim), np.float32)
        batch = standardise(torch.from_numpy(np.stack(grey))[:, None].to(self._device))
        with torch.inference_mode():
            embeddings = self._net(batch.contiguous(memory_format=torch.channels_last))
        result: Embeddings = embeddings.cpu().numpy()
        return result


def save_model(
    lake: Lake,
    net: EmbeddingNet,
    config: ModelConfig,
    provenance: Mapping[str, Any],
    train_artworks: Sequence[str],
) -> str:
    """Write a model folder and return the model's name, which its weights determine.

    Args:
        provenance: JSON-ready: how it was trained, on what, and what it reached.
        train_artworks: The artwork ids that training saw.
    """
    weights = safetensors.torch.save(
        {name: tensor.contiguous() for name, tensor in net.state_dict().items()}
    )
    name = f"{config.backbone}_{hashlib.sha256(weights).hexdigest()[:8]}"
    files = {
        "weights.safetensors": weights,
        "train_artworks.txt": "".join(f"{a}\n" for a in sorted(train_artworks)).encode(),
        "metrics.json": _to_json(provenance.get("metrics", {})),
        "README.md": _model_card(name, config, provenance).encode(),
        "config.json": _to_json(
            {"model": asdict(config), "training": provenance.get("training", {})}
        ),
    }
    lake.tidy(PREFIX)
    for file, data in files.items():  # config.json last: a model without it does not exist
        lake.write(f"{PREFIX}/{name}/{file}", data)
    return name


def load_model(lake: Lake, name: str) -> Embedder:
    """Raise NotFoundError if there is no such model, CratewatchError if it does not fit."""
    try:
        config = ModelConfig(**json.loads(lake.read(f"{PREFIX}/{name}/config.json"))["model"])
    except NotFoundError as error:
        known = ", ".join(models(lake)) or "none; run `cratewatch train`"
        raise NotFoundError(f"model {name}: not in the lake (known: {known})") from error
    net = EmbeddingNet(config)
    try:
        net.load_state_dict(
            safetensors.torch.load(lake.read(f"{PREFIX}/{name}/weights.safetensors"))
        )
    except (RuntimeError, safetensors.SafetensorError) as error:
        raise CratewatchError(
            f"model {name}: weights do not fit its config.json ({error}); train it again"
        ) from error
    return Embedder(net, config, name)


def train_artworks(lake: Lake, name: str) -> frozenset[str]:
    """Return the artwork ids that the model's training saw."""
    return frozenset(lake.read(f"{PREFIX}/{name}/train_artworks.txt").decode().split())


def models(lake: Lake) -> list[str]:
    """Return the names of all models, the one trained last at the end."""
    keys = [key for key in lake.keys(PREFIX) if key.endswith("/config.json")]
    return [key.split("/")[1] for key in sorted(keys, key=lambda k: (lake.modified_at(k), k))]


def batches(count: int, size: int) -> Iterator[slice]:
    """Yield slices that cover 0..count in steps of size."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def _to_json(value: object) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True).encode()


def _model_card(name: str, config: ModelConfig, provenance: Mapping[str, Any]) -> str:
    rows = {**asdict(config), **provenance.get("training", {}), **provenance.get("metrics", {})}
    table = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    return (
        f"# {name}\n\nEmbeds record covers and CCTV crops of sleeves; trained from scratch by "
        "`cratewatch train` on drawn queries.\n\n| | |\n|---|---|\n"
        f"{table}\n\nIt sees grey only: sleeves that differ by colour alone are confused.\n"
    )
