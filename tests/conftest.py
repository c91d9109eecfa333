"""Fixtures that several packages' tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cratewatch.catalog import Catalog, Cover, open_catalog
from cratewatch.embedding import EmbeddingNet, ModelConfig, save_model
from cratewatch.importing import import_folder
from cratewatch.lake import FolderLake
from workers import cluster

# Without a frame a cover is its own best query, also for an untrained model.
TINY = ModelConfig(image_px=32, cover_margin=0.0)


@pytest.fixture(scope="session")
def ray_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A local Ray cluster that all tests share."""
    with cluster.ray_cluster("local", tmp_path_factory.mktemp("ray")):
        yield


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CRATEWATCH_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def lake(home: Path) -> FolderLake:
    return FolderLake(home / "lake")


@pytest.fixture
def catalog(home: Path) -> Iterator[Catalog]:
    catalog = open_catalog(f"sqlite:///{home / 'catalog.db'}")
    yield catalog
    catalog.close()


def draw_noise(seed: int, side_px: int = 96) -> Image.Image:
    """Return a picture of coarse coloured blocks, unlike that of any other seed."""
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize((side_px, side_px), Image.Resampling.BICUBIC)


@pytest.fixture
def cover_folder(tmp_path: Path) -> Path:
    """Twenty-four covers, cover-00.jpg and so on."""
    folder = tmp_path / "covers"
    folder.mkdir()
    for number in range(24):
        draw_noise(number).save(folder / f"cover-{number:02d}.jpg", quality=95)
    return folder


@pytest.fixture
def imported(cover_folder: Path, catalog: Catalog, lake: FolderLake) -> list[Cover]:
    """The covers of cover_folder, imported."""
    import_folder(cover_folder, catalog, lake)
    return catalog.covers()


@pytest.fixture
def tiny_model(lake: FolderLake) -> str:
    """The name of an untrained model in the lake that sees 32 px."""
    torch.manual_seed(0)
    return save_model(lake, EmbeddingNet(TINY), TINY, {}, ["a-training-artwork"])
