from dataclasses import replace

import numpy as np
import pytest

from cratewatch.synthesis.composite import CANVAS_PX, draw_occluded
from cratewatch.synthesis.hand_sampling import HandConfig
from cratewatch.synthesis.scene import Scene, SceneConfig, boxes_of, sample_scene
from cratewatch.synthesis.stickers import Sticker, StickerShape

CORNERS = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
GREY = np.full((32, 32, 3), 90, dtype=np.uint8)


def flat_scene(*stickers: Sticker) -> Scene:
    """Return a square sleeve of 192 px that faces the camera, without hands and shine."""
    scene = sample_scene(1, SceneConfig())
    return replace(
        scene,
        corners=CORNERS,
        hands=(),
        stickers=stickers,
        glares=(),
        wrap=None,
        boxes=boxes_of((), stickers, np.array(CORNERS)),
    )


def a_sticker(shape: StickerShape, width: float, angle_deg: float = 0.0) -> Sticker:
    return Sticker(
        shape, (0.5, 0.4), width, angle_deg, "9.99", paper=(1.0, 1.0, 1.0), ink=(0.0, 0.0, 0.0)
    )


def test_the_sleeve_covers_what_its_corners_say() -> None:
    drawn = draw_occluded(GREY, flat_scene())
    rows, columns = np.nonzero(drawn.sleeve)
    assert (rows.min(), rows.max()) == (64, 255)
    assert (columns.min(), columns.max()) == (64, 255)
    assert drawn.sleeve.sum() == 192 * 192
    assert drawn.sleeve_xyxy == pytest.approx((64, 64, 256, 256))
    assert drawn.occluded_fraction == 0.0
    assert not drawn.mask.any()


@pytest.mark.parametrize(
    ("shape", "width", "share"),
    [
        ("rectangular", 0.5, 0.5 * 139 / 144 * 0.5 * 0.58 * 79 / 84),
        ("round", 0.4, np.pi * (0.2 * 69.5 / 72) ** 2),
    ],
)
def test_occluded_fraction_of_one_sticker_by_hand(
    shape: StickerShape, width: float, share: float
) -> None:
    """A contour from pixel 3 to 141 of 144 covers 139 of them; of 84 rows it covers 79."""
    drawn = draw_occluded(GREY, flat_scene(a_sticker(shape, width)))
    assert drawn.occluded_fraction == pytest.approx(share, rel=0.03)
    assert drawn.occluded_fraction == drawn.mask.sum() / drawn.sleeve.sum()


def test_two_stickers_on_one_another_count_once() -> None:
    one = draw_occluded(GREY, flat_scene(a_sticker("round", 0.3)))
    two = draw_occluded(GREY, flat_scene(a_sticker("round", 0.3), a_sticker("round", 0.3)))
    assert two.occluded_fraction == one.occluded_fraction


@pytest.mark.parametrize("angle_deg", [0.0, 25.0])
def test_a_stickers_box_fits_its_mask(angle_deg: float) -> None:
    drawn = draw_occluded(GREY, flat_scene(a_sticker("rectangular", 0.4, angle_deg)))
    rows, columns = np.nonzero(drawn.mask)
    x0, y0, x1, y1 = drawn.boxes[0].xyxy
    assert drawn.boxes[0].phrase == "a rectangular price sticker"
    assert [x0, y0] == pytest.approx([columns.min(), rows.min()], abs=4)
    assert [x1, y1] == pytest.approx([columns.max() + 1, rows.max() + 1], abs=4)


def test_boxes_contain_the_mask() -> None:
    for seed in range(60):
        drawn = draw_occluded(GREY, sample_scene(seed, SceneConfig()))
        left = drawn.mask.copy()
        for box in drawn.boxes:
            x0, y0, x1, y1 = box.xyxy
            left[int(y0) : int(np.ceil(y1)) + 1, int(x0) : int(np.ceil(x1)) + 1] = False
        assert left.sum() <= 2, f"seed {seed}"


def test_the_mask_is_where_the_picture_of_the_cover_changes_most() -> None:
    """What the mask leaves free still shows the cover: black stays darker than white."""
    black, white = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    config = SceneConfig(bare_share=0, hands=HandConfig(none_share=0), glare_share=0, wrap_share=0)
    for seed in range(12):
        scene = sample_scene(seed, config)
        first, second = draw_occluded(black, scene), draw_occluded(white, scene)
        change = second.image.astype(int).mean(axis=2) - first.image.astype(int).mean(axis=2)
        assert np.array_equal(first.mask, second.mask)
        assert (change[first.mask] < 130).all()
        free = first.sleeve & ~first.mask
        assert (change[free] > 25).mean() > 0.99
        assert (change[first.mask] == 0).mean() > 0.8


def test_glare_and_wrap_lighten_but_do_not_occlude() -> None:
    base = flat_scene()
    shiny = sample_scene(1, SceneConfig(bare_share=1, glare_share=1, wrap_share=1))
    drawn = draw_occluded(GREY, replace(base, glares=shiny.glares, wrap=shiny.wrap))
    plain = draw_occluded(GREY, base)
    assert drawn.occluded_fraction == 0.0
    assert drawn.image.mean() > plain.image.mean()


def test_every_background_is_drawn_in_full() -> None:
    kinds = set()
    for seed in range(30):
        scene = sample_scene(seed, SceneConfig(bare_share=1))
        image = draw_occluded(GREY, scene).image
        kinds.add(scene.background.kind)
        assert image.shape == (CANVAS_PX, CANVAS_PX, 3)
        assert image.dtype == np.uint8
        assert image[:20].std() > 0
    assert kinds == {"clothing", "crate", "shop"}


@pytest.mark.parametrize(
    ("seed", "mean_rgb", "hidden"),
    [
        (0, (78.996, 83.688, 81.342), 0.0),
        (1, (98.811, 93.042, 84.442), 0.16244),
        (2, (89.685, 107.469, 104.288), 0.21295),
        (3, (84.766, 79.196, 86.029), 0.26431),
    ],
)
def test_pictures_of_a_seed_stay_what_they_were(
    seed: int, mean_rgb: tuple[float, float, float], hidden: float
) -> None:
    """Means instead of bytes: processors round the last bit differently."""
    cover = np.random.default_rng(3).integers(0, 256, (300, 310, 3), dtype=np.uint8)
    drawn = draw_occluded(cover, sample_scene(seed, SceneConfig()))
    assert drawn.image.mean(axis=(0, 1)) == pytest.approx(mean_rgb, abs=0.01)
    assert drawn.occluded_fraction == pytest.approx(hidden, abs=2e-4)
