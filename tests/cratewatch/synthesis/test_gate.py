from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from cratewatch.synthesis.gate import GateConfig, Reason, judge, judge_request, seam_steps
from cratewatch.synthesis.painting import Mask, PaintRequest
from cratewatch.synthesis.pixels import Rgb
from cratewatch.synthesis.scene import PhraseBox

SIDE = 64
SKIN = np.array([190.0, 140.0, 115.0])


@dataclass(frozen=True)
class Asked:
    request: PaintRequest
    sleeve: Mask


def asked(*boxes: tuple[int, int, int, int]) -> Asked:
    """Return a grey picture, somewhat noisy, with a sleeve from 8 to 56 and square masks."""
    rng = np.random.default_rng(1)
    image = np.asarray(90 + rng.normal(0, 2, (SIDE, SIDE, 3)), dtype=np.uint8)
    sleeve = np.zeros((SIDE, SIDE), dtype=np.bool_)
    sleeve[8:56, 8:56] = True
    masks = []
    for x0, y0, x1, y1 in boxes:
        mask = np.zeros_like(sleeve)
        mask[y0:y1, x0:x1] = True
        masks.append(mask)
    phrases = tuple(PhraseBox("a hand", (0.0, 0.0, 1.0, 1.0)) for _ in boxes)
    return Asked(PaintRequest(image, phrases, tuple(masks), 1), sleeve)


def pasted(case: Asked, painted: object, seam_px: float = 3.0) -> Rgb:
    """Lay a picture or colour into all masks; it fades in over seam_px."""
    union = np.logical_or.reduce(case.request.masks).astype(np.uint8)
    depth = cv2.distanceTransform(union, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    share = np.minimum(depth / (seam_px + 1.0), 1.0)[..., None]
    image = case.request.image.astype(np.float64)
    noise = np.random.default_rng(2).normal(0, 2, image.shape)
    blended = image + share * (np.asarray(painted) + noise - image)
    return np.asarray(np.rint(blended.clip(0, 255)), dtype=np.uint8)


def reason(case: Asked, painted: Rgb) -> Reason | None:
    return judge(case.request, painted, case.sleeve, GateConfig())


def test_a_hand_with_a_soft_seam_is_kept() -> None:
    case = asked((4, 20, 30, 40), (36, 36, 60, 60))
    assert reason(case, pasted(case, SKIN)) is None


def test_nothing_asked_for_nothing_to_judge() -> None:
    case = asked()
    assert reason(case, case.request.image) is None


def test_one_untouched_box_of_two_is_too_many() -> None:
    case = asked((4, 20, 30, 40), (36, 36, 60, 60))
    painted = pasted(case, SKIN)
    painted[36:60, 36:60] = case.request.image[36:60, 36:60]
    assert reason(case, painted) == "nothing_painted"
    assert reason(case, case.request.image) == "nothing_painted"


def test_a_few_pixels_are_not_judged() -> None:
    case = asked((4, 20, 30, 40), (50, 50, 54, 55))
    painted = pasted(case, SKIN)
    painted[50:55, 50:54] = case.request.image[50:55, 50:54]
    assert reason(case, painted) is None


@pytest.mark.parametrize(("colour", "wanted"), [(0.0, "black"), (255.0, "saturated")])
def test_pictures_without_numbers_are_dropped(colour: float, wanted: Reason) -> None:
    case = asked((4, 20, 30, 40))
    assert reason(case, pasted(case, np.full(3, colour))) == wanted


def test_a_white_sticker_with_print_is_kept() -> None:
    case = asked((20, 20, 44, 44))
    sticker = np.full((SIDE, SIDE, 3), 250.0)
    sticker[24:40:4] = 30.0
    sticker[25:40:4] = 30.0
    assert reason(case, pasted(case, sticker)) is None


def test_a_sleeve_that_changes_beside_the_masks_is_dropped() -> None:
    case = asked((4, 20, 30, 40))
    painted = np.asarray(255 - case.request.image, dtype=np.uint8)
    assert reason(case, painted) == "cover_overpainted"
    beyond = pasted(case, SKIN)
    beyond[:8] = 0
    assert reason(case, beyond) is None


def test_more_than_the_set_share_may_not_be_hidden() -> None:
    """Of 48 x 48 px of sleeve 48 x 25 are 52 %, 48 x 24 are half, which is not more than half."""
    too_much, enough = asked((8, 8, 56, 33)), asked((8, 8, 56, 32))
    faults = [judge_request(each.request, each.sleeve, GateConfig()) for each in (too_much, enough)]
    assert faults == ["hides_too_much", None]
    assert reason(enough, pasted(enough, SKIN)) is None


def test_a_cut_is_seen_where_a_seam_is_not() -> None:
    case = asked((4, 20, 30, 40))
    assert reason(case, pasted(case, SKIN, seam_px=0.0)) == "seam_visible"
    assert reason(case, pasted(case, SKIN, seam_px=2.0)) is None


def test_a_cut_through_rough_texture_is_not_seen() -> None:
    case = asked((4, 20, 30, 40))
    rough = np.random.default_rng(3).integers(0, 256, case.request.image.shape, dtype=np.uint8)
    hidden = Asked(
        PaintRequest(rough, case.request.boxes, case.request.masks, case.request.seed), case.sleeve
    )
    assert reason(hidden, pasted(hidden, SKIN, seam_px=0.0)) is None


def test_a_mask_along_the_sleeves_edge_shows_no_seam() -> None:
    case = asked((8, 20, 30, 40))
    image = np.full_like(case.request.image, 250)
    image[20:40, 8:30] = case.request.image[20:40, 8:30]
    at_edge = Asked(
        PaintRequest(image, case.request.boxes, case.request.masks, case.request.seed), case.sleeve
    )
    assert reason(at_edge, pasted(at_edge, SKIN)) is None


def test_steps_by_hand() -> None:
    """Rows read 10 10 | 40 46: 0 outside, 30 over, 6 inside; columns meet the picture's end."""
    image = np.full((4, 4, 3), 10, dtype=np.uint8)
    mask = np.zeros((4, 4), dtype=np.bool_)
    mask[:, 2:] = True
    painted = image.copy()
    painted[:, 2], painted[:, 3] = 40, 46
    request = PaintRequest(image, (), (mask,), 0)
    assert seam_steps(request, painted, mask) == (30.0, 6.0)
    assert seam_steps(request, painted, np.zeros_like(mask)) == (0.0, 0.0)


def test_another_size_is_a_bug_of_the_engine() -> None:
    case = asked((4, 20, 30, 40))
    with pytest.raises(ValueError, match="got"):
        judge(case.request, case.request.image[1:], case.sleeve, GateConfig())
