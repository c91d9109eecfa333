"""Prompts in pieces: English, Korean, and what is neither."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cratewatch.errors import CratewatchError
from cratewatch.words.attribute_search import AttributeSearch
from cratewatch.words.attributes import TERMS
from cratewatch.words.explaining import explain
from cratewatch.words.prompts import MOST_WORDS, parse_prompt

NOTHING = ("backpack", "bag", "hat", "glasses", "scarf")
RED_AND_BLACK = ("feet:red", "feet:black")
SHIPPED = ("bag", "hat", "long_sleeves", "trousers", "upper:orange", "lower:blue", "hair:yellow")


def wants(prompt: str) -> set[str]:
    return {
        want.term if want.holds else f"no {want.term}"
        for said in parse_prompt(prompt).said
        for want in said.wants
    }


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("a woman in an orange hoodie", {"female", "upper:orange", "sweater"}),
        ("black shirt, jeans, white trainers", {"upper:black", "jeans", "feet:white", "trainers"}),
        ("A MAN in a Dark-Blue T-Shirt", {"no female", "upper:blue", "t_shirt"}),
        ("blue and white striped shirt", {"upper:blue", "upper:white", "striped"}),
        (
            "man in black with a red backpack",
            {"no female", "upper:black", "backpack"},
        ),
        ("shirt in red", {"upper:red"}),
        ("long-haired woman without a hat", {"long_hair", "female", "no hat"}),
        ("no black shirt", {"no upper:black"}),
        ("red", {"upper:red"}),
        ("a black dress", {"upper:black", "lower:black"}),
        ("grey hair", {"hair:grey"}),
        ("dresses", set()),
        ("dark red coat, light blue jeans", {"upper:red", "jacket", "lower:blue", "jeans"}),
        ("dark trousers", {"lower:black", "trousers"}),
        ("middle-aged, dark-skinned man", {"no female"}),
        ("no earrings, white shirt", {"upper:white"}),
        ("carrying nothing, no accessories", {f"no {t}" for t in NOTHING}),
        ("blonde woman in a stripy top", {"female", "striped"}),
        ("his shirt is white and his shoes are black and red", {"upper:white", *RED_AND_BLACK}),
        ("a man who is wearing a blue shirt", {"no female", "upper:blue"}),
        ("in grey from head to toe", {"upper:grey", "lower:grey"}),
        ("everything he wears is grey", {"no female", "upper:grey", "lower:grey"}),
        ("long brown hair, black capris", {"hair:brown", "long_hair", "lower:black"}),
        ("brown-haired man in black with a hat", {"hair:brown", "no female", "upper:black", "hat"}),
        ("neither a bag nor a backpack", {"no bag", "no backpack"}),
        ("grey on top, black on the bottom, no hair", {"upper:grey", "lower:black", "bald"}),
        ("머리가 긴 여자, 파란 윗도리", {"long_hair", "female", "upper:blue"}),
        ("주황색 후드티를 입은 여자", {"upper:orange", "sweater", "female"}),
        (
            "검은 셔츠에 청바지, 흰 운동화를 신은 남자",
            {"upper:black", "jeans", "feet:white", "trainers", "no female"},
        ),
        ("모자 없는 사람", {"no hat"}),
        ("배낭을 멘 남자와 가방", {"backpack", "no female", "bag"}),
        ("검은색 상의와 회색 바지", {"upper:black", "lower:grey", "trousers"}),
    ],
)
def test_a_prompt_asks_for_terms(prompt: str, wanted: set[str]) -> None:
    assert wants(prompt) == wanted


def test_what_nobody_tells_is_left() -> None:
    parsed = parse_prompt("an orange hoodie and a red bag, running")
    said = {one.words for one in parsed.left(("upper:orange",))}
    assert said == {"hoodie", "red", "bag", "running"}


def test_jeans_are_blue_where_no_model_tells_jeans() -> None:
    colours = AttributeSearch()
    assert explain("jeans", colours).answered == ("jeans as lower blue",)
    (said,) = parse_prompt("jeans").said
    assert [want.term for want in said.known(colours.terms)] == ["lower:blue"]
    assert [want.term for want in said.known(("jeans", "lower:blue"))] == ["jeans"]


@pytest.mark.parametrize(
    ("prompt", "read_as"),
    [
        ("orange hoodie", ["orange", "hoodie as long sleeves"]),
        ("T-shirt and shorts", ["t shirt as no long sleeves", "shorts as no trousers"]),
        ("blue jeans", ["blue", "jeans as trousers"]),
        ("jeans", ["jeans as trousers, lower blue"]),
        ("a blonde in a suit", ["blonde as hair yellow", "suit as long sleeves, trousers"]),
        ("without a hat", ["no hat"]),
        ("no jacket", []),
    ],
)
def test_it_is_said_what_stands_for_a_word(prompt: str, read_as: list[str]) -> None:
    assert [one.read_as(SHIPPED) for one in parse_prompt(prompt).answered(SHIPPED)] == read_as


@pytest.mark.parametrize("prompt", ["", "   ", "\n\t", "...", ",,,", "\u200b", "<>"])
def test_a_prompt_that_says_nothing(prompt: str) -> None:
    with pytest.raises(CratewatchError, match=r"--prompt: (says nothing|.*neither a colour)"):
        explain(prompt, AttributeSearch())


@pytest.mark.parametrize("prompt", ["👜", "somebody", "<script>alert(1)</script>", "camera == 'x'"])
def test_a_prompt_without_looks_says_what_would_help(prompt: str) -> None:
    with pytest.raises(CratewatchError, match="neither a colour nor an attribute") as caught:
        explain(prompt, AttributeSearch())
    assert "\n" not in str(caught.value)


def test_two_thousand_words() -> None:
    parsed = parse_prompt("orange hoodie " * 1000)
    assert parsed.is_cut
    assert len(parsed.said) <= MOST_WORDS
    said = str(explain("orange hoodie " * 1000, AttributeSearch()))
    assert said == "orange: by colour; not answered: hoodie (the first 64 words are read)"


def test_it_is_said_what_was_answered() -> None:
    said = str(explain("a woman in an orange hoodie", AttributeSearch()))
    assert said == "orange: by colour; not answered: woman · hoodie"


@given(st.text(max_size=200))
def test_any_text_is_data(prompt: str) -> None:
    try:
        parsed = parse_prompt(prompt)
    except CratewatchError:
        return
    for said in parsed.said:
        assert all(want.term in TERMS for want in (*said.wants, *said.instead))
        assert said.words.isprintable()
