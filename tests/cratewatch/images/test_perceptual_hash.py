import imagehash
import numpy as np
import pytest
from PIL import Image

from cratewatch.images.perceptual_hash import NOTHING_TO_SEE, perceptual_hash
from tests.pictures import draw_noise, draw_plain_sleeves


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_hash_of_imagehash(seed: int) -> None:
    image = draw_noise(seed, 200)
    assert perceptual_hash(image) == str(imagehash.phash(image, hash_size=16))


@pytest.mark.parametrize("name", draw_plain_sleeves())
@pytest.mark.parametrize("noise", [0.0, 4.0])
def test_a_plain_sleeve_has_none(name: str, noise: float) -> None:
    sleeve = np.asarray(draw_plain_sleeves()[name], np.float64)
    grain = np.random.default_rng(0).normal(0, noise, sleeve.shape)
    scan = Image.fromarray((sleeve + grain).clip(0, 255).astype(np.uint8))
    assert perceptual_hash(scan) == NOTHING_TO_SEE
