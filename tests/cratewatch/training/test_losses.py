import itertools
import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from cratewatch.errors import CratewatchError
from cratewatch.training.config import LOSSES, LossConfig
from cratewatch.training.losses import Objective, triplets_at


def batch(artworks: int = 4, each: int = 3, dim: int = 8) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    embeddings = functional.normalize(torch.randn(artworks * each, dim))
    return embeddings, torch.arange(artworks).repeat_interleave(each)


def distances(embeddings: Tensor, others: Tensor) -> list[list[float]]:
    return [[float((one - other).norm()) for other in others] for one in embeddings]


def soft_reference(embeddings: Tensor, labels: Tensor, temperature: float, margin: float) -> float:
    """Go through every triplet of every anchor as the formula says."""
    n = len(labels)
    between = distances(embeddings, embeddings)
    losses = []
    for anchor in range(n):
        positives = [p for p in range(n) if p != anchor and labels[p] == labels[anchor]]
        negatives = [q for q in range(n) if labels[q] != labels[anchor]]
        terms = [
            math.exp((between[anchor][p] - between[anchor][q] + margin) / temperature)
            for p, q in itertools.product(positives, negatives)
        ]
        losses.append(math.log1p(sum(terms)))
    return sum(losses) / n


@pytest.mark.parametrize(("temperature", "margin"), [(0.2, 0.0), (0.05, 0.2)])
def test_the_soft_triplet_loss_agrees_with_the_formula(temperature: float, margin: float) -> None:
    embeddings, labels = batch()
    config = LossConfig("soft_triplet", margin=margin, temperature=temperature)
    loss = Objective(config, 8)(embeddings, labels, 0.5)
    expected = soft_reference(embeddings, labels, temperature, margin)
    assert float(loss) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("mining", "kept"),
    [
        ("all", lambda violation, _margin: violation > 0),
        ("semihard", lambda violation, margin: 0 < violation < margin),
        ("hard", lambda violation, margin: violation >= margin),
    ],
)
def test_the_triplet_loss_agrees_with_the_formula(mining: str, kept) -> None:
    embeddings, labels = batch()
    between, margin = distances(embeddings, embeddings), 0.2
    violations = [
        between[a][p] - between[a][q] + margin
        for a, p, q in itertools.permutations(range(len(labels)), 3)
        if labels[a] == labels[p] != labels[q]
    ]
    counted = [violation for violation in violations if kept(violation, margin)]
    config = LossConfig("triplet", mining, margin=margin)  # type: ignore[arg-type]
    loss = Objective(config, 8)(embeddings, labels, 0.0)
    assert float(loss) == pytest.approx(sum(counted) / len(counted), rel=1e-4)


def test_infonce_agrees_with_the_formula() -> None:
    embeddings, labels = batch(each=2)
    scores = embeddings @ embeddings.T / 0.1
    losses = []
    for anchor in range(len(labels)):
        (positive,) = [p for p in range(len(labels)) if p != anchor and labels[p] == labels[anchor]]
        others = [float(scores[anchor, n].exp()) for n in range(len(labels)) if n != anchor]
        losses.append(-math.log(float(scores[anchor, positive].exp()) / sum(others)))
    loss = Objective(LossConfig("infonce", temperature=0.1), 8)(embeddings, labels, 0.5)
    assert float(loss) == pytest.approx(sum(losses) / len(losses), rel=1e-4)


def test_mining_warms_up_from_all_to_hard() -> None:
    assert [triplets_at("warmup", p) for p in (0.0, 0.1, 0.3, 0.59, 0.7, 1.0)] == [
        "all", "all", "semihard", "semihard", "hard", "hard",
    ]  # fmt: skip
    assert triplets_at("semihard", 0.0) == "semihard"


def test_the_hardest_triplet_weighs_most() -> None:
    angles = torch.tensor([0.0, 0.3, 0.5, 2.0, 2.2], requires_grad=True)
    embeddings = torch.stack([angles.cos(), angles.sin()], dim=1)
    objective = Objective(LossConfig("soft_triplet", temperature=0.05), 2)
    objective(embeddings, torch.tensor([0, 0, 1, 2, 2]), 0.5).backward()
    gradient = angles.grad
    assert gradient is not None
    # The lone negative at 0.5 lies between an artwork's pair and the far ones.
    assert gradient[1].abs() > 5 * gradient[4].abs()


@pytest.mark.parametrize("name", LOSSES)
def test_the_memory_adds_negatives_of_earlier_batches(name: str) -> None:
    config = LossConfig(name, "all", memory=24, memory_from=0.0)  # type: ignore[arg-type]
    plain = LossConfig(name, "all")  # type: ignore[arg-type]
    embeddings, labels = batch()
    near = functional.normalize(embeddings + 0.05 * torch.randn_like(embeddings))
    objective, without = Objective(config, 8), Objective(plain, 8)
    objective(near, labels + 100, 0.0)  # other artworks that look the same
    remembered = float(objective(embeddings, labels, 0.5) - without(embeddings, labels, 0.5))
    fresh = Objective(config, 8)
    alone = float(fresh(embeddings, labels, 0.5) - without(embeddings, labels, 0.5))
    assert remembered > alone + 1e-3


def test_an_embedding_in_the_memory_is_not_its_own_positive() -> None:
    embeddings, labels = batch(artworks=6, each=2)
    objective = Objective(LossConfig("soft_triplet", memory=12, memory_from=0.0), 8)
    plain = Objective(LossConfig("soft_triplet"), 8)
    # The memory holds this very batch: with itself left out, its loss is that of the batch.
    both = objective(embeddings, labels, 0.5)
    assert float(both) == pytest.approx(2 * float(plain(embeddings, labels, 0.5)), rel=1e-4)


def test_the_memory_counts_after_its_share_of_the_training() -> None:
    embeddings, labels = batch()
    objective = Objective(LossConfig("soft_triplet", memory=24, memory_from=0.5), 8)
    plain = float(Objective(LossConfig("soft_triplet"), 8)(embeddings, labels, 0.0))
    assert float(objective(embeddings, labels, 0.4)) == pytest.approx(plain)
    assert float(objective(embeddings, labels, 0.6)) > plain


def test_the_memory_survives_a_checkpoint() -> None:
    embeddings, labels = batch()
    config = LossConfig("infonce", memory=18, memory_from=0.0)
    objective = Objective(config, 8)
    for _ in range(2):  # the ring is full and goes on from its sixth place
        objective(embeddings, labels, 0.0)
    taken_up = Objective(config, 8)
    taken_up.load_state_dict(objective.state_dict())
    shifted = functional.normalize(embeddings + 0.1)
    expected = float(objective(shifted, labels, 0.5))
    assert float(taken_up(shifted, labels, 0.5)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"name": "hinge"}, "--loss: 'hinge' is none of soft_triplet"),
        ({"mining": "easy"}, "--mining: 'easy' is none of warmup"),
        ({"margin": 3.0}, "within 0..2"),
        ({"memory": -1}, "--memory: -1; it is at least 0"),
    ],
)
def test_a_loss_that_there_is_not_is_refused(setting: dict[str, object], message: str) -> None:
    with pytest.raises(CratewatchError, match=message):
        LossConfig(**setting)  # type: ignore[arg-type]
    embeddings, labels = batch()
    with pytest.raises(CratewatchError, match="8 is less than a batch of 12 images"):
        Objective(LossConfig(memory=8), 8)(embeddings, labels, 0.5)
