"""What the finder's networks are taught, and that they learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cratewatch.errors import CratewatchError
from cratewatch.finding.config import OFFSET_PX, STRIDE
from cratewatch.finding.decoding import proposals_of
from cratewatch.finding.drawn_batches import CANVAS_PX, draw_batches, turned
from cratewatch.finding.net import Proposer, Refiner
from cratewatch.finding.quads import UNIT, frame_of, iou, on_face, rectify
from cratewatch.finding.second_looks import looks_at, moves_to
from cratewatch.finding.targets import make_target
from cratewatch.finding.training import FinderTraining, train_proposer, train_refiner
from cratewatch.finding.weights import load_networks, save_networks
from cratewatch.synthesis.whole_pictures.drawing import SeenSleeve, WholePicture
from cratewatch.synthesis.whole_pictures.stock import Stock

LEANING = np.array([(60, 62), (118, 70), (110, 130), (50, 118)], np.float64)
SEEN = SeenSleeve(LEANING, 1.0)


def decoded(target_heat: np.ndarray, corners: np.ndarray) -> list[np.ndarray]:
    logits = np.where(target_heat == 1, 5.0, -5.0).astype(np.float32)
    return [one.quad for one in proposals_of(logits, corners, 0.5, 9)]


def test_a_target_says_where_the_sleeve_is() -> None:
    target = make_target((SEEN,), CANVAS_PX)
    assert (target.heat == 1).sum() == 1
    assert decoded(target.heat, target.corners)[0] == pytest.approx(LEANING, abs=1e-3)


def test_every_place_about_the_centre_says_the_same_corners() -> None:
    target = make_target((SEEN,), CANVAS_PX)
    rows, columns = np.nonzero(target.weight)
    assert len(rows) > 1
    for row, column in zip(rows, columns, strict=True):
        place = (np.array([column, row]) + 0.5) * STRIDE
        corners = place + target.corners[:, row, column].reshape(4, 2) * OFFSET_PX
        assert corners == pytest.approx(LEANING, abs=1e-3)


@pytest.mark.parametrize(
    ("sleeve", "peaks", "ignored"),
    [
        (SeenSleeve(LEANING, 0.3), 0, True),  # hardly seen: may be found
        (SeenSleeve(LEANING, 0.1), 0, False),
        (SeenSleeve(LEANING + 300, 1.0), 0, False),  # its middle lies outside
        (SeenSleeve(UNIT * 170 + 20, 1.0), 0, True),  # rather for another scale
        (SeenSleeve(UNIT * 230 + 10, 1.0), 0, False),
    ],
)
def test_what_need_not_be_found(sleeve: SeenSleeve, peaks: int, ignored: bool) -> None:
    target = make_target((sleeve,), CANVAS_PX)
    assert int((target.heat == 1).sum()) == peaks
    assert bool((target.care == 0).any()) is ignored


def test_turned_pictures_keep_their_sleeves(drawn_stock: Stock) -> None:
    batches = draw_batches(drawn_stock, 4, uses=1, seed=3, drawers=0)
    whole = next(one for one in next(batches) if any(s.visible > 0.9 for s in one.sleeves))
    number = next(n for n, sleeve in enumerate(whole.sleeves) if sleeve.visible > 0.9)
    face = rectify(whole.image, whole.sleeves[number].corners, 24).astype(int)
    for way in range(8):
        other = turned(whole, way)
        moved = rectify(other.image, other.sleeves[number].corners, 24).astype(int)
        if way >= 4:
            moved = moved[:, ::-1]
        assert np.abs(moved - face).mean() < 3


def test_moves_bring_a_quad_to_the_sleeve() -> None:
    quad = LEANING + np.random.default_rng(0).normal(0, 4, (4, 2))
    moves = moves_to(quad, np.roll(LEANING, 2, axis=0)).reshape(4, 2)
    assert iou(on_face(frame_of(quad), UNIT + moves), LEANING) == pytest.approx(1, abs=1e-3)


def test_second_looks_say_which_proposals_are_sleeves(drawn_stock: Stock) -> None:
    picture = np.zeros((CANVAS_PX, CANVAS_PX, 3), np.uint8)
    rng = np.random.default_rng(0)
    proposer, refiner = Proposer().eval(), Refiner().eval()
    found = looks_at(proposer, refiner, [WholePicture(picture, (SEEN,))], rng)
    assert {look.good for look in found} >= {1.0}
    assert all(look.known for look in found if look.good == 1)
    nothing = looks_at(proposer, refiner, [WholePicture(picture, ())], rng)
    assert {look.good for look in nothing} == {0.0}


def test_a_look_is_as_good_as_its_quad_overlaps(drawn_stock: Stock) -> None:
    picture = WholePicture(np.zeros((CANVAS_PX, CANVAS_PX, 3), np.uint8), (SEEN,))
    proposer, refiner = Proposer().eval(), Refiner().eval()
    looks = [
        one
        for seed in range(12)
        for one in looks_at(proposer, refiner, [picture], np.random.default_rng(seed))
    ]
    miss = np.array([np.abs(one.moves).sum() for one in looks if one.known])
    good = np.array([one.good for one in looks if one.known])
    assert 0 < good.min() < 1
    assert good[miss <= np.median(miss)].mean() > good[miss > np.median(miss)].mean()


def test_both_networks_learn(drawn_stock: Stock) -> None:
    torch.manual_seed(0)
    batches = draw_batches(drawn_stock, 2, uses=2, seed=1, drawers=0)
    config = FinderTraining(steps=2)
    losses: list[float] = []
    first = Proposer()
    proposer = train_proposer(first, batches, config, lambda _, loss: losses.append(loss))
    refiner = train_refiner(
        Refiner(), proposer, batches, config, lambda _, loss: losses.append(loss)
    )
    assert np.isfinite(losses).all()
    assert len(losses) == 4
    again = load_networks(save_networks(proposer, refiner), "weights")
    for net, loaded in zip((proposer, refiner), again, strict=True):
        for name, tensor in net.state_dict().items():
            assert torch.allclose(loaded.state_dict()[name].float(), tensor.float(), atol=1e-2)


@pytest.mark.parametrize("data", [b"", b"no weights", save_networks(Proposer(), Refiner())[:900]])
def test_broken_weights_are_refused(data: bytes) -> None:
    with pytest.raises(CratewatchError, match="install cratewatch anew"):
        load_networks(data, "weights.safetensors")
