import numpy as np
import pytest

from cratewatch.words.captions import LANGUAGES, make_caption
from cratewatch.words.trait_reading import read_traits
from cratewatch.words.traits import GROUPS


def drawn_look(rng: np.random.Generator) -> frozenset[str]:
    """Return one or two traits of each group, and colours."""
    some = [str(trait) for of in GROUPS.values() for trait in rng.choice(of, rng.integers(1, 3))]
    colours = [f"{part}:{rng.choice(['black', 'red', 'blue'])}" for part in ("upper", "feet")]
    return frozenset([*some, *colours])


@pytest.mark.parametrize("language", LANGUAGES)
def test_captions_are_read_as_they_were_written(language: str) -> None:
    rng = np.random.default_rng(0)
    right = 0
    for _ in range(200):
        caption = make_caption(drawn_look(rng), rng, language)
        read = read_traits(caption.text)
        assert read.is_whole
        assert not read.denied
        right += read.told == caption.told
    # Of what no label has together some is one phrase: long and striped, a short-sleeved suit.
    assert right > 150


@pytest.mark.parametrize(
    ("text", "told", "denied"),
    [
        ("a woman in an orange hoodie", {"female", "sweater", "upper:orange"}, set()),
        ("주황색 후드티를 입은 여자", {"female", "sweater", "upper:orange"}, set()),
        ("man in black with a red bag", {"male", "upper:black", "bag"}, set()),
        ("jeans, no hat", {"jeans"}, {"hat"}),
        ("모자 없는 남자", {"male"}, {"hat"}),
        ("a long skirt; SHORT hair", {"long_skirt", "short_hair"}, set()),
        ("crimson parka 🧥 <b>x</b>", {"jacket", "upper:red"}, set()),
        ("person_id > 0 or true", set(), set()),
        ("carrying nothing", {"nothing_carried"}, set()),
        ("empty handed", {"nothing_carried"}, set()),
        ("", set(), set()),
    ],
)
def test_prompts_are_read(text: str, told: set[str], denied: set[str]) -> None:
    read = read_traits(text)
    assert set(read.told) == told
    assert set(read.denied) == denied
    assert not read.is_whole


def test_a_long_prompt_is_read_to_its_64th_word() -> None:
    assert read_traits("word " * 63 + "jeans and hat").told == {"jeans"}
