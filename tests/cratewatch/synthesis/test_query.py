import hashlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from cratewatch.synthesis.hand_sampling import HandConfig
from cratewatch.synthesis.masks import decode_mask
from cratewatch.synthesis.query import Query, draw_query
from cratewatch.synthesis.scene import SceneConfig

SEEDS = range(40, 52)
FRESH_PROCESS = """
import hashlib, numpy as np
from cratewatch.synthesis.query import draw_query
from cratewatch.synthesis.scene import SceneConfig
cover = np.random.default_rng(3).integers(0, 256, (300, 310, 3), dtype=np.uint8)
for seed in reversed(range(40, 52)):
    query = draw_query(cover, "a", seed, SceneConfig())
    print(seed, hashlib.sha256(query.jpeg + repr(query.label).encode()).hexdigest())
"""


def some_cover() -> npt.NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (300, 310, 3), dtype=np.uint8)


def digest(query: Query) -> str:
    return hashlib.sha256(query.jpeg + repr(query.label).encode()).hexdigest()


def pixels_of(query: Query) -> npt.NDArray[np.uint8]:
    with Image.open(BytesIO(query.jpeg)) as picture:
        assert picture.mode == "RGB"
        return np.asarray(picture)


@pytest.fixture
def threads() -> Iterator[None]:
    before = cv2.getNumThreads()
    yield
    cv2.setNumThreads(before)


def test_same_seed_same_bytes_in_a_fresh_process_and_another_order() -> None:
    here = {seed: digest(draw_query(some_cover(), "a", seed, SceneConfig())) for seed in SEEDS}
    done = subprocess.run(
        [sys.executable, "-c", FRESH_PROCESS], capture_output=True, text=True, check=True
    )
    there = {int(line.split()[0]): line.split()[1] for line in done.stdout.splitlines()}
    assert there == here


@pytest.mark.usefixtures("threads")
def test_threads_of_opencv_do_not_change_the_bytes() -> None:
    digests = []
    for count in (1, 2):
        cv2.setNumThreads(count)
        digests.append([digest(draw_query(some_cover(), "a", s, SceneConfig())) for s in SEEDS])
    assert digests[0] == digests[1]


def test_other_seeds_give_other_pictures() -> None:
    pictures = {draw_query(some_cover(), "a", seed, SceneConfig()).jpeg for seed in SEEDS}
    assert len(pictures) == len(SEEDS)


def test_the_config_counts_not_only_the_seed() -> None:
    clean = replace(SceneConfig(), severity_range=(0.0, 0.0))
    bad = replace(SceneConfig(), severity_range=(1.0, 1.0))
    first, second = (draw_query(some_cover(), "a", 1, config) for config in (clean, bad))
    assert first.label["severity"] == 0.0
    assert second.label["severity"] == 1.0
    assert min(pixels_of(first).shape[:2]) > 4 * min(pixels_of(second).shape[:2])


def test_the_label_describes_the_picture() -> None:
    query = draw_query(some_cover(), "abc", 41, SceneConfig())
    height, width = pixels_of(query).shape[:2]
    assert query.label["cover_id"] == "abc"
    assert query.label["seed"] == 41
    assert query.label["engine"] == "composite"
    assert query.label["attempt"] == 0
    assert query.label["size_px"] == (width, height)
    boxes = query.label["boxes"]
    assert isinstance(boxes, list)
    assert boxes
    for box in boxes:
        x0, y0, x1, y1 = box["xyxy"]
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height
        mask = decode_mask(box["mask"])
        rows, columns = np.nonzero(mask)
        assert mask.shape == (height, width)
        assert x0 - 1 < columns.min() <= columns.max() < x1 + 1
        assert y0 - 1 < rows.min() <= rows.max() < y1 + 1


def hole_in_change(seed: int, config: SceneConfig) -> tuple[int, int, int, int]:
    """Return the box of what stays the same on the sleeve when the cover turns white."""
    black, white = np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 255, np.uint8)
    first, second = (pixels_of(draw_query(c, "a", seed, config)) for c in (black, white))
    changed = (second.astype(int) - first).mean(axis=2) > 60
    hull = np.zeros(changed.shape, dtype=np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.argwhere(changed)[:, ::-1].astype(np.int32)), 1)
    hole = cv2.morphologyEx(hull & ~changed, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    rows, columns = np.nonzero(hole)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_boxes_follow_the_crop_and_the_scale() -> None:
    config = SceneConfig(
        bare_share=0,
        hands=HandConfig(none_share=1),
        glare_share=0,
        wrap_share=0,
        severity_range=(0.0, 0.0),
    )
    compared = 0
    for seed in range(24):
        boxes = draw_query(some_cover(), "a", seed, config).label["boxes"]
        assert isinstance(boxes, list)
        if len(boxes) == 1 and "starburst" not in boxes[0]["phrase"]:
            assert boxes[0]["xyxy"] == pytest.approx(hole_in_change(seed, config), abs=4.5)
            compared += 1
    assert compared >= 8


def test_a_bare_scene_at_severity_zero_resembles_the_cover() -> None:
    rng = np.random.default_rng(0)
    cover = cv2.resize(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8), (240, 240))
    other = cv2.resize(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8), (240, 240))
    config = SceneConfig(bare_share=1, glare_share=0, wrap_share=0, severity_range=(0.0, 0.0))
    for seed in range(5):
        query = draw_query(np.asarray(cover, dtype=np.uint8), "a", seed, config)
        assert query.label["occluded_fraction"] == 0.0
        assert query.label["boxes"] == []
        seen = cv2.cvtColor(pixels_of(query), cv2.COLOR_RGB2GRAY)
        height, width = seen.shape
        seen = seen[height // 5 : -height // 5, width // 5 : -width // 5]
        own, foreign = (
            cv2.matchTemplate(cv2.cvtColor(c, cv2.COLOR_RGB2GRAY), seen, cv2.TM_CCOEFF_NORMED)
            for c in (cover, other)
        )
        assert own.max() > 0.6
        assert own.max() > foreign.max() + 0.2


@pytest.mark.parametrize("shape", [(1, 1), (20, 4000), (4000, 20), (601, 599), (31, 33)])
def test_any_size_of_cover_will_do(shape: tuple[int, int]) -> None:
    cover = np.full((*shape, 3), 120, dtype=np.uint8)
    assert min(pixels_of(draw_query(cover, "a", 2, SceneConfig())).shape[:2]) >= 32


@pytest.mark.parametrize(
    "cover",
    [
        np.zeros((10, 10), dtype=np.uint8),
        np.zeros((10, 10, 4), dtype=np.uint8),
        np.zeros((0, 10, 3), dtype=np.uint8),
        np.zeros((10, 10, 3), dtype=np.float32),
    ],
)
def test_what_is_no_picture_is_refused(cover: npt.NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="a cover is"):
        draw_query(cover, "a", 2, SceneConfig())
