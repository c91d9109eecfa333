from itertools import combinations

import imagehash
import numpy as np
import pytest
from PIL import Image

from cratewatch.demo.artwork.cover import CoverSpec, draw_cover
from cratewatch.demo.stock import stock_of_night

SAME_ARTWORK_BITS = 40  # the catalog takes nearer hashes for scans of one sleeve


def phash(cover: Image.Image) -> np.ndarray:
    return imagehash.phash(cover, hash_size=16).hash.ravel()


@pytest.fixture(scope="module")
def specs() -> list[CoverSpec]:
    return list({r.artwork: r.image.spec for r in stock_of_night(1)}.values())


def nearest(hashes: list[np.ndarray]) -> int:
    return min(int((a != b).sum()) for a, b in combinations(hashes, 2))


def test_one_specification_gives_one_picture(specs: list[CoverSpec]) -> None:
    for spec in specs[:12]:
        first, second = np.asarray(draw_cover(spec)), np.asarray(draw_cover(spec))
        assert first.shape == (600, 600, 3)
        assert np.array_equal(first, second)


def test_the_words_are_on_the_cover() -> None:
    spec = CoverSpec("poster", "The Paper Otters", "Learning November", "Grand Union")
    other = CoverSpec("poster", "Wanda Yarrow", "Dub", "Grand Union")
    assert not np.array_equal(np.asarray(draw_cover(spec)), np.asarray(draw_cover(other)))


@pytest.mark.heavy
def test_volumes_of_a_series_look_alike_but_are_told_apart(specs: list[CoverSpec]) -> None:
    names = {spec.series for spec in specs if spec.series}
    assert len(names) >= 10
    for name in names:
        volumes = [phash(draw_cover(spec)) for spec in specs if spec.series == name]
        if len(volumes) > 1:
            assert nearest(volumes) > SAME_ARTWORK_BITS, name


@pytest.mark.heavy
def test_covers_outside_series_are_told_apart(specs: list[CoverSpec]) -> None:
    single = [spec for spec in specs if not spec.series]
    assert nearest([phash(draw_cover(spec)) for spec in single[::4]]) > SAME_ARTWORK_BITS
