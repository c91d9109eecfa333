"""Adds int8 weights to a model folder, calibrated on covers of the catalog and sketches of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.records import Cover
from cratewatch.embedding.arrays import Grey
from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.exporting import quantise_model
from cratewatch.embedding.inference import Inference
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.preprocessing import frame_cover
from cratewatch.embedding.saved_models import adopt_model, default_model, find_model
from cratewatch.errors import CheckError, CratewatchError
from cratewatch.images.reading import decode
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.lake.opening import open_lake
from cratewatch.settings import Settings
from cratewatch.training.sketch import Props, lay_cover, make_props, sketch

LEAST_COSINE = 0.99
COVER_PX = 256


@dataclass(frozen=True)
class Quantised:
    """How the embeddings in int8 agree with those in fp32, on pictures other than calibrated on.

    Attributes:
        pictures: That it was calibrated on; half of them sketches, as many were compared.
        cosine_mean: Between both embeddings of one picture.
        cosine_least: Of all pictures.
    """

    model: str
    pictures: int
    cosine_mean: float
    cosine_least: float


def quantise(settings: Settings, model: str = "", pictures: int = 300) -> Quantised:
    """Quantise a model of the lake, by default the one trained last, and compare.

    Raises:
        NotFoundError: if there is no such model.
        CratewatchError: if there are no covers, or what quantises is not installed.
        CheckError: if the mean cosine is below LEAST_COSINE; nothing is kept then.
    """
    lake = open_lake(settings.lake)
    name = adopt_model(lake, model or default_model(lake))
    folder = find_model(lake, name)
    config = folder.config()
    with closing(open_catalog(settings.catalog_url)) as catalog:
        covers = sorted(catalog.covers.all(), key=lambda cover: cover.cover_id)[:pictures]
    if len(covers) < 2:
        raise CratewatchError(
            "quantize: the catalog has no covers to calibrate on; import or refresh some first"
        )
    props = make_props(0)
    calibrated_on = _draw(lake, covers[0::2], config, props)
    quick, files = quantise_model(folder, calibrated_on)
    plain = load_model(lake, name, Inference("torch", "fp32", "cpu"))
    cosines = _cosines(plain, quick, _draw(lake, covers[1::2], config, props))
    found = Quantised(name, len(calibrated_on), float(cosines.mean()), float(cosines.min()))
    if found.cosine_mean < LEAST_COSINE:
        raise CheckError(
            f"quantize: embeddings of {name} in int8 have a mean cosine of "
            f"{found.cosine_mean:.3f} with those in fp32, {LEAST_COSINE} is wanted; use bf16"
        )
    for file, data in files.items():
        lake.write(f"{folder.prefix}/{file}", data)
    return found


def _draw(lake: Lake, covers: Sequence[Cover], config: ModelConfig, props: Props) -> list[Grey]:
    """Return each cover as the gallery has it, and a sketch of it."""
    rng = np.random.default_rng(0)
    drawn: list[Grey] = []
    for cover in covers:
        image = decode(lake.read(cover_key(cover.cover_id)), side_px=COVER_PX)
        query = sketch(lay_cover(image), props, rng, config.image_px)
        drawn += [frame_cover(image, config), query]
    return drawn


def _cosines(plain: Embedder, quick: Embedder, grey: Sequence[Grey]) -> npt.NDArray[np.float32]:
    both = plain.embed_grey(grey) * quick.embed_grey(grey)
    return np.asarray(both.sum(axis=1), np.float32)
