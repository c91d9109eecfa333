"""Fixtures that several packages' tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cratewatch.catalog import Catalog, Cover, Release, open_catalog
from cratewatch.embedding import EmbeddingNet, ModelConfig, save_model
from cratewatch.images import prepare_cover
from cratewatch.importing import import_folder
from cratewatch.lake import Lake

TINY = ModelConfig(image_px=32)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CRATEWATCH_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def lake(home: Path) -> Lake:
    return Lake(home / "lake")


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
def imported(cover_folder: Path, catalog: Catalog, lake: Lake) -> list[Cover]:
    """The covers of cover_folder, imported."""
    import_folder(cover_folder, catalog, lake)
    return catalog.covers()


@pytest.fixture
def tiny_model(lake: Lake) -> str:
    """The name of an untrained model in the lake that sees 32 px."""
    torch.manual_seed(0)
    return save_model(lake, EmbeddingNet(TINY), TINY, {}, ["a-training-artwork"])


def make_cover(seed: int, source_url: str, source: str = "shop") -> Cover:
    stored = prepare_cover(_jpeg(draw_noise(seed)))
    return Cover(
        cover_id=stored.cover_id,
        artwork_id=stored.cover_id,
        source=source,
        source_url=source_url,
        width_px=stored.width_px,
        height_px=stored.height_px,
        phash=stored.phash,
        fetched_at=datetime(2026, 1, 2, tzinfo=UTC),
    )


def make_release(number: int, **values: object) -> Release:
    defaults: dict[str, object] = {
        "title": f"Title {number}",
        "page_url": f"http://shop/{number}",
        "image_url": f"http://shop/{number}.jpg",
    }
    return Release(source="shop", native_id=str(number), **(defaults | values))  # type: ignore[arg-type]


def _jpeg(image: Image.Image) -> bytes:
    import io

    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()
