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
from cratewatch.training.loop import TrainConfig, Trainer, soft_triplet_loss


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
    return TrainingSet(covers, samples, artwork_of, ModelConfig(image_px=32, cover_margin=0.0))


def _jpeg(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(values.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def reference_loss(embeddings: Tensor, labels: Tensor, sharpness: float, margin: float) -> float:
    """Go through every triplet of every anchor as the formula says."""
    n = len(labels)
    losses = []
    for anchor in range(n):
        distance = [float((embeddings[anchor] - other).norm()) for other in embeddings]
        positives = [p for p in range(n) if p != anchor and labels[p] == labels[anchor]]
        negatives = [q for q in range(n) if labels[q] != labels[anchor]]
        terms = [
            math.exp(sharpness * (distance[p] - distance[q] + margin))
            for p, q in itertools.product(positives, negatives)
        ]
        losses.append(math.log1p(sum(terms)))
    return sum(losses) / n


@pytest.mark.parametrize(("sharpness", "margin"), [(5.0, 0.0), (20.0, 0.2)])
def test_loss_agrees_with_the_formula(sharpness: float, margin: float) -> None:
    torch.manual_seed(0)
    embeddings = functional.normalize(torch.randn(12, 8))
    labels = torch.arange(4).repeat_interleave(3)
    loss = soft_triplet_loss(embeddings, labels, sharpness, margin)
    assert float(loss) == pytest.approx(
        reference_loss(embeddings, labels, sharpness, margin), rel=1e-4
    )


def test_the_hardest_triplet_weighs_most() -> None:
    angles = torch.tensor([0.0, 0.3, 0.5, 2.0, 2.2], requires_grad=True)
    embeddings = torch.stack([angles.cos(), angles.sin()], dim=1)
    soft_triplet_loss(embeddings, torch.tensor([0, 0, 1, 2, 2]), sharpness=20.0).backward()
    gradient = angles.grad
    assert gradient is not None
    # The lone negative at 0.5 lies between an artwork's pair and the far ones.
    assert gradient[1].abs() > 5 * gradient[4].abs()


def test_training_separates_what_it_sees() -> None:
    config = TrainConfig(model=ModelConfig(image_px=32), steps=25, artworks=8, images_each=3)
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
