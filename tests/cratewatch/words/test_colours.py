"""Names of colours, and search by them: the cosine is the mean of logarithms, exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from cratewatch.words.attribute_search import LEAST, AttributeSearch, caption_of, seen_terms
from cratewatch.words.attributes import COLOURS, AttributeModel, Attributes
from cratewatch.words.colours import ColourNamer, memberships, part_shares


@pytest.mark.parametrize(
    ("colour", "rgb"),
    [
        ("black", (12, 12, 14)),
        ("grey", (128, 128, 128)),
        ("grey", (95, 98, 100)),
        ("white", (240, 240, 238)),
        ("red", (200, 25, 30)),
        ("red", (120, 10, 20)),
        ("orange", (240, 130, 20)),
        ("yellow", (245, 220, 40)),
        ("green", (40, 130, 50)),
        ("green", (85, 100, 40)),
        ("blue", (40, 60, 170)),
        ("blue", (120, 170, 220)),
        ("blue", (20, 25, 80)),
        ("purple", (120, 40, 140)),
        ("pink", (245, 150, 180)),
        ("brown", (110, 65, 30)),
        ("brown", (190, 160, 120)),
    ],
)
def test_a_colour_has_its_name(colour: str, rgb: tuple[int, int, int]) -> None:
    degrees = memberships(np.array([rgb], np.uint8))[0]
    assert COLOURS[int(degrees.argmax())] == colour, dict(
        zip(COLOURS, degrees.round(2), strict=True)
    )
    assert degrees.sum() == pytest.approx(1, abs=1e-5)


def test_every_pixel_has_colours() -> None:
    every = np.stack(np.meshgrid(*[np.arange(0, 256, 15)] * 3), -1).reshape(-1, 3).astype(np.uint8)
    degrees = memberships(every)
    assert np.isfinite(degrees).all()
    assert degrees.min() >= 0
    np.testing.assert_allclose(degrees.sum(-1), 1, atol=1e-5)


def figure(upper: tuple[int, int, int], lower: tuple[int, int, int]) -> np.ndarray:
    """A person before something red, as a box of a detector shows him."""
    crop = np.full((200, 90, 3), (200, 20, 20), np.uint8)
    crop[30:100, 20:70] = upper
    crop[100:195, 25:65] = lower
    return crop


def test_parts_are_told_apart_and_what_is_behind_counts_little() -> None:
    (look,) = ColourNamer().look([figure((240, 130, 20), (30, 45, 120))])
    assert seen_terms(look) == ["upper:orange", "lower:blue"]
    assert caption_of(look.probabilities) == "orange above, blue below"


def test_clothes_are_told_by_how_light_the_picture_is() -> None:
    """Black, grey and white of a dim yard, as lightness goes in it."""
    for cloth, wanted in (
        ((30, 30, 31), "black"),
        ((82, 82, 84), "grey"),
        ((150, 150, 148), "white"),
    ):
        crop = np.full((200, 90, 3), 80, np.uint8)
        crop[30:195, 20:70] = cloth
        shares = part_shares([crop], ("upper", "lower"))[0]
        assert [COLOURS[int(row.argmax())] for row in shares] == [wanted, wanted], (cloth, shares)
    np.testing.assert_allclose(shares.sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (400, 2)])
def test_crops_of_odd_sizes(size: tuple[int, int]) -> None:
    (look,) = ColourNamer().look([np.full((*size, 3), 240, np.uint8)])
    assert "upper:white" in seen_terms(look)
    assert ColourNamer().look([]) == []


class Told:
    """Tells attributes that it is told."""

    name = "told"
    terms: tuple[str, ...] = ("female", "hat")

    def __init__(self, female: float, hat: float) -> None:
        self._probabilities = {"female": female, "hat": hat}

    def look(self, crops: Sequence[np.ndarray]) -> list[Attributes]:
        return [Attributes(self._probabilities) for _ in crops]


@pytest.mark.parametrize(
    ("prompt", "probabilities"),
    [
        ("a woman in orange shirt", ("female", "upper:orange")),
        (
            "orange shirt, blue trousers, no hat, man",
            ("upper:orange", "lower:blue", "-hat", "-female"),
        ),
        ("hat", ("hat",)),
    ],
)
def test_the_score_is_the_geometric_mean(prompt: str, probabilities: tuple[str, ...]) -> None:
    search = AttributeSearch(Told(0.7, 0.2))
    crops = [figure((240, 130, 20), (30, 45, 120)), figure((20, 20, 20), (200, 200, 200))]
    rows, query = search.embed_images(crops).embeddings, search.embed_texts([prompt])[0]
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert np.linalg.norm(query) == pytest.approx(1, abs=1e-6)
    scores = search.scores(prompt, rows @ query)
    for look, score in zip(search.look(crops), scores, strict=True):
        each = [
            1 - look.probabilities[term[1:]] if term[0] == "-" else look.probabilities[term]
            for term in probabilities
        ]
        wanted = np.exp(np.log(np.clip(each, LEAST, 1 - LEAST)).mean())
        assert score == pytest.approx(wanted, rel=2e-4)


def test_sex_and_age_are_not_said_unless_asked_for() -> None:
    look = Attributes({"female": 0.9, "elderly": 0.8, "hat": 0.9, "upper:red": 0.9})
    assert seen_terms(look) == ["hat", "upper:red"]
    assert seen_terms(look, shows_sensitive=True) == ["female", "elderly", "hat", "upper:red"]
    assert caption_of(look.probabilities) == "red above; hat"


def test_another_model_has_another_name() -> None:
    model: AttributeModel = Told(0.5, 0.5)
    assert AttributeSearch().name != AttributeSearch(model).name
    assert AttributeSearch().name.replace("_", "").isalnum()
    with pytest.raises(ValueError, match="no terms"):
        Attributes({"handsome": 1.0})
