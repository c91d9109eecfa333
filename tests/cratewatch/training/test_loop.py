import io
import itertools
import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from cratewatch.embedding import ModelConfig
from cratewatch.errors import CratewatchError
from cratewatch.shards import Sample
from cratewatch.training.data import TrainingSet
from cratewatch.training.loop import SoftTripletLoss, TrainConfig, Trainer


def noisy_set(artworks: int = 16) -> TrainingSet:
    """Artworks of random blocks, each with four noisy queries."""
    rng = np.random.default_rng(0)
    covers, samples, artwork_of = [], [], {}
    for n in range(artworks):
        blocks = rng.integers(0, 256, (4, 4)).repeat(8, 0).repeat(8, 1)
        covers.append((f"c{n}", _jpeg(blocks)))
        artwork_of[f"c{n}"] = f"a{n}"
        samples += [
            Sample("0", _jpeg(blocks + rng.normal(0, 20, blocks.shape)), {"cover_id": f"c{n}"})
            for _ in range(4)
        ]
    return TrainingSet(covers, samples, artwork_of, image_px=32)


def _jpeg(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(values.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def reference_loss(embeddings: Tensor, labels: Tensor, sharpness: float, *, mined: bool) -> float:
    """Loop over every triplet as the formula says."""
    n = len(labels)
    distance = [[float((a - b).norm()) for b in embeddings] for a in embeddings]
    terms = []
    for anchor in range(n):
        positives = [p for p in range(n) if p != anchor and labels[p] == labels[anchor]]
        negatives = [q for q in range(n) if labels[q] != labels[anchor]]
        if mined:
            positives = [max(positives, key=lambda p: distance[anchor][p])]
            negatives = [min(negatives, key=lambda q: distance[anchor][q])]
        for p, q in itertools.product(positives, negatives):
            terms.append(sharpness * (distance[anchor][p] - distance[anchor][q]))
    return sum(math.log1p(math.exp(term)) for term in terms) / len(terms)


@pytest.mark.parametrize("mined", [True, False])
def test_loss_agrees_with_the_formula(mined: bool) -> None:
    torch.manual_seed(0)
    embeddings = functional.normalize(torch.randn(12, 8))
    labels = torch.arange(4).repeat_interleave(3)
    loss = SoftTripletLoss(margin=0.0, sharpness=5.0)(embeddings, labels, mined=mined)
    expected = reference_loss(embeddings, labels, 5.0, mined=mined)
    assert float(loss) == pytest.approx(expected, rel=1e-4)


def test_training_separates_what_it_sees() -> None:
    config = TrainConfig(
        model=ModelConfig(image_px=32), steps=25, artworks=8, images_each=3, warm_up=0.5
    )
    trainer = Trainer(noisy_set(), config)
    losses = [progress.loss for progress in trainer.steps()]
    assert len(losses) == 25
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:3])


def test_same_seed_same_weights() -> None:
    def train(seed: int) -> dict[str, Tensor]:
        config = TrainConfig(model=ModelConfig(image_px=32), steps=2, artworks=4, seed=seed)
        trainer = Trainer(noisy_set(8), config)
        list(trainer.steps())
        return trainer.net.state_dict()

    one, same, other = train(3), train(3), train(4)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["trunk.fc.weight"], other["trunk.fc.weight"])


def test_collapse_is_said_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(
        noisy_set(8), TrainConfig(model=ModelConfig(image_px=32), steps=5, artworks=4)
    )
    with torch.no_grad():
        trainer.net.trunk.fc.weight.zero_()  # every image gets the head's bias
    with pytest.raises(CratewatchError, match="collapsed at step 0"):
        list(trainer.steps())
