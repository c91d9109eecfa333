import cv2
import numpy as np
import pytest

from cratewatch.training import sketch as sketch_module
from cratewatch.training.sketch import SLEEVE_PX, Props, make_props, sketch


@pytest.fixture(scope="module")
def props() -> Props:
    return make_props(0, hands=12, backdrops=4)


def cover(seed: int) -> np.ndarray:
    blocks = np.random.default_rng(seed).integers(0, 256, (5, 5)).astype(np.uint8)
    grey = cv2.resize(blocks, (SLEEVE_PX, SLEEVE_PX), interpolation=cv2.INTER_CUBIC)
    return np.stack([grey] * 3, axis=-1)


def test_a_sketch_depends_on_its_generator_alone(props: Props) -> None:
    one, same, other = (sketch(cover(0), props, np.random.default_rng(n), 64) for n in (1, 1, 2))
    assert one.shape == (64, 64)
    assert one.dtype == np.uint8
    assert (one == same).all()
    assert (one != other).any()


def test_sketches_show_their_cover(props: Props) -> None:
    """The right cover correlates with the mean of many sketches, another one does not."""
    rng = np.random.default_rng(0)
    seen = np.mean([sketch(cover(0), props, rng, 64) for _ in range(60)], axis=0)
    inner = seen[16:48, 16:48].ravel()

    def likeness(seed: int) -> float:
        return float(
            np.corrcoef(inner, cv2.resize(cover(seed), (64, 64))[16:48, 16:48, 0].ravel())[0, 1]
        )

    assert likeness(0) > 0.6
    assert max(abs(likeness(seed)) for seed in range(1, 6)) < likeness(0) - 0.2


def test_props_hold_hands_at_the_edges_of_the_sleeve(props: Props) -> None:
    coverage = props.hands[:, 1] > 128
    shares = coverage.mean(axis=(1, 2))
    assert (shares > 0.003).all()
    assert (shares < 0.5).all()
    assert len({hand.tobytes() for hand in coverage}) == len(coverage)
    assert props.backdrops.std(axis=(1, 2)).min() > 0


def test_hands_hide_parts_of_the_sleeve() -> None:
    """On a white cover every dark pixel of a clean view is a hand or what lies around."""
    props = make_props(1, hands=6, backdrops=1)
    hidden = np.array([0, 1], np.uint8)[:, None, None]  # their grey, not their coverage
    black = Props(props.hands * hidden, np.full_like(props.backdrops, 255))
    white = np.full((SLEEVE_PX, SLEEVE_PX, 3), 255, np.uint8)
    rng = np.random.default_rng(0)
    views = np.stack([sketch(white, black, rng, 64) for _ in range(40)])
    bare = Props(props.hands * 0, black.backdrops)
    rng = np.random.default_rng(0)
    without = np.stack([sketch(white, bare, rng, 64) for _ in range(40)])
    assert (views < 60).mean() > (without < 60).mean() + 0.01


def test_a_colour_is_not_always_the_same_grey(
    props: Props, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half red, half blue: luma makes red the lighter one, a camera may see it the other way."""
    two = np.zeros((SLEEVE_PX, SLEEVE_PX, 3), np.uint8)
    two[:, : SLEEVE_PX // 2, 0] = two[:, SLEEVE_PX // 2 :, 2] = 200
    monkeypatch.setattr(sketch_module, "SCANNED", 1.0)
    rng = np.random.default_rng(0)
    views = np.stack([sketch(two, props, rng, 64)[24:40] for _ in range(60)]).astype(float)
    lighter = views[..., 8:24].mean(axis=(1, 2)) > views[..., 40:56].mean(axis=(1, 2))
    assert 0.55 < lighter.mean() < 0.95


def test_a_scan_hides_nothing_and_is_cut_elsewhere(
    props: Props, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sketch_module, "SCANNED", 1.0)
    monkeypatch.setattr(sketch_module, "_stick", lambda *_: None)
    column = np.zeros((SLEEVE_PX, SLEEVE_PX, 3), np.uint8)
    column[:, 48:56] = 255
    rng = np.random.default_rng(0)
    views = np.stack([sketch(column, props, rng, 64) for _ in range(40)]).astype(float)
    middle = views[:, 20:44, 16:48].mean(axis=1)
    assert (middle.argmax(axis=1) > 4).all()
    assert (middle.argmax(axis=1) < 28).all()
    assert len(set(middle.argmax(axis=1))) > 4, "it is not always cut alike"
    assert (middle.max(axis=1) - middle.min(axis=1) > 60).all(), "nothing hides the column"
