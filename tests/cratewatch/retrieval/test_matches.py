from pathlib import Path

import numpy as np
import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover
from cratewatch.embedding.loading import load_model
from cratewatch.gallery.gallery import open_gallery
from cratewatch.images.reading import load
from cratewatch.lake.lake import Lake
from cratewatch.retrieval.config import ONE_LOOK
from cratewatch.retrieval.matches import identify
from cratewatch.retrieval.searcher import Searcher
from tests.made_collections import make_collection


@pytest.mark.parametrize("top", [1, 5])
def test_a_cover_is_identified_as_itself(
    catalog: Catalog,
    lake: Lake,
    home: Path,
    imported: list[Cover],
    tiny_model: str,
    top: int,
) -> None:
    embedder = load_model(lake, tiny_model)
    images = [load(Path(cover.source_url)) for cover in imported]
    with open_gallery(str(home / "gallery.db")) as gallery:
        make_collection(gallery, tiny_model, 128)
        gallery.rows.upsert(
            tiny_model,
            [cover.cover_id for cover in imported],
            [cover.artwork_id for cover in imported],
            np.vstack([embedder.embed_covers([image]) for image in images]),
        )
        gallery.alias.point_to(tiny_model)
        found = identify(images, Searcher(embedder, gallery, ONE_LOOK), catalog, top)
    for cover, matches in zip(imported, found, strict=True):
        assert len(matches) == top
        assert matches[0].cover_id == cover.cover_id
        assert matches[0].score == pytest.approx(1, abs=1e-4)
        assert matches[0].path_or_url == cover.source_url
        assert [release.title for release in matches[0].releases] == [Path(cover.source_url).stem]
        scores = [match.score for match in matches]
        assert scores == sorted(scores, reverse=True)
