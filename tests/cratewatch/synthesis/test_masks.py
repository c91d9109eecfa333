from dataclasses import replace

import numpy as np
import pytest

from cratewatch.synthesis.composite import draw_occluded
from cratewatch.synthesis.degradation import Framing
from cratewatch.synthesis.hands import outline_hand
from cratewatch.synthesis.masks import (
    decode_mask,
    encode_mask,
    framed_mask,
    masks_to_paint,
    outline_mask,
)
from cratewatch.synthesis.request import to_request
from cratewatch.synthesis.scene import PhraseBox, Scene, SceneConfig, sample_scene

COVER = np.random.default_rng(3).integers(0, 256, (300, 310, 3), dtype=np.uint8)
SCENES = [sample_scene(seed, SceneConfig(bare_share=0)) for seed in range(24)]


def without_occluders(scene: Scene) -> Scene:
    return replace(scene, hands=(), stickers=(), boxes=())


@pytest.mark.parametrize("side_px", [320, 448])
def test_a_request_shows_the_scene_without_occluders(side_px: int) -> None:
    for scene in SCENES[:6]:
        request, base = to_request(COVER, scene, side_px)
        bare = draw_occluded(COVER, without_occluders(scene), side_px)
        assert np.array_equal(request.image, bare.image)
        assert np.array_equal(base.image, bare.image)
        assert request.image.shape == (side_px, side_px, 3)
        assert request.boxes == scene.boxes
        assert request.seed == scene.seed


@pytest.mark.parametrize("side_px", [320, 448])
def test_masks_are_those_of_the_composite_engine(side_px: int) -> None:
    for scene in SCENES[:8]:
        _, base = to_request(COVER, scene, side_px)
        drawn = draw_occluded(COVER, scene, side_px)
        assert all(np.array_equal(a, b) for a, b in zip(base.masks, drawn.masks, strict=True))
        assert np.array_equal(base.mask, drawn.mask)
        assert base.occluded_fraction == drawn.occluded_fraction


def test_masks_lie_in_their_boxes_and_do_not_overlap() -> None:
    for scene in SCENES:
        drawn = draw_occluded(COVER, scene)
        assert np.sum(drawn.masks, axis=0).max() == 1
        assert np.array_equal(drawn.sleeve & np.logical_or.reduce(drawn.masks), drawn.mask)
        for box, mask in zip(drawn.boxes, drawn.masks, strict=True):
            rows, columns = np.nonzero(mask)
            x0, y0, x1, y1 = box.xyxy
            assert x0 - 1 < columns.min() <= columns.max() < x1 + 1
            assert y0 - 1 < rows.min() <= rows.max() < y1 + 1


def test_the_picture_changes_where_a_mask_says() -> None:
    for scene in SCENES[:8]:
        drawn, bare = draw_occluded(COVER, scene), draw_occluded(COVER, without_occluders(scene))
        changed = (drawn.image != bare.image).any(axis=2)
        for mask in drawn.masks:
            assert changed[mask].mean() > 0.95


def test_fingers_reach_over_the_sleeves_edge_and_beyond() -> None:
    for scene in SCENES:
        _, base = to_request(COVER, scene)
        for hand, mask in zip(scene.hands, base.masks, strict=False):
            if hand.grip == "fingers_front":
                assert (mask & base.sleeve).any()
                assert (mask & ~base.sleeve).any()


def test_fingers_behind_the_sleeve_show_beyond_its_edge_only() -> None:
    for scene in SCENES:
        if [hand.grip for hand in scene.hands] != ["thumb_front"]:
            continue
        sleeve = to_request(COVER, scene)[1].sleeve
        shape = outline_hand(scene.hands[0], scene.corners_on(320), 320)
        assert shape is not None
        behind = (shape.whole > 0.5) & (shape.front <= 0.5)
        mask = masks_to_paint(scene, sleeve)[0][shape.window]
        assert (mask & behind & ~sleeve[shape.window]).sum() > 50
        assert not (mask & behind & sleeve[shape.window]).any()
        return
    pytest.fail("no such scene")


def test_a_mask_is_cut_off_at_its_box() -> None:
    scene = next(scene for scene in SCENES if len(scene.hands) == 1)
    x0, y0, x1, y1 = scene.boxes[0].xyxy
    half = replace(scene.boxes[0], xyxy=(x0, y0, (x0 + x1) / 2, y1))
    scene = replace(scene, boxes=(half, *scene.boxes[1:]))
    columns = np.nonzero(to_request(COVER, scene)[1].masks[0])[1]
    assert columns.max() < 320 * (x0 + x1) / 2 + 1


def test_a_box_of_neither_hand_nor_sticker_is_its_own_mask_and_lies_on_top() -> None:
    scene = next(scene for scene in SCENES if scene.hands)
    other = PhraseBox("a paper bag", (0.25, 0.5, 0.5, 1.0))
    scene = replace(scene, boxes=(*scene.boxes, other))
    masks = masks_to_paint(scene, np.ones((64, 64), dtype=np.bool_))
    rows, columns = np.nonzero(masks[-1])
    assert (columns.min(), columns.max() + 1, rows.min(), rows.max() + 1) == (16, 32, 32, 64)
    assert masks[-1].sum() == 16 * 32
    assert not any((mask & masks[-1]).any() for mask in masks[:-1])


def test_a_box_of_which_nothing_is_seen_is_not_asked_for() -> None:
    scene = next(scene for scene in SCENES if scene.stickers)
    bag = PhraseBox("a paper bag", (0.0, 0.0, 1.0, 1.0))
    request, base = to_request(COVER, replace(scene, boxes=(*scene.boxes, bag)))
    assert request.boxes == (bag,)
    assert len(base.masks) == len(scene.boxes) + 1
    assert base.occluded_fraction == 1.0


def test_run_lengths_by_hand() -> None:
    """Columns of [[0 1 1], [0 0 1]]: 00, 10, 11."""
    mask = np.array([[0, 1, 1], [0, 0, 1]], dtype=np.bool_)
    assert encode_mask(mask) == {"size": [2, 3], "counts": [2, 1, 1, 2]}
    assert encode_mask(~mask) == {"size": [2, 3], "counts": [0, 2, 1, 1, 2]}
    assert encode_mask(np.zeros((2, 3), dtype=np.bool_)) == {"size": [2, 3], "counts": [6]}


def test_run_lengths_come_back() -> None:
    rng = np.random.default_rng(0)
    for height, width in ((1, 1), (1, 7), (5, 1), (13, 17)):
        mask = rng.random((height, width)) < 0.5
        assert np.array_equal(decode_mask(encode_mask(mask)), mask)


def test_a_mask_is_framed_like_its_picture() -> None:
    mask = np.zeros((8, 8), dtype=np.bool_)
    mask[2:4, 4:8] = True
    small = framed_mask(mask, Framing((2, 2, 8, 8), (3, 3)))
    assert small.tolist() == [[False, True, True], [False] * 3, [False] * 3]


def test_outlines_are_closed_and_lie_on_the_mask() -> None:
    mask = np.zeros((9, 12), dtype=np.bool_)
    mask[1:4, 2:6] = mask[6:8, 8:11] = True
    lines = sorted(outline_mask(mask), key=lambda line: line[:, 1].min())
    assert [line.min(axis=0).tolist() for line in lines] == [[2, 1], [8, 6]]
    assert [line.max(axis=0).tolist() for line in lines] == [[5, 3], [10, 7]]
    assert all(line[0].tolist() == line[-1].tolist() for line in lines)
    assert outline_mask(np.zeros((3, 3), dtype=np.bool_)) == []
