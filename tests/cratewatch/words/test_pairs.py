from dataclasses import replace

import cv2
import numpy as np
import pytest

from cratewatch.errors import CratewatchError
from cratewatch.words.datasets import Person
from cratewatch.words.pairs import PairSet, is_held_back
from cratewatch.words.spelling import GROUPS, WORDS, spell
from cratewatch.words.train_config import WordsConfig
from tests.cratewatch.words.made_persons import made_persons

CONFIG = WordsConfig(batch=4)


def test_an_epoch_shows_each_person_once_and_each_step_others() -> None:
    data = PairSet(made_persons(12, each=3), (32, 16))
    batches = [data.batch(step, CONFIG) for step in range(3)]
    assert sorted(np.concatenate([batch.persons for batch in batches])) == list(range(12))
    assert batches[0].pictures.shape == (4, 32, 16, 3)
    again = data.batch(0, CONFIG)
    np.testing.assert_array_equal(again.pictures, batches[0].pictures)
    assert again.texts == batches[0].texts
    later = [data.batch(step, CONFIG) for step in range(3, 6)]
    assert [list(b.persons) for b in later] != [list(b.persons) for b in batches]


def test_workers_share_a_batch() -> None:
    data = PairSet(made_persons(12), (32, 16))
    parts = [data.batch(2, CONFIG, rank, 2).persons for rank in (0, 1)]
    assert sorted(np.concatenate(parts)) == sorted(data.batch(2, CONFIG).persons)


def test_captions_that_tell_the_same_have_one_number() -> None:
    persons = made_persons(3)
    persons.append(replace(persons[0], identity="twin"))
    whole = PairSet(persons, (32, 16)).whole(range(4), CONFIG)
    assert whole.captions[0] == whole.captions[3]
    assert len(set(whole.captions)) == 3
    assert whole.told is not None
    assert whole.seen is not None
    np.testing.assert_array_equal(whole.told, whole.seen)


def test_captions_by_hand_are_taken_as_they_are() -> None:
    persons = [
        Person(f"p{n}", person.picture, captions=(f"he is {n}", f"number {n}"))
        for n, person in enumerate(made_persons(5))
    ]
    data = PairSet(persons, (32, 16))
    batch = data.batch(0, CONFIG)
    assert batch.seen is None
    assert batch.told is None
    for person, text in zip(batch.persons, batch.texts, strict=True):
        assert text in persons[person].captions
    assert data.whole([3], CONFIG).texts == ["he is 3"]


def test_pictures_stay_as_they_are_where_nothing_varies() -> None:
    data = PairSet(made_persons(4), (32, 16))
    still = data.batch(0, replace(CONFIG, vary=0.0))
    whole = data.whole([int(person) for person in still.persons], CONFIG)
    assert np.abs(still.pictures.astype(int) - whole.pictures.astype(int)).max() <= 1
    assert np.abs(data.batch(0, CONFIG).pictures.astype(int) - whole.pictures).max() > 20


def test_variations_keep_the_hue() -> None:
    teal = cv2.imencode(".png", np.full((64, 32, 3), (120, 120, 40), np.uint8))[1].tobytes()
    data = PairSet([Person(f"p{n}", teal, frozenset(["hat"])) for n in range(4)], (32, 16))
    for step in range(8):
        red, green, blue = np.moveaxis(data.batch(step, CONFIG).pictures.astype(int), -1, 0)
        assert np.array_equal(green, blue), "as in the picture"
        assert (red <= green).all()


def test_too_few_persons_and_broken_pictures_are_told() -> None:
    with pytest.raises(CratewatchError, match="1 persons to learn from"):
        PairSet(made_persons(1), (32, 16))
    broken = [*made_persons(2), Person("b7", b"no picture")]
    with pytest.raises(CratewatchError, match="b7: a picture of this person cannot be read"):
        PairSet(broken, (32, 16))


def test_who_is_held_back_depends_on_the_person_alone() -> None:
    held = [is_held_back(f"p{n}", 0.1) for n in range(2000)]
    assert np.mean(held) == pytest.approx(0.1, abs=0.02)
    assert not any(is_held_back(f"p{n}", 0.0) for n in range(50))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"batch": 1}, "batch 1"),
        ({"languages": ("tlh",)}, "languages"),
        ({"languages": ()}, "languages"),
        ({"temperature": 0.0}, "temperature"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"validation": 1.0}, "validation"),
        ({"vary": 2.0}, "vary"),
        ({"average": 1.0}, "average"),
    ],
)
def test_what_cannot_be_trained_with_is_refused(wrong: dict, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        WordsConfig(**wrong)


def test_texts_are_spelled_whatever_they_are() -> None:
    spelled = spell(["Red JACKET, jeans", "red jacket", "", "🧥 <b>x</b>" + " word" * 2000])
    assert spelled.shape == (4, WORDS, GROUPS)
    np.testing.assert_array_equal(spelled[0, :2], spelled[1, :2])
    assert not spelled[2].any()
    assert list(spelled[0, 2]) == list(spell([","])[0, 0])  # a comma is a word of its own
    near = set(spell(["재킷을"])[0, 0]) & set(spell(["재킷"])[0, 0]) - {0}
    assert len(near) >= 2
