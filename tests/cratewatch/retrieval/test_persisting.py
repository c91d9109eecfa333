"""Two views of a sleeve, compared with every cover that is near to either of them."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover
from cratewatch.embedding.loading import load_model
from cratewatch.finding.cutting import UPRIGHT_PX, Upright
from cratewatch.finding.finder import FoundSleeve
from cratewatch.finding.quads import UNIT
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.retrieval.config import ONE_LOOK
from cratewatch.retrieval.cover_keypoints import CoverKeypoints
from cratewatch.retrieval.persisting import name_by_two
from cratewatch.retrieval.searcher import Searcher
from tests.made_collections import make_collection


def picture(seed: int) -> Image.Image:
    """A cover with keypoints that no other has."""
    coarse = np.random.default_rng(seed).integers(0, 256, (20, 20)).astype(np.uint8)
    return Image.fromarray(cv2.resize(coarse, (160, 160), interpolation=cv2.INTER_CUBIC))


@pytest.fixture
def covers(imported: list[Cover], lake: Lake) -> list[Cover]:
    """Imported covers whose pictures have keypoints."""
    for number, cover in enumerate(imported):
        data = BytesIO()
        picture(number).convert("RGB").save(data, "PNG")
        lake.write(cover_key(cover.cover_id), data.getvalue())
    return imported


@pytest.fixture
def searcher(covers: list[Cover], lake: Lake, home: Path, tiny_model: str) -> Iterator[Searcher]:
    embedder = load_model(lake, tiny_model)
    with open_gallery(str(home / "gallery.db")) as gallery:
        _fill(gallery, covers, tiny_model)
        gallery.alias.point_to(tiny_model)
        yield Searcher(embedder, gallery, ONE_LOOK, covers=CoverKeypoints(lake))


def _fill(gallery: Gallery, covers: list[Cover], model: str) -> None:
    """Give all covers vectors that say nothing of their pictures."""
    make_collection(gallery, model, 128)
    vectors = np.random.default_rng(1).normal(size=(len(covers), 128)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cover_ids, artwork_ids = [one.cover_id for one in covers], [one.artwork_id for one in covers]
    gallery.rows.upsert(model, cover_ids, artwork_ids, vectors)


def view(seed: int, quarters: int = 0, hidden: int = 0) -> Upright:
    """A sleeve with its margin, some rows of it hidden by grey."""
    face = np.array(picture(seed).rotate(90 * quarters))
    face[:hidden] = 128
    framed = Image.new("L", (184, 184), 128)
    framed.paste(Image.fromarray(face), (12, 12))
    image = framed.convert("RGB").resize((UPRIGHT_PX, UPRIGHT_PX))
    return Upright(FoundSleeve(UNIT * 90.0, 0.9), image)


def test_a_sleeve_is_named_whatever_its_embedding_says(
    searcher: Searcher, catalog: Catalog, covers: list[Cover]
) -> None:
    for views in ((view(5), view(5, hidden=60)), (view(5, 1, hidden=50), view(5, 3))):
        match = name_by_two(views, searcher, catalog)
        assert match is not None
        assert match.cover_id == covers[5].cover_id
        assert match.path_or_url == covers[5].source_url


def test_both_views_must_show_the_cover(searcher: Searcher, catalog: Catalog) -> None:
    assert name_by_two((view(5), view(6)), searcher, catalog) is None
    assert name_by_two((view(77), view(77)), searcher, catalog) is None


def test_without_keypoints_nothing_is_named(
    searcher: Searcher, catalog: Catalog, tiny_model: str
) -> None:
    plain = Searcher(searcher.embedder, searcher.gallery, ONE_LOOK)
    assert name_by_two((view(5), view(5)), plain, catalog) is None
