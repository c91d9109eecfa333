import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover
from cratewatch.embedding.loading import load_model
from cratewatch.gallery.gallery import Hit, open_gallery
from cratewatch.images.reading import load
from cratewatch.lake.folder import FolderLake
from cratewatch.retrieval.config import ONE_LOOK
from cratewatch.retrieval.copies import Copies
from cratewatch.retrieval.identification import Identifier
from cratewatch.retrieval.searcher import Searcher
from cratewatch.sources.folder.importing import import_folder
from tests.made_collections import make_collection
from tests.pictures import draw_noise, draw_plain_sleeves

pytestmark = pytest.mark.heavy

SLEEVES = draw_plain_sleeves()


@pytest.fixture
def folder(tmp_path: Path, catalog: Catalog, lake: FolderLake) -> Path:
    """Plain sleeves and three others, imported; each file bears the name of its sleeve."""
    folder = tmp_path / "sleeves"
    folder.mkdir()
    for name, sleeve in SLEEVES.items():
        sleeve.save(folder / f"{name}.png")
    for seed in range(3):
        draw_noise(seed, 240).save(folder / f"noise {seed}.jpg", quality=95)
    import_folder(folder, catalog, lake)
    return folder


@pytest.fixture
def found(folder: Path, catalog: Catalog, lake: FolderLake) -> dict[str, Cover]:
    return {Path(cover.source_url).stem: cover for cover in catalog.covers.all()}


def hits(covers: dict[str, Cover], *, but: str = "") -> list[Hit]:
    return [
        Hit(cover.cover_id, cover.artwork_id, 0.9 - n / 100)
        for n, (name, cover) in enumerate(covers.items())
        if name != but
    ]


def saved(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@pytest.mark.parametrize("name", [*SLEEVES, "noise 1"])
def test_a_copy_is_first_wherever_the_model_put_it(
    found: dict[str, Cover], catalog: Catalog, lake: FolderLake, name: str
) -> None:
    copies = Copies(catalog, lake)
    sleeve = SLEEVES.get(name) or draw_noise(1, 240)
    left_out = "" if name == "noise 1" else name  # of plain sleeves the model may find none
    for size, quality in ((240, 95), (300, 60), (120, 75)):
        scaled = sleeve.resize((size, size))
        ranked = hits(found, but=left_out)
        answer = copies.put_first(scaled, saved(scaled, quality), ranked)
        first = answer.hits[0]
        assert first.cover_id == found[name].cover_id, (size, quality)
        assert first.cover_id in answer.copies
        assert first.score >= ranked[0].score
        assert len({hit.artwork_id for hit in answer.hits}) == len(answer.hits)


def test_of_two_that_look_the_same_the_one_with_the_very_bytes_is_first(
    tmp_path: Path, catalog: Catalog, lake: FolderLake
) -> None:
    folder = tmp_path / "two"
    folder.mkdir()
    for n, quality in enumerate((70, 80, 90)):
        (folder / f"{n}.jpg").write_bytes(saved(SLEEVES["white"], quality))
    import_folder(folder, catalog, lake)
    of_file = {Path(cover.source_url).name: cover.cover_id for cover in catalog.covers.all()}
    assert len(of_file) == 3
    for name, cover_id in of_file.items():
        data = (folder / name).read_bytes()
        answer = Copies(catalog, lake).put_first(SLEEVES["white"], data, [])
        assert answer.hits[0].cover_id == cover_id
        assert answer.copies == set(of_file.values())


def test_what_is_no_copy_stays_where_it_is(
    found: dict[str, Cover], catalog: Catalog, lake: FolderLake
) -> None:
    for other in (draw_noise(9, 240), Image.new("RGB", (240, 240), (90, 60, 160))):
        ranked = hits(found)
        answer = Copies(catalog, lake).put_first(other, saved(other, 90), ranked)
        assert (answer.hits, answer.copies) == (ranked, frozenset())


def test_plain_sleeves_are_identified_and_known(
    folder: Path, home: Path, catalog: Catalog, lake: FolderLake, tiny_model: str
) -> None:
    embedder = load_model(lake, tiny_model)
    covers = catalog.covers.all()
    vectors = np.vstack([embedder.embed_covers([load(Path(c.source_url))]) for c in covers])
    with open_gallery(str(home / "gallery.db")) as gallery:
        make_collection(gallery, tiny_model, 128)
        ids = [cover.cover_id for cover in covers]
        gallery.rows.upsert(tiny_model, ids, [cover.artwork_id for cover in covers], vectors)
        gallery.alias.point_to(tiny_model)
        searcher = Searcher(embedder, gallery, ONE_LOOK)
        identifier = Identifier(searcher, catalog, None, Copies(catalog, lake))
        paths = [cover.source_url for cover in covers]
        for cover, answer in zip(
            covers,
            identifier.identify([(path, Path(path).read_bytes) for path in paths], 3),
            strict=True,
        ):
            assert answer.known is True
            assert answer.matches[0].cover_id == cover.cover_id
            scores = [match.score for match in answer.matches]
            assert scores == sorted(scores, reverse=True)
