from dataclasses import replace

import numpy as np
import pytest

from cratewatch.synthesis.composite import draw_occluded
from cratewatch.synthesis.hand import hand_phrase
from cratewatch.synthesis.hand_sampling import HandConfig
from cratewatch.synthesis.scene import SceneConfig, sample_scene
from cratewatch.synthesis.sleeve import fit_cover, homography, project_corners


def test_scene_repeats_and_depends_on_the_seed() -> None:
    assert sample_scene(7, SceneConfig()) == sample_scene(7, SceneConfig())
    assert sample_scene(7, SceneConfig()) != sample_scene(8, SceneConfig())


def test_shares_are_kept() -> None:
    scenes = [sample_scene(seed, SceneConfig()) for seed in range(600)]
    bare = [scene for scene in scenes if not scene.hands and not scene.stickers]
    two = [scene for scene in scenes if len(scene.hands) == 2]
    wrapped = [scene for scene in scenes if scene.wrap is not None]
    assert 0.06 < len(bare) / 600 < 0.14
    assert 0.38 < len(two) / 600 < 0.52
    assert 0.14 < len(wrapped) / 600 < 0.26
    severities = np.array([scene.severity for scene in scenes])
    assert severities.min() < 0.02
    assert severities.max() > 0.98


def test_no_share_means_none() -> None:
    config = SceneConfig(
        bare_share=0, hands=HandConfig(none_share=0), sticker_share=0, glare_share=0
    )
    for seed in range(40):
        scene = sample_scene(seed, config)
        assert scene.hands
        assert not scene.stickers
        assert not scene.glares


def test_two_hands_do_not_both_lie_loose() -> None:
    config = SceneConfig(bare_share=0, hands=HandConfig(none_share=0, two_share=1))
    for seed in range(80):
        grips = [hand.grip for hand in sample_scene(seed, config).hands]
        assert grips.count("over_front") < 2


@pytest.mark.heavy
def test_occlusion_is_as_in_shops() -> None:
    cover = np.zeros((8, 8, 3), dtype=np.uint8)
    hidden = np.array(
        [
            draw_occluded(cover, sample_scene(seed, SceneConfig())).occluded_fraction
            for seed in range(150)
        ]
    )
    assert 0.08 < hidden.mean() < 0.2
    assert (hidden > 0.45).mean() < 0.03


def test_the_sleeve_stays_on_the_canvas_and_keeps_its_turn() -> None:
    for seed in range(200):
        corners = sample_scene(seed, replace(SceneConfig(), severity_range=(1.0, 1.0))).corners_on(
            1
        )
        assert corners.min() > 0.05
        assert corners.max() < 0.95
        edges = np.roll(corners, -1, axis=0) - corners
        following = np.roll(edges, -1, axis=0)
        turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
        assert (turns > 0).all()


def test_an_untilted_sleeve_is_a_square_and_a_turned_one_is_narrow() -> None:
    square = [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]
    np.testing.assert_allclose(project_corners(0, 0, 0), square, atol=1e-12)
    turned = project_corners(60, 0, 0)
    width, height = turned.max(axis=0) - turned.min(axis=0)
    assert width < 0.6 * height


def test_homography_maps_the_corners() -> None:
    corners = np.array([[0.1, 0.2], [0.9, 0.1], [0.8, 0.9], [0.2, 0.7]])
    mapped = homography(corners) @ np.array([[0, 1, 1, 0], [0, 0, 1, 1], [1, 1, 1, 1]])
    np.testing.assert_allclose((mapped[:2] / mapped[2]).T, corners, atol=1e-6)


def test_a_long_cover_keeps_its_middle() -> None:
    cover = np.zeros((10, 100, 3), dtype=np.uint8)
    cover[:, 45:55] = 200
    fitted = fit_cover(cover, 100)
    assert fitted.shape == (100, 100, 3)
    assert fitted[50, 50].tolist() == [200, 200, 200]
    assert fitted[50, 3].tolist() == [0, 0, 0]
    assert (fitted[50, :, 0] > 100).sum() > 70


def test_shrinking_averages() -> None:
    checks = np.zeros((512, 512, 3), dtype=np.uint8)
    checks[::2, 1::2] = checks[1::2, ::2] = 255
    assert abs(fit_cover(checks, 64).astype(int) - 128).max() <= 2


def test_two_hands_on_one_edge_stand_apart() -> None:
    hands = HandConfig(none_share=0, two_share=1, grips=(("bottom_support", 1.0),))
    config = SceneConfig(bare_share=0, hands=hands)
    for seed in range(40):
        first, second = sample_scene(seed, config).hands
        assert first.edge == second.edge == 2
        assert abs(first.along - second.along) == pytest.approx(0.5)


def test_the_phrase_says_what_the_hand_is() -> None:
    hand = next(scene for n in range(9) if (scene := sample_scene(n, SceneConfig())).hands).hands[0]
    bare = replace(hand, side="left", glove=None, grip="over_front")
    phrases = [hand_phrase(replace(bare, tone=tone)) for tone in (0.0, 0.5, 1.0)]
    assert phrases == [
        f"a left hand with {skin} skin lying on a record sleeve"
        for skin in ("light", "medium", "dark")
    ]
    gloved = replace(bare, side="right", glove=(0.9, 0.9, 0.9), grip="bottom_support")
    assert hand_phrase(gloved) == "a gloved right hand holding a record sleeve from below"


def test_boxes_name_their_hands() -> None:
    scene = next(
        scene for n in range(40) if len((scene := sample_scene(n, SceneConfig())).hands) > 1
    )
    assert [box.phrase for box in scene.boxes[:2]] == [hand_phrase(hand) for hand in scene.hands]
