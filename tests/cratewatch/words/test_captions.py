import numpy as np
import pytest

from cratewatch.words.attributes import ATTRIBUTES, COLOURS, PARTS
from cratewatch.words.captions import LANGUAGES, make_caption
from cratewatch.words.traits import GROUPS, TRAITS, group_of

LOOK = frozenset(
    (
        *("female", "under_30", "long_hair", "hair:brown", "upper:black", "upper:red"),
        *("long_sleeves", "jacket", "lower:blue", "jeans", "feet:white", "trainers"),
        *("backpack", "hat"),
    )
)


def captions(language: str, count: int = 200, share: float = 1.0):
    rng = np.random.default_rng(0)
    return [make_caption(LOOK, rng, language, share) for _ in range(count)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_a_word_for_every_trait(language: str) -> None:
    words = LANGUAGES[language].words
    assert set(words) >= {trait for trait in TRAITS if ":" not in trait} | set(COLOURS)
    told = set(words) - set(TRAITS) - set(COLOURS)
    assert told == {"child female", "child male"}
    assert LANGUAGES[language].clauses.keys() == GROUPS.keys() - {"subject"}


def test_every_trait_is_told_in_one_place() -> None:
    grouped = [trait for traits in GROUPS.values() for trait in traits]
    assert sorted(grouped) == sorted(trait for trait in TRAITS if ":" not in trait)
    assert {group_of(f"{part}:{colour}") for part in PARTS for colour in COLOURS} == set(PARTS)
    assert set(ATTRIBUTES) <= set(grouped)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_look_is_said_in_many_ways_and_each_says_all(language: str) -> None:
    made = captions(language)
    assert len({caption.text for caption in made}) > 150
    assert {caption.told for caption in made} == {LOOK}
    words = LANGUAGES[language].words
    for caption in made:
        for trait in LOOK:
            part, _, colour = trait.partition(":")
            assert any(word in caption.text for word in words[colour or part]), caption.text
        assert "  " not in caption.text
        assert "{" not in caption.text


def test_a_caption_tells_a_share_and_never_nothing() -> None:
    made = captions("en", share=0.3)
    sizes = [len(caption.told) for caption in made]
    assert min(sizes) >= 1
    assert np.mean(sizes) == pytest.approx(0.3 * len(LOOK), rel=0.15)
    assert all(caption.told <= LOOK for caption in made)


def test_captions_read_as_a_person_would_write_them() -> None:
    rng = np.random.default_rng(3)
    girl = make_caption(frozenset(["child", "female"]), rng)
    assert girl.text in {"girl", "a girl"}
    made = {make_caption(frozenset(["elderly", "male", "suit"]), rng).text for _ in range(400)}
    assert "an elderly man in suit" in made
    assert any("an old gentleman" in text and "suit jacket" in text for text in made)


def test_the_korean_particle_follows_the_sound_before_it() -> None:
    rng = np.random.default_rng(0)
    texts = [make_caption(frozenset(["jacket", "shorts"]), rng, "ko").text for _ in range(100)]
    joined = " ".join(texts)
    assert "재킷을 입은" in joined
    assert "반바지를 입은" in joined
    assert "재킷를" not in joined
    assert "반바지을" not in joined


def test_the_same_seed_says_the_same() -> None:
    assert captions("en", 20) == captions("en", 20)
