import math

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from cratewatch.retrieval.geometry import MOST_RATIO, compare, is_plausible, match
from cratewatch.retrieval.keypoints import (
    NO_KEYPOINTS,
    Keypoints,
    find_keypoints,
    from_bytes,
    to_bytes,
)
from tests.cratewatch.retrieval.pictures import picture


def keypoints(places: list[tuple[float, float]], descriptors: list[int]) -> Keypoints:
    """Keypoints of size 0.1 and angle 10; a descriptor is the number of its axis."""
    return Keypoints(
        np.array(places, np.float32),
        np.full(len(places), 0.1, np.float32),
        np.full(len(places), 10.0, np.float32),
        np.eye(128, dtype=np.float32)[descriptors],
    )


SQUARE = [(-0.4, -0.4), (0.4, -0.4), (0.4, 0.4), (-0.4, 0.4), (0.1, 0.2), (-0.2, 0.1)]
COVER = keypoints(SQUARE, [0, 1, 2, 3, 4, 5])


def moved(angle_deg: float, scale: float, mirrored: bool = False) -> list[tuple[float, float]]:
    c, s = (f(math.radians(angle_deg)) * scale for f in (math.cos, math.sin))
    sign = -1 if mirrored else 1
    return [(sign * (c * x - s * y), s * x + c * y) for x, y in SQUARE]


def test_all_keypoints_of_a_turned_and_shrunk_cover_agree() -> None:
    agreement = compare(keypoints(moved(12, 0.9), [0, 1, 2, 3, 4, 5]), COVER)
    assert agreement.inliers == 6
    assert agreement.area == pytest.approx(0.9**2)


def test_one_keypoint_out_of_place_does_not_agree() -> None:
    places = moved(5, 0.95)
    places[2] = (0.2, 0.25)
    assert compare(keypoints(places, [0, 1, 2, 3, 4, 5]), COVER).inliers == 5


def test_other_descriptors_do_not_agree() -> None:
    assert compare(keypoints(SQUARE, [10, 11, 12, 13, 14, 15]), COVER).inliers == 0
    assert compare(NO_KEYPOINTS, COVER).inliers == 0


def test_a_keypoint_is_sought_near_its_place_angle_and_size() -> None:
    assert len(match(COVER, COVER)) == 6
    far = keypoints([(0.4, -0.1), *SQUARE[1:]], [0, 1, 2, 3, 4, 5])
    assert match(far, COVER).tolist() == [[n, n] for n in range(1, 6)]
    for changed in (
        Keypoints(COVER.places, COVER.sizes, COVER.angles_deg + 60, COVER.descriptors),
        Keypoints(COVER.places, COVER.sizes * 2.5, COVER.angles_deg, COVER.descriptors),
    ):
        assert len(match(changed, COVER)) == 0
    around = Keypoints(COVER.places, COVER.sizes, COVER.angles_deg + 340, COVER.descriptors)
    assert len(match(around, COVER)) == 6


def test_what_resembles_two_keypoints_alike_matches_neither() -> None:
    twins = keypoints([(0, 0), (0.1, 0.1)], [0, 0])
    assert len(match(keypoints([(0, 0)], [0]), twins)) == 0
    same_place = keypoints([(0, 0), (0.01, 0.01)], [0, 0])
    assert len(match(keypoints([(0, 0)], [0]), same_place)) == 1


def slowly(query: Keypoints, cover: Keypoints) -> list[list[int]]:
    found = []
    for i in range(len(query)):
        distances = []
        for j in range(len(cover)):
            turn = abs(float(query.angles_deg[i] - cover.angles_deg[j])) % 360
            fits = (
                np.abs(query.places[i] - cover.places[j]).max() < 0.28
                and min(turn, 360 - turn) < 50
                and abs(math.log2(query.sizes[i] / cover.sizes[j])) < 1.1
            )
            distance = float(np.linalg.norm(query.descriptors[i] - cover.descriptors[j]))
            distances.append(distance if fits else 2.0)
        best = int(np.argmin(distances))
        rivals = [
            distance
            for j, distance in enumerate(distances)
            if np.abs(cover.places[j] - cover.places[best]).sum() >= 0.04
        ]
        if distances[best] < MOST_RATIO * min(rivals, default=2.0):
            found.append([i, best])
    return found


def test_fast_matching_equals_one_pair_after_the_other() -> None:
    query, cover = find_keypoints(picture(1).rotate(8)), find_keypoints(picture(1))
    pairs = match(query, cover).tolist()
    assert len(pairs) > 20
    assert pairs == slowly(query, cover)


def test_a_cover_in_a_query_is_told_from_others() -> None:
    covers = [find_keypoints(picture(seed)) for seed in range(6)]
    scene = Image.new("L", (184, 184), 90)
    scene.paste(picture(4), (12, 12))
    query = find_keypoints(scene.rotate(10, Image.Resampling.BICUBIC), frame=1.15)
    counts = [compare(query, cover).inliers for cover in covers]
    assert np.argmax(counts) == 4
    assert counts[4] > 20
    assert max(counts[:4] + counts[5:]) < 10


@pytest.mark.parametrize(
    ("angle_deg", "scale", "mirrored", "plausible"),
    [
        (0, 1, False, True),
        (45, 0.5, False, True),
        (55, 1, False, False),
        (0, 0.3, False, False),
        (0, 1.7, False, False),
        (0, 1, True, False),
    ],
)
def test_plausible_movements(
    angle_deg: float, scale: float, mirrored: bool, plausible: bool
) -> None:
    points = np.array(moved(angle_deg, scale, mirrored)[:3], np.float32)
    affine = cv2.getAffineTransform(np.array(SQUARE[:3], np.float32), points)
    assert is_plausible(affine) is plausible


def test_a_stretched_map_and_no_map_at_all_are_implausible() -> None:
    assert is_plausible(np.array([[1.2, 0, 0], [0, 0.8, 0]]))
    assert not is_plausible(np.array([[1.3, 0, 0], [0, 0.6, 0]]))
    assert not is_plausible(np.full((2, 3), np.nan))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_keypoints_of_a_way_are_those_of_the_picture_in_it(quarters: int, mirrored: bool) -> None:
    upright = picture(5).resize((256, 256))
    turned = upright.rotate(90 * quarters)
    real = find_keypoints(ImageOps.mirror(turned) if mirrored else turned, frame=1.15)
    told = find_keypoints(upright, frame=1.15).in_way(quarters, mirrored)
    near = np.abs(real.places[:, None] - told.places[None]).max(axis=-1) < 0.012
    alike = np.where(near, real.descriptors @ told.descriptors.T, -1)
    best = alike.argmax(axis=1)
    turns = np.abs((real.angles_deg - told.angles_deg[best] + 180) % 360 - 180)
    assert len(real) > 30
    assert np.median(alike.max(axis=1)) > 0.99
    assert np.median(turns) < 1


def test_keypoints_come_back_from_bytes() -> None:
    found = find_keypoints(picture(2))
    back = from_bytes(to_bytes(found))
    assert np.array_equal(back.places, found.places)
    assert np.array_equal(back.sizes, found.sizes)
    assert np.array_equal(back.angles_deg, found.angles_deg)
    assert np.abs(back.descriptors - found.descriptors).max() < 0.01
    assert np.linalg.norm(back.descriptors, axis=1) == pytest.approx(1, abs=1e-5)
    with pytest.raises(ValueError, match="no keypoints"):
        from_bytes(b"nothing")


def test_a_blank_picture_has_no_keypoints() -> None:
    assert len(find_keypoints(Image.new("RGB", (50, 50)))) == 0
