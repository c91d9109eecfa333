import json
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.lake.folder import FolderLake
from cratewatch.training.progress import FitProgress, TrainProgress
from cratewatch.words.pairs import is_held_back
from cratewatch.words.person_model import PersonModel
from cratewatch.words.train_config import PersonNetConfig, WordsConfig
from cratewatch.words.training import WordsTrainer
from cratewatch.words.trait_errors import STEPS
from tests.cratewatch.words.made_persons import made_picture
from workers.cluster import Workers
from workers.data_parallel import Task, note, run_task
from workers.mailbox import TrainedWords
from workers.words_job import WordsJob
from workers.words_training import _read, work
from workers.words_worker import read_pairs

pytestmark = pytest.mark.usefixtures("ray_cluster")

CONFIG = WordsConfig(
    net=PersonNetConfig(height_px=32, blocks=3, dim=16, text_width=16),
    frozen=0,
    steps=4,
    round_steps=2,
    batch=8,
    validation=0.2,
)
LABELS = ("upperBodyRed", "lowerBodyBlue", "carryingBackpack", "personalFemale", "hairLong")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("persons")
    (folder / "images").mkdir()
    rng = np.random.default_rng(0)
    records = []
    for n in range(30):
        (folder / "images" / f"{n}.png").write_bytes(made_picture(n))
        labels = [label for label in LABELS if rng.random() < 0.6] or [LABELS[0]]
        records.append({"image": f"{n}.png", "person": f"p{n}", "labels": labels})
    (folder / "labels.jsonl").write_text("\n".join(map(json.dumps, records)))
    return folder


def run(job: WordsJob, workers: Workers) -> tuple[list[TrainProgress], TrainedWords]:
    *progress, model = run_task(Task(job, _read, work), workers)
    assert isinstance(model, TrainedWords)
    assert all(isinstance(event, TrainProgress | FitProgress) for event in progress)
    return progress, model  # type: ignore[return-value]


def test_a_training_leaves_a_model_that_finds_and_tells(folder: Path, tmp_path: Path) -> None:
    lake = FolderLake(tmp_path / "lake")
    progress, model = run(WordsJob(lake, folder, CONFIG), Workers(1, 1, gpu=False))
    assert [event.step for event in progress] == [1, 2, 3, 4]
    held_back = sum(is_held_back(f"p{n}", CONFIG.validation) for n in range(30))
    assert model.persons == model.pictures == 30 - held_back
    assert model.recall_at_1 is not None
    assert list(lake.keys("checkpoints")) == []
    found = PersonModel(Path(str(lake.root)) / model.folder)
    pictures = [_picture(n) for n in range(3)]
    embedded = found.embed_images(pictures, keeps_tokens=True)
    assert embedded.tokens is not None
    np.testing.assert_allclose(np.linalg.norm(embedded.embeddings, axis=1), 1.0, rtol=1e-5)
    assert found.match("a woman in red", embedded.tokens).shape == (3,)
    assert found.embed_texts(["a woman in red", "빨간 옷"]).shape == (2, found.dim)
    assert found.caption(pictures) == found.caption(pictures, embedded.tokens)
    assert all(0 <= p <= 1 for one in found.look(pictures) for p in one.probabilities.values())
    again = run(WordsJob(FolderLake(tmp_path / "other"), folder, CONFIG), Workers(1, 1, gpu=False))
    assert again[1].name == model.name  # which tells the weights


def test_least_squares_leave_a_model_as_well(folder: Path, tmp_path: Path) -> None:
    lake = FolderLake(tmp_path)
    config = WordsConfig(least_squares=True, validation=0.2)
    progress, model = run(WordsJob(lake, folder, config), Workers(1, 1, gpu=False))
    assert [(event.step, event.steps, note(event)) for event in progress] == [
        (model.pictures, model.pictures, "looking at pictures"),
        *((step, STEPS, "telling persons apart") for step in range(1, STEPS + 1)),
    ]
    assert model.recall_at_1 is not None
    assert 0 < model.loss < 3
    found = PersonModel(tmp_path / model.folder)
    assert found.name == model.name
    assert found.embed_images([_picture(0)]).embeddings.shape == (1, found.dim)


def _picture(number: int) -> np.ndarray:
    read = cv2.imdecode(np.frombuffer(made_picture(number), np.uint8), cv2.IMREAD_COLOR)
    assert read is not None
    return np.asarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), np.uint8)


@pytest.mark.slow
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="two workers need two CPUs")
def test_two_workers_learn_as_one_does(folder: Path, tmp_path: Path) -> None:
    config = replace(CONFIG, vary=0.0, whole=1.0, languages=("en",), validation=0.0)
    runs = [
        run(
            WordsJob(FolderLake(tmp_path / str(count)), folder, config),
            Workers(count, 1, gpu=False),
        )
        for count in (1, 2)
    ]
    one, two = ([event.loss for event in progress] for progress, _ in runs)
    # Norms see half a batch, captions are phrased otherwise, negatives come from each half.
    np.testing.assert_allclose(two, one, rtol=0.35)


def test_what_the_user_can_mend_is_told(folder: Path, tmp_path: Path) -> None:
    lake = FolderLake(tmp_path / "lake")
    with pytest.raises(NotFoundError, match=r"labels\.jsonl"):
        run(WordsJob(lake, tmp_path, CONFIG), Workers(1, 1, gpu=False))
    no_trunk = replace(CONFIG, trunk=str(tmp_path / "none.npz"))
    with pytest.raises(CratewatchError, match="no weights of MobileNetV1"):
        run(WordsJob(lake, folder, no_trunk), Workers(1, 1, gpu=False))


def test_the_pictures_and_captions_are_those_of_the_trainer_itself(
    folder: Path, tmp_path: Path
) -> None:
    job = WordsJob(FolderLake(tmp_path), folder, replace(CONFIG, validation=0.0))
    data, none = read_pairs(job)
    assert none is None
    first = next(iter(WordsTrainer(data, job.config, device="cpu").steps()))
    progress, _ = run(job, Workers(1, 1, gpu=False))
    # Later steps part: the first one of Adam is all signs, also those of gradients next to none.
    assert progress[0].loss == pytest.approx(first.loss, rel=1e-4)
