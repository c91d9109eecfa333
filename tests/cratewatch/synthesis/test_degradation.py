from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from cratewatch.synthesis.degradation import (
    FLOOR_PX,
    Degradation,
    encode_degraded,
    frame_picture,
    sample_degradation,
)
from cratewatch.synthesis.pixels import Rgb

CLEAN = Degradation(
    crop_jitter=(0.0, 0.0, 0.0, 0.0),
    grey=False,
    gamma=1.0,
    blur_px=0.0,
    motion_px=0.0,
    motion_deg=0.0,
    resolution_px=1000,
    noise=0.0,
    jpeg_quality=100,
)


def smooth_picture(side: int = 256) -> Rgb:
    coarse = np.random.default_rng(1).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)


def degrade(image: Rgb, degradation: Degradation, rng: np.random.Generator) -> Rgb:
    """Return the pixels of what the camera delivers."""
    jpeg = encode_degraded(image, degradation, rng)
    pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB)
    return np.asarray(pixels, np.uint8)


def sampled(seed: int, severity: float) -> Degradation:
    return sample_degradation(np.random.default_rng(seed), severity)


def test_nothing_wrong_changes_almost_nothing() -> None:
    picture = smooth_picture()
    difference = degrade(picture, CLEAN, np.random.default_rng(0)).astype(int) - picture
    assert abs(difference).mean() < 2


def test_each_fault_grows_with_severity() -> None:
    for seed in range(50):
        steps = [sampled(seed, severity) for severity in np.linspace(0.0, 1.0, 11)]
        for milder, worse in pairwise(steps):
            assert worse.resolution_px <= milder.resolution_px
            assert worse.blur_px >= milder.blur_px
            assert worse.motion_px >= milder.motion_px
            assert worse.noise > milder.noise
            assert worse.jpeg_quality <= milder.jpeg_quality
            assert abs(np.log(worse.gamma)) >= abs(np.log(milder.gamma))
            assert worse.grey >= milder.grey
        assert steps[0].resolution_px > 200
        assert FLOOR_PX <= steps[-1].resolution_px <= 1.25 * FLOOR_PX


def test_pictures_get_worse_with_severity_on_average() -> None:
    picture = smooth_picture(300)
    errors = []
    for severity in (0.0, 0.25, 0.5, 0.75, 1.0):
        squared = []
        for seed in range(12):
            faults = replace(sampled(seed, severity), crop_jitter=CLEAN.crop_jitter)
            seen = degrade(picture, faults, np.random.default_rng(seed))
            back = cv2.resize(seen, (300, 300), interpolation=cv2.INTER_CUBIC)
            squared.append(float(np.mean((back.astype(float) - picture) ** 2)))
        errors.append(np.mean(10 * np.log10(255**2 / np.array(squared))))
    assert errors == sorted(errors, reverse=True)
    assert errors[0] - errors[-1] > 4


def test_a_good_share_is_grey_and_then_its_channels_agree() -> None:
    shares = [np.mean([sampled(seed, s).grey for seed in range(400)]) for s in (0.0, 1.0)]
    assert 0.1 < shares[0] < 0.2
    assert 0.4 < shares[1] < 0.6
    noisy = replace(CLEAN, grey=True, noise=8.0, jpeg_quality=60)
    seen = degrade(smooth_picture(), noisy, np.random.default_rng(0)).astype(int)
    assert np.ptp(seen, axis=2).max() <= 1
    assert seen[..., 0].std() > 10


def test_gamma_darkens_as_the_formula_says() -> None:
    flat = np.full((40, 40, 3), 128, dtype=np.uint8)
    seen = degrade(flat, replace(CLEAN, gamma=2.0), np.random.default_rng(0))
    assert seen.mean() == pytest.approx(255 * (128 / 255) ** 2, abs=1)


def test_noise_has_the_sigma_that_is_recorded() -> None:
    flat = np.full((200, 200, 3), 128, dtype=np.uint8)
    seen = degrade(flat, replace(CLEAN, noise=6.0, grey=True), np.random.default_rng(0))
    assert seen[..., 0].astype(float).std() == pytest.approx(6.0, rel=0.05)


def test_motion_smears_in_its_direction_only() -> None:
    dot = np.zeros((41, 41, 3), dtype=np.uint8)
    dot[20, 20] = 255
    seen = degrade(dot, replace(CLEAN, motion_px=8.0), np.random.default_rng(0)).astype(int)
    assert (seen[20, :, 1] > 12).sum() >= 7
    assert (seen[:, 20, 1] > 12).sum() <= 2
    upright = replace(CLEAN, motion_px=8.0, motion_deg=90.0)
    turned = degrade(dot, upright, np.random.default_rng(0)).astype(int)
    assert (turned[:, 20, 1] > 12).sum() >= 7


def test_blur_spreads_a_dot_by_its_sigma() -> None:
    dot = np.zeros((61, 61, 3), dtype=np.uint8)
    dot[29:32, 29:32] = 255
    seen = degrade(dot, replace(CLEAN, blur_px=3.0, grey=True), np.random.default_rng(0))
    weight = seen[..., 0].astype(float).sum(axis=0)
    at = np.arange(61) - 30
    # A box of 3 px has variance 2/3.
    assert np.sqrt((weight * at**2).sum() / weight.sum()) == pytest.approx(
        np.sqrt(9 + 2 / 3), rel=0.15
    )


@pytest.mark.parametrize(
    ("size", "resolution_px", "expected"),
    [
        ((400, 300), 60, (80, 60)),
        ((300, 400), 60, (60, 80)),
        ((30, 20), 60, (30, 20)),
        ((1, 1), 32, (1, 1)),
    ],
)
def test_the_short_side_is_shrunk_to_the_resolution_never_enlarged(
    size: tuple[int, int], resolution_px: int, expected: tuple[int, int]
) -> None:
    picture = np.zeros((size[1], size[0], 3), dtype=np.uint8)
    faults = replace(CLEAN, resolution_px=resolution_px)
    assert degrade(picture, faults, np.random.default_rng(0)).shape == (*expected[::-1], 3)


def test_a_crop_moves_boxes_with_the_picture() -> None:
    faults = replace(CLEAN, crop_jitter=(0.1, 0.2, 0.3, 0.0), resolution_px=40)
    framing = frame_picture(100, 100, faults)
    assert framing.kept_xyxy == (10, 20, 70, 100)
    assert framing.size_px == (40, 53)
    assert framing.moved((10.0, 20.0, 70.0, 100.0)) == pytest.approx((0, 0, 40, 53))
    assert framing.moved((0.0, 60.0, 40.0, 200.0)) == pytest.approx((0, 26.5, 20, 53))


def test_the_same_generator_state_gives_the_same_picture() -> None:
    faults = sampled(3, 0.8)
    first, second = (degrade(smooth_picture(), faults, np.random.default_rng(5)) for _ in range(2))
    other = degrade(smooth_picture(), faults, np.random.default_rng(6))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)
