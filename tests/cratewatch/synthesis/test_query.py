import numpy as np

from cratewatch.synthesis.query import draw_query
from cratewatch.synthesis.scene import SceneConfig


def test_same_seed_same_bytes_and_another_seed_other_bytes() -> None:
    cover = np.random.default_rng(3).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    first = draw_query(cover, "a", 5, SceneConfig())
    assert draw_query(cover, "a", 5, SceneConfig()) == first
    assert draw_query(cover, "a", 6, SceneConfig()).jpeg != first.jpeg
