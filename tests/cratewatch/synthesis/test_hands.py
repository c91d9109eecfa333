from dataclasses import replace

import numpy as np
import pytest

from cratewatch.synthesis.hand import Cuff, Grip, Hand
from cratewatch.synthesis.hand_pose import hand_box, pose_hand
from cratewatch.synthesis.hands import PaintedHand, paint_hand
from cratewatch.synthesis.lighting import Light
from cratewatch.synthesis.pixels import Corners
from cratewatch.synthesis.skin import skin_colour

SIDE = 320
SLEEVE: Corners = np.array([[60.0, 60.0], [260.0, 60.0], [260.0, 260.0], [60.0, 260.0]])
LIGHT = Light(azimuth_deg=-90.0, elevation_deg=50.0, colour=(1.0, 1.0, 1.0), falloff=0.2)
GRIPS: tuple[Grip, ...] = (
    "thumb_front",
    "fingers_front",
    "corner_pinch",
    "bottom_support",
    "over_front",
)


def a_hand(grip: Grip, edge: int) -> Hand:
    return Hand(
        side="right",
        grip=grip,
        edge=edge,
        along=0.5,
        reach_cm=5.0,
        angle_deg=0.0,
        scale=1.0,
        spread=0.3,
        curl=0.3,
        thickness=1.0,
        tone=0.3,
        undertone=0.0,
        glove=None,
        cuff=None,
        seed=11,
    )


def painted(hand: Hand) -> PaintedHand:
    result = paint_hand(hand, SLEEVE, SIDE, LIGHT)
    assert result is not None
    return result


def on_canvas(hand: PaintedHand, front: bool) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    canvas = np.zeros((SIDE, SIDE), dtype=bool)
    canvas[hand.window] = (hand.front if front else hand.whole) > 0.5
    return canvas


@pytest.mark.parametrize("grip", GRIPS)
@pytest.mark.parametrize("edge", range(4))
def test_a_hand_lies_over_the_edge_and_goes_on_outside(grip: Grip, edge: int) -> None:
    hand = painted(a_hand(grip, edge))
    front, whole = on_canvas(hand, front=True), on_canvas(hand, front=False)
    inside = np.zeros((SIDE, SIDE), dtype=bool)
    inside[60:260, 60:260] = True
    rim = inside.copy()
    rim[62:258, 62:258] = False
    assert (front & inside).sum() > 100
    assert (front & rim).sum() > 5
    assert (whole & ~inside).sum() > 1000


@pytest.mark.parametrize("edge", range(4))
def test_the_arm_of_a_small_hand_still_leaves_the_canvas(edge: int) -> None:
    whole = on_canvas(painted(replace(a_hand("fingers_front", edge), scale=0.4)), front=False)
    assert [whole[0], whole[:, -1], whole[-1], whole[:, 0]][edge].any()


@pytest.mark.parametrize("edge", range(4))
def test_reach_is_how_far_the_fingertips_lie_inside(edge: int) -> None:
    """At scale 1 on a sleeve of 200 px a centimetre is 200 / 31 px; the tip's girth is extra."""
    front = on_canvas(painted(a_hand("fingers_front", edge)), front=True)
    rows, columns = np.nonzero(front)
    depth = [rows.max() - 60, 260 - columns.min(), 260 - rows.min(), columns.max() - 60][edge]
    assert 5.0 * 200 / 31 - 1 <= depth <= 6.2 * 200 / 31


def test_palm_behind_thumb_before_the_sleeve() -> None:
    hand = painted(a_hand("thumb_front", 3))
    assert hand.front.sum() < 0.35 * hand.whole.sum()
    over = painted(a_hand("over_front", 3))
    np.testing.assert_array_equal(over.front, over.whole)


def test_sides_are_mirrored() -> None:
    right = replace(a_hand("over_front", 2), reach_cm=14.0)
    left = replace(right, side="left")
    pictures = [on_canvas(painted(hand), front=True) for hand in (right, left)]
    assert (pictures[0] ^ pictures[1][:, ::-1]).sum() < 0.04 * pictures[0].sum()
    # The right hand, seen from behind with its fingers up, has its thumb on the left.
    columns = np.nonzero(pictures[0][120:260].any(axis=0))[0]
    assert 160 - columns.min() > columns.max() - 160


@pytest.mark.parametrize("grip", GRIPS)
@pytest.mark.parametrize("edge", range(4))
@pytest.mark.parametrize("angle_deg", [-50.0, 20.0])
def test_the_box_holds_all_that_is_seen_and_not_much_more(
    grip: Grip, edge: int, angle_deg: float
) -> None:
    hand = replace(a_hand(grip, edge), angle_deg=angle_deg)
    result = painted(hand)
    seen = on_canvas(result, front=False)
    inside = np.zeros_like(seen)
    inside[61:259, 61:259] = True
    seen &= ~inside | on_canvas(result, front=True)
    rows, columns = np.nonzero(seen)
    x0, y0, x1, y1 = hand_box(hand, SLEEVE, SIDE)
    assert x0 - 1 <= columns.min() <= x0 + 12
    assert y0 - 1 <= rows.min() <= y0 + 12
    assert x1 - 13 <= columns.max() <= x1 + 1
    assert y1 - 13 <= rows.max() <= y1 + 1


def test_a_pose_scales_with_its_corners() -> None:
    hand = a_hand("over_front", 1)
    small, large = pose_hand(hand, SLEEVE / SIDE), pose_hand(hand, SLEEVE)
    assert len(small.bones) == len(large.bones)
    for a, b in zip(small.bones, large.bones, strict=True):
        np.testing.assert_allclose(a.start * SIDE, b.start, atol=1e-9)
        np.testing.assert_allclose(a.end_radius * SIDE, b.end_radius, atol=1e-9)


def test_a_scene_far_away_paints_nothing() -> None:
    assert paint_hand(a_hand("thumb_front", 0), SLEEVE + 2000.0, SIDE, LIGHT) is None


def test_skin_darkens_with_tone_and_palms_stay_lighter() -> None:
    backs = [sum(skin_colour(replace(a_hand("over_front", 0), tone=t))) for t in (0.0, 0.5, 1.0)]
    palms = [sum(skin_colour(replace(a_hand("thumb_front", 0), tone=t))) for t in (0.0, 0.5, 1.0)]
    assert backs == sorted(backs, reverse=True)
    assert palms[0] == pytest.approx(backs[0])
    assert palms[2] > backs[2] * 1.3


def test_the_lit_side_is_brighter() -> None:
    hand = replace(a_hand("over_front", 3), reach_cm=14.0)
    above = painted(hand)
    below = paint_hand(hand, SLEEVE, SIDE, replace(LIGHT, azimuth_deg=90.0))
    assert below is not None
    covered = above.whole > 0.99
    rows = np.nonzero(covered)[0]
    upper = covered & (np.arange(covered.shape[0]) < np.percentile(rows, 25))[:, None]
    assert above.colour[upper].mean() > below.colour[upper].mean() * 1.05


def test_gloves_and_cuffs_have_their_colour() -> None:
    blue = painted(replace(a_hand("over_front", 3), reach_cm=14.0, glove=(0.1, 0.2, 0.9)))
    shown = blue.colour[blue.whole > 0.99].mean(axis=0)
    assert shown[2] > 2 * shown[0]
    cuffed = replace(a_hand("over_front", 3), reach_cm=14.0, cuff=Cuff((0.1, 0.9, 0.1), 1.0))
    picture = painted(cuffed)
    sleeve_end = picture.colour[:, :8][picture.whole[:, :8] > 0.99].mean(axis=0)
    assert sleeve_end[1] > 2 * sleeve_end[0]
