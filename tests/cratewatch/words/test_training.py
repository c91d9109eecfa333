import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cratewatch.errors import CratewatchError
from cratewatch.lake.folder import FolderLake
from cratewatch.training.checkpoints import Checkpoints
from cratewatch.words.evaluation import measure
from cratewatch.words.pairs import PairSet
from cratewatch.words.train_config import PersonNetConfig, WordsConfig
from cratewatch.words.training import WordsTrainer
from tests.cratewatch.words.made_persons import made_persons
from tests.cratewatch.words.tiny_models import WORDS, save_blip

pytestmark = pytest.mark.heavy

TINY = WordsConfig(
    net=PersonNetConfig(height_px=32, blocks=4, dim=32, text_width=32, dropout=0.1),
    frozen=0,
    steps=6,
    round_steps=2,
    batch=8,
    validation=0.0,
)


@pytest.fixture(scope="module")
def blip(tmp_path_factory: pytest.TempPathFactory) -> WordsConfig:
    folder = tmp_path_factory.mktemp("blip")
    save_blip(folder / "itm", seed=0)
    save_blip(folder / "captions", seed=0, captions=True, vision_of=0)
    return replace(TINY, blip=str(folder / "itm"), captioner=str(folder / "captions"))


def trained(config: WordsConfig, data: PairSet, checkpoints: Checkpoints | None = None):
    trainer = WordsTrainer(data, config, checkpoints=checkpoints, device="cpu")
    return trainer, list(trainer.steps())


def overfit(config: WordsConfig, steps: int) -> WordsConfig:
    return replace(
        config,
        steps=steps,
        round_steps=steps,
        batch=32,
        learning_rate=4e-3,
        vary=0.0,
        languages=("en",),
        whole=1.0,
        net=replace(config.net, dropout=0.0),
    )


def weights_of(trainer: WordsTrainer) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in trainer.net.state_dict().items()}


def test_an_overfit_of_32_pairs_finds_each() -> None:
    data = PairSet(made_persons(32), (32, 16))
    config = replace(overfit(TINY, steps=70), trunk_share=1.0)
    trainer, progress = trained(config, data)
    assert progress[-1].loss < 0.3 * progress[0].loss
    for reranked in (0, 8):
        found = measure(trainer.net, data, config, reranked)
        assert found.strict[1] == 1.0, reranked


def test_an_overfit_of_32_pairs_by_blip_finds_each(blip: WordsConfig) -> None:
    sayings = itertools.combinations(WORDS.split()[1:], 3)  # a tiny vocabulary: words that it knows
    persons = [
        replace(person, look=frozenset(), captions=(" ".join(saying),))
        for person, saying in zip(made_persons(32), sayings, strict=False)
    ]
    data = PairSet(persons, (32, 32))
    config = replace(overfit(blip, steps=90), learning_rate=2e-3)
    trainer, progress = trained(config, data)
    assert progress[-1].loss < 0.5 * progress[0].loss
    assert measure(trainer.net, data, config).strict[1] == 1.0


@pytest.mark.parametrize("memory", [0, 24])
@pytest.mark.parametrize("kind", ["ours", "blip"])
def test_a_resumed_training_equals_an_uninterrupted_one(
    kind: str, memory: int, blip: WordsConfig, tmp_path: Path
) -> None:
    config = replace(blip if kind == "blip" else TINY, memory=memory)
    size = (32, 32) if kind == "blip" else (32, 16)
    data = PairSet(made_persons(12, each=2), size)
    whole, progress = trained(config, data)
    checkpoints = Checkpoints(FolderLake(tmp_path), "words")
    begun = WordsTrainer(data, config, checkpoints=checkpoints, device="cpu")
    for one in begun.steps():
        if one.step == 5:  # past the checkpoint of step 4
            break
    again, rest = trained(config, data, checkpoints)
    assert [one.step for one in rest] == [5, 6]
    assert [one.loss for one in rest] == [one.loss for one in progress[4:]]
    expected = weights_of(whole)
    for name, value in weights_of(again).items():
        torch.testing.assert_close(value, expected[name], rtol=0, atol=0, msg=name)


def test_the_averages_of_the_weights_come_out() -> None:
    data = PairSet(made_persons(8), (32, 16))
    config = replace(TINY, average=0.5)
    trainer = WordsTrainer(data, config, device="cpu")
    expected = weights_of(trainer)
    for step, _ in enumerate(trainer.steps()):
        stays = min(0.5, (1 + step) / (10 + step))
        for name, value in weights_of(trainer).items():
            mixed = stays * expected[name] + (1 - stays) * value
            expected[name] = mixed if value.dtype.is_floating_point else value
    for name, value in weights_of(trainer).items():
        torch.testing.assert_close(value, expected[name], msg=name)
    plain = WordsTrainer(data, replace(config, average=0.0), device="cpu")
    list(plain.steps())
    assert not torch.equal(plain.net.seen.weight, trainer.net.seen.weight)


def test_what_was_validated_best_comes_out() -> None:
    data, unseen = PairSet(made_persons(16), (32, 16)), PairSet(made_persons(6), (32, 16))
    trainer = WordsTrainer(data, TINY, unseen, device="cpu")
    progress = list(trainer.steps())
    assert [entry["step"] for entry in trainer.history] == [2, 4, 6]
    assert trainer.recall is not None
    assert trainer.recall.at_1 == max(entry["recall_at_1"] for entry in trainer.history)
    assert measure(trainer.net, unseen, TINY).recall[1] == trainer.recall.at_1
    assert progress[-1].left_s == 0


def test_frozen_blocks_stay_as_they_were() -> None:
    data = PairSet(made_persons(8), (32, 16))
    trainer = WordsTrainer(data, replace(TINY, frozen=2, steps=2), device="cpu")
    before = weights_of(trainer)
    list(trainer.steps())
    changed = {
        name for name, value in weights_of(trainer).items() if not torch.equal(value, before[name])
    }
    assert not any(name.startswith(f"trunk.{n}.") for name in changed for n in range(2))
    assert any(name.startswith("trunk.2.") for name in changed)


def test_a_loss_that_is_no_number_ends_the_training() -> None:
    data = PairSet(made_persons(8), (32, 16))
    trainer = WordsTrainer(data, TINY, device="cpu")
    with torch.no_grad():
        trainer.net.text.told.bias[0] = np.nan
    with pytest.raises(CratewatchError, match=r"at step 0 the loss .* lower --learning-rate"):
        list(trainer.steps())


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    data = PairSet(made_persons(8), (32, 16))
    checkpoints = Checkpoints(FolderLake(tmp_path), "words")
    trained(replace(TINY, steps=2), data, checkpoints)
    other = replace(TINY, net=replace(TINY.net, dim=16))
    with pytest.raises(CratewatchError, match="another architecture"):
        trained(other, data, checkpoints)
