import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from cratewatch.datasets.shards import Sample
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.torch_runtime import TorchRuntime
from cratewatch.errors import CratewatchError
from cratewatch.lake.lake import Lake
from cratewatch.training.checkpoints import Checkpoints
from cratewatch.training.config import Draw, LossConfig, LossName, TrainConfig
from cratewatch.training.data import TrainingSet
from cratewatch.training.loop import Trainer
from cratewatch.training.naming import training_name
from cratewatch.training.progress import Recall
from cratewatch.training.validation import Validation
from tests.tiny import TINY

pytestmark = pytest.mark.heavy

CONFIG = TrainConfig(
    model=TINY,
    steps=6,
    round_steps=2,
    draw=Draw(artworks=8, images_each=2, sketched=0.0),
    precision="fp32",  # which every processor is quick at
    drawers=0,
)


def noisy_set(artworks: int = 16, first: int = 0, noise: float = 20.0) -> TrainingSet:
    """Artworks of random blocks, each with four noisy queries."""
    covers, samples, artwork_of = [], [], {}
    for n in range(first, first + artworks):
        rng = np.random.default_rng(n)
        blocks = rng.integers(0, 256, (4, 4)).repeat(8, 0).repeat(8, 1)
        covers.append((f"c{n}", _jpeg(blocks)))
        artwork_of[f"c{n}"] = f"a{n}"
        samples += [
            Sample("0", _jpeg(blocks + rng.normal(0, noise, blocks.shape)), {"cover_id": f"c{n}"})
            for _ in range(4)
        ]
    return TrainingSet(covers, samples, artwork_of, TINY, None)


def _jpeg(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(values.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def test_training_separates_what_it_sees_and_recall_shows_it() -> None:
    seen, unseen = noisy_set(48, noise=150.0), noisy_set(12, first=100, noise=150.0)
    config = replace(CONFIG, steps=40, round_steps=10)
    validation = Validation(seen, unseen, seed=0, sketched=0.0)
    trainer = Trainer(seen, config, validation)
    before = validation.measure(trainer._embed)
    progress = list(trainer.steps())
    assert [p.step for p in progress] == list(range(1, 41))
    losses = [p.loss for p in progress]
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:3])
    assert [entry["step"] for entry in trainer.history] == [10, 20, 30, 40]
    assert trainer.recall is not None
    assert trainer.recall.at_1 > before.at_1
    assert progress[-1].left_s == 0
    assert progress[0].left_s > 0
    assert 0 <= progress[-1].waiting < 1


def test_recall_of_the_validation_is_that_of_the_model_that_comes_out() -> None:
    seen, unseen = noisy_set(), noisy_set(10, first=100)
    validation = Validation(seen, unseen, seed=0, sketched=0.0)
    trainer = Trainer(seen, CONFIG, validation)
    list(trainer.steps())
    embedder = Embedder(TorchRuntime(trainer.net), TINY, "model")
    again = validation.measure(lambda grey: torch.from_numpy(embedder.embed_grey(grey)))
    assert trainer.recall == again


class Told:
    """A validation whose outcome is told beforehand, round by round."""

    def __init__(self, *shares: float) -> None:
        self.shares = list(shares)
        self.seen: list[Tensor] = []

    def measure(self, embed: Callable[[Sequence[Any]], Tensor]) -> Recall:
        self.seen.append(embed([np.zeros((32, 32), np.uint8)]))
        return Recall(self.shares.pop(0), 1.0)


def test_the_model_that_comes_out_is_the_one_that_validated_best(lake: Lake) -> None:
    black = [np.zeros((32, 32), np.uint8)]
    told = Told(0.5, 0.9, 0.7)
    whole = Trainer(noisy_set(), CONFIG, cast("Validation", told))
    assert len(list(whole.steps())) == 6
    assert whole.recall == Recall(0.9, 1.0)
    assert [entry["recall_at_1"] for entry in whole.history] == [0.5, 0.9, 0.7]
    assert torch.equal(whole._embed(black), told.seen[1])

    checkpoints = Checkpoints(lake, "training")
    cut = Trainer(noisy_set(), CONFIG, cast("Validation", Told(0.5, 0.9)), checkpoints)
    for step, _ in enumerate(cut.steps(), start=1):
        if step == 5:
            break
    again = Trainer(noisy_set(), CONFIG, cast("Validation", Told(0.7)), checkpoints)
    list(again.steps())
    assert again.recall == Recall(0.9, 1.0)
    assert torch.equal(again._embed(black), told.seen[1])


def test_same_seed_same_weights() -> None:
    def train(seed: int) -> dict[str, Tensor]:
        config = replace(CONFIG, steps=2, seed=seed, precision="bf16")
        trainer = Trainer(noisy_set(8), config)
        list(trainer.steps())
        return trainer.net.state_dict()

    one, same, other = train(3), train(3), train(4)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["head.weight"], other["head.weight"])


@pytest.mark.parametrize("memory", [0, 40])
def test_a_training_that_was_interrupted_ends_as_one_that_was_not(lake: Lake, memory: int) -> None:
    loss = LossConfig("infonce", memory=memory, memory_from=0.0)
    config = replace(CONFIG, loss=loss)
    whole = Trainer(noisy_set(), config)
    expected = [p.loss for p in whole.steps()]
    checkpoints = Checkpoints(lake, "training")
    for step, _ in enumerate(Trainer(noisy_set(), config, None, checkpoints).steps(), start=1):
        if step == 5:  # killed in the third round, after two checkpoints
            break
    taken_up = Trainer(noisy_set(), config, None, checkpoints)
    progress = list(taken_up.steps())
    assert [p.step for p in progress] == [5, 6]
    assert [p.loss for p in progress] == expected[4:]
    for name, tensor in whole.net.state_dict().items():
        assert torch.equal(tensor, taken_up.net.state_dict()[name])


def test_a_checkpoint_that_does_not_fit_or_is_damaged_is_said(lake: Lake) -> None:
    checkpoints = Checkpoints(lake, "training")
    list(Trainer(noisy_set(), replace(CONFIG, steps=2), None, checkpoints).steps())
    other = replace(CONFIG, model=replace(TINY, pooling="gem"))
    with pytest.raises(CratewatchError, match="of another architecture"):
        list(Trainer(noisy_set(), other, None, checkpoints).steps())
    lake.write(checkpoints.key, lake.read(checkpoints.key)[:1000])
    with pytest.raises(CratewatchError, match=r"checkpoints/training\.pt: .* cannot be read"):
        list(Trainer(noisy_set(), CONFIG, None, checkpoints).steps())
    checkpoints.drop()
    assert checkpoints.load() is None


def test_the_name_of_a_training_tells_its_settings_queries_and_artworks() -> None:
    name = training_name(CONFIG, "run", ["a", "b"])
    assert name == training_name(CONFIG, "run", ["b", "a"])
    assert name == training_name(replace(CONFIG, drawers=3), "run", ["a", "b"])
    others = [
        training_name(replace(CONFIG, seed=1), "run", ["a", "b"]),
        training_name(CONFIG, "other", ["a", "b"]),
        training_name(CONFIG, "run", ["a", "c"]),
        training_name(replace(CONFIG, loss=LossConfig("infonce")), "run", ["a", "b"]),
    ]
    assert len({name, *others}) == 5


def test_collapse_is_said_aloud() -> None:
    trainer = Trainer(noisy_set(), CONFIG)
    with torch.no_grad():
        trainer.net.head.weight.zero_()  # every image gets the head's bias
    with pytest.raises(CratewatchError, match="collapsed at step 0: all embeddings are equal"):
        list(trainer.steps())


def test_a_loss_that_is_no_number_is_said_aloud() -> None:
    trainer = Trainer(noisy_set(), CONFIG)
    with torch.no_grad():
        trainer.net.head.bias.fill_(torch.nan)
    with pytest.raises(CratewatchError, match=r"collapsed at step 0: .* no numbers any more"):
        list(trainer.steps())


def test_a_training_whose_model_was_not_saved_tells_its_end_again(lake: Lake) -> None:
    validation = Validation(noisy_set(), noisy_set(8, first=20), 0, 0.0)
    checkpoints = Checkpoints(lake, training_name(CONFIG, "", []))
    first = Trainer(noisy_set(), CONFIG, validation, checkpoints)
    *_, end = first.steps()
    again = Trainer(noisy_set(), CONFIG, validation, checkpoints)
    (told,) = again.steps()
    assert (told.step, told.loss) == (end.step, end.loss)
    assert again.recall == first.recall
    assert again.recall is not None
    assert again.taken_for == first.taken_for
    for name, tensor in first.net.state_dict().items():
        assert torch.equal(tensor, again.net.state_dict()[name])


def test_a_gradient_that_is_no_number_never_reaches_the_weights(lake: Lake) -> None:
    checkpoints = Checkpoints(lake, "training")
    trainer = Trainer(noisy_set(), CONFIG, None, checkpoints)
    last = trainer.net.head.weight

    def spoil(gradient: Tensor) -> Tensor:
        return gradient * torch.nan if trainer._step == 1 else gradient

    last.register_hook(spoil)
    with pytest.raises(CratewatchError, match="collapsed at step 1: loss, gradient or embeddings"):
        list(trainer.steps())
    assert all(tensor.isfinite().all() for tensor in trainer.net.state_dict().values())
    assert checkpoints.load() is None


@pytest.mark.parametrize("loss", ["soft_triplet", "multi_similarity", "infonce"])
def test_the_loss_is_computed_in_float32_whatever_the_networks_precision(loss: LossName) -> None:
    trainer = Trainer(noisy_set(), replace(CONFIG, loss=LossConfig(loss)))
    near = torch.nn.functional.normalize(torch.randn(8, 128) + 20 * torch.eye(8, 128), dim=1)
    embeddings = near.repeat_interleave(2, 0) + 1e-3 * torch.randn(16, 128)
    labels = torch.arange(8).repeat_interleave(2)
    exact = float(trainer._judge(embeddings, labels, 0.5))
    with torch.autocast("cpu", torch.bfloat16):
        assert float(trainer._judge(embeddings, labels, 0.5)) == exact
