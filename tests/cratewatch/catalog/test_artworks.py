import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from cratewatch.catalog.artworks import ArtworkIndex
from cratewatch.catalog.looks import Looks
from cratewatch.images.covers import StoredCover, prepare_cover
from cratewatch.lake.lake import Lake, cover_key
from tests.pictures import draw_noise, draw_plain_sleeves


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@pytest.fixture
def assign(lake: Lake) -> Callable[[Image.Image], str]:
    """Return a function: a picture that is stored to its artwork."""
    artworks = ArtworkIndex([], np.zeros((0, 32), np.uint8), Looks(lake))

    def assign(image: Image.Image, quality: int = 90) -> str:
        stored: StoredCover = prepare_cover(jpeg(image, quality))
        lake.write(cover_key(stored.cover_id), stored.data)
        return artworks.assign(stored.cover_id, stored.phash)

    return assign


def test_scans_of_one_sleeve_are_one_artwork(assign: Callable[..., str]) -> None:
    sleeve = draw_noise(1, 300)
    first = assign(sleeve)
    assert assign(sleeve.resize((180, 180)), 60) == first
    assert assign(ImageEnhance.Brightness(sleeve).enhance(0.8)) == first
    assert assign(draw_noise(2, 300)) != first


def test_one_drawing_in_two_colours_is_two_artworks(assign: Callable[..., str]) -> None:
    drawing = draw_noise(1, 300).convert("L")
    empty = Image.new("L", drawing.size)
    red = Image.merge("RGB", (drawing, empty, empty))
    blue = Image.merge("RGB", (empty, empty, drawing))
    first = assign(red)
    assert assign(blue) != first
    assert assign(red, 95) == first


def test_plain_sleeves_are_each_an_artwork(assign: Callable[..., str]) -> None:
    sleeves = draw_plain_sleeves()
    assert len({assign(sleeve) for sleeve in sleeves.values()}) == len(sleeves)


def test_a_cover_that_the_lake_has_lost_goes_by_its_hash(
    lake: Lake, assign: Callable[..., str]
) -> None:
    first = assign(draw_noise(1, 300))
    lake.delete(cover_key(first))
    assert assign(draw_noise(1, 300).resize((180, 180)), 60) == first
