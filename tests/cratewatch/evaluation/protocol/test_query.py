"""Evaluation queries: what a severity means, and that the same seed draws the same bytes."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cratewatch.errors import CratewatchError
from cratewatch.evaluation.protocol.hands import load_hands, paint_hands
from cratewatch.evaluation.protocol.query import Conditions, draw_protocol_query

COVER = np.random.default_rng(0).integers(0, 256, (200, 210, 3), dtype=np.uint8)


def cut_out(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    hand = rng.integers(0, 256, (60, 90, 4), dtype=np.uint8)
    hand[..., 3] = 0
    hand[10:50, 20:70, 3] = 255
    return hand


HANDS = [cut_out(seed) for seed in range(3)]


def picture(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg))


def test_the_same_arguments_draw_the_same_bytes() -> None:
    first = draw_protocol_query(COVER, 7, 1.0, 96, HANDS)
    assert draw_protocol_query(COVER, 7, 1.0, 96, HANDS) == first
    assert draw_protocol_query(COVER, 8, 1.0, 96, HANDS) != first


def test_severity_0_is_the_cover_itself() -> None:
    query = picture(draw_protocol_query(COVER, 7, 0.0, 128, []))
    assert query.mode == "L"
    assert query.size == (128, 128)
    plain = Image.fromarray(COVER).convert("L").resize((128, 128), Image.Resampling.BOX)
    seen, expected = np.asarray(query, float).ravel(), np.asarray(plain, float).ravel()
    assert np.corrcoef(seen, expected)[0, 1] > 0.8


@pytest.mark.parametrize("sleeve_px", [32, 64, 160])
@pytest.mark.parametrize("severity", [0.5, 1.0, 2.0])
def test_the_sleeve_has_about_the_size_asked_for(severity: float, sleeve_px: int) -> None:
    sizes = [
        picture(draw_protocol_query(COVER, n, severity, sleeve_px, HANDS)).size for n in range(20)
    ]
    assert 0.9 < np.mean(sizes) / sleeve_px < 1.6


def test_severities_say_what_the_published_conditions_say() -> None:
    usual, worst = Conditions.of(1), Conditions.of(2)
    assert (usual.hands, worst.hands) == (2, 3)
    assert (usual.rotation_deg, worst.rotation_deg) == (12, 30)
    assert (usual.corner_share, worst.corner_share) == (0.08, 0.16)
    assert (usual.noise, worst.noise) == (7, 14)
    assert (usual.jpeg_quality, worst.jpeg_quality) == (35, 22)
    assert (usual.gamma, usual.glare, usual.motion_share) == ((0.6, 1.3), 0, 0)
    assert 0 < Conditions.of(0.5).rotation_deg < 12


def test_hands_hide_a_part_of_every_sleeve() -> None:
    white = np.full((100, 100, 3), 255, np.uint8)
    dark = [np.dstack([hand[..., :3] // 8, hand[..., 3]]) for hand in HANDS]
    for seed in range(10):
        query = np.asarray(picture(draw_protocol_query(white, seed, 0.2, 128, dark)))
        assert (query[32:96, 32:96] > 150).mean() > 0.7, "the middle shows the sleeve"
        assert (query < 60).mean() > 0.005, "and a hand lies somewhere"


@pytest.mark.parametrize(
    ("severity", "sleeve_px", "hands"),
    [(2.1, 96, HANDS), (-1, 96, HANDS), (1, 4, HANDS), (1, 96, [])],
)
def test_what_makes_no_sense_is_refused(severity: float, sleeve_px: int, hands: list) -> None:
    with pytest.raises(ValueError, match=r"severity|px"):
        draw_protocol_query(COVER, 0, severity, sleeve_px, hands)


def test_hands_are_read_in_order_and_bad_ones_named(tmp_path: Path) -> None:
    with pytest.raises(CratewatchError, match=r"no \.png below"):
        load_hands(tmp_path)
    for name, hand in zip("ba", HANDS, strict=False):
        Image.fromarray(hand).save(tmp_path / f"{name}.png")
    assert [hand.tolist() for hand in load_hands(tmp_path)] == [h.tolist() for h in HANDS[1::-1]]
    Image.fromarray(COVER).save(tmp_path / "c.png")
    with pytest.raises(CratewatchError, match=r"c\.png is nowhere transparent"):
        load_hands(tmp_path)
    (tmp_path / "c.png").write_text("no image")
    with pytest.raises(CratewatchError, match=r"c\.png cannot be read"):
        load_hands(tmp_path)


def test_painted_hands_are_cut_out_and_reproducible() -> None:
    hands = paint_hands(seed=3, count=4)
    assert [hand.tobytes() for hand in paint_hands(seed=3, count=4)] == [h.tobytes() for h in hands]
    assert len({hand.tobytes() for hand in hands}) == 4
    for hand in hands:
        assert hand.dtype == np.uint8
        assert hand[..., 3].min() == 0, "somewhere transparent"
        opaque = hand[..., 3] > 250
        assert opaque.sum() > 1000
        assert hand[opaque][:, :3].mean() > 5, "and painted where it is not"
