"""Drawn figures, what is fitted to them, and what ships of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from cratewatch.errors import CratewatchError
from cratewatch.footage.appearance import Appearance
from cratewatch.words.attributes import COLOURS, TERMS, AttributeModel, Attributes
from cratewatch.words.colours import ColourNamer
from cratewatch.words.figure_attributes import SHIPPED_FIGURES, FigureAttributes
from cratewatch.words.figures.camera import HEIGHT_PX, WIDTH_PX
from cratewatch.words.figures.drawing import draw_figure
from cratewatch.words.figures.fitting import fit_terms, look_at_figures
from cratewatch.words.figures.outfit import TOLD, Outfit, dress
from cratewatch.words.figures.palette import paint
from cratewatch.words.pooling import Pooled

pytestmark = pytest.mark.heavy

FIGURES = 6


def drawn(number: int) -> tuple[Outfit, np.ndarray]:
    rng = np.random.default_rng((0, number))
    outfit = dress(rng)
    return outfit, draw_figure(outfit, rng)


def test_a_figure_is_the_same_however_many_are_drawn() -> None:
    embeddings, holds = look_at_figures(FIGURES, 0)
    again, _ = look_at_figures(2, 0)
    np.testing.assert_allclose(again, embeddings[:2], atol=1e-5)
    outfit, picture = drawn(1)
    assert picture.shape == (HEIGHT_PX, WIDTH_PX, 3)
    assert picture.dtype == np.uint8
    assert {term for term, there in zip(TOLD, holds[1], strict=True) if there} == outfit.terms
    assert not np.array_equal(drawn(0)[1], picture)


def test_outfits_say_what_they_are_and_each_term_is_worn() -> None:
    rng = np.random.default_rng(0)
    outfits = [dress(rng) for _ in range(4000)]
    worn = Counter(term for outfit in outfits for term in outfit.terms)
    assert set(worn) == set(TOLD)
    assert set(TOLD) <= set(TERMS)
    for outfit in outfits:
        assert ("trousers" in outfit.terms) == (outfit.bottom in {"trousers", "jeans"})
        assert sum(term.startswith("lower:") for term in outfit.terms) == 1
        assert not (outfit.pattern == "logo" and not outfit.faces)


@pytest.mark.parametrize("colour", COLOURS)
def test_paint_is_called_by_its_colour(colour: str) -> None:
    """By what names colours of clothes: mostly, since names meet at their edges."""
    rng = np.random.default_rng(0)
    paints = [paint(colour, rng) for _ in range(40)]  # type: ignore[arg-type]
    crops = [np.full((96, 48, 3), np.round(one * 255), np.uint8) for one in paints]
    for crop in crops:
        crop[:, :10] = crop[:, -10:] = 119  # a grey of middle lightness behind
    looks = ColourNamer().look(crops)
    best = [max(COLOURS, key=lambda one: look.probabilities[f"upper:{one}"]) for look in looks]
    assert Counter(best).most_common(1)[0][0] == colour


def test_odds_are_those_of_two_normal_distributions() -> None:
    """Whose log odds are linear: twice the way from their middle, and those of the rate."""
    rng = np.random.default_rng(0)
    way, rate = np.array([0.8, -0.5, 0.0]), 0.3
    holds = np.zeros((20_000, len(TOLD)))
    holds[:, 0] = rng.random(len(holds)) < rate
    embeddings = rng.normal(size=(len(holds), 3)) + np.outer(2 * holds[:, 0] - 1, way)
    fitted = fit_terms(embeddings, holds)
    np.testing.assert_allclose(fitted.weights[:, 0], 2 * way, atol=0.06)
    assert fitted.offsets[0] == pytest.approx(np.log(rate / (1 - rate)), abs=0.06)
    never = 1 / (1 + np.exp(-(embeddings @ fitted.weights[:, 1] + fitted.offsets[1])))
    assert never.max() < 0.01


def test_what_ships_tells_figures_that_it_was_not_fitted_to() -> None:
    outfits, pictures = zip(*(drawn(10**6 + n) for n in range(60)), strict=True)
    looks = FigureAttributes(threads=1, tells_sex=True).look(pictures)
    for term, least in (("upper:black", 0.3), ("lower:blue", 0.3), ("long_hair", 0.3)):
        told = [look.probabilities[term] for look in looks]
        holds = [term in outfit.terms for outfit in outfits]
        assert np.corrcoef(told, holds)[0, 1] > least, term


def test_it_tells_what_its_file_says_literally() -> None:
    kept = load_file(SHIPPED_FIGURES)
    _, picture = drawn(3)
    embedded = Appearance(threads=1).embed(picture, [(0, 0, WIDTH_PX, HEIGHT_PX)])[0]
    odds = embedded.astype(np.float64) @ kept["weights"] + kept["offsets"]
    model = FigureAttributes(threads=1, tells_sex=True)
    assert model.terms == TOLD
    (look,) = model.look([picture])
    wanted = dict(zip(TOLD, 1 / (1 + np.exp(-odds)), strict=True))
    assert look.probabilities == pytest.approx(wanted, abs=1e-4)
    assert "female" not in FigureAttributes(threads=1).terms
    assert FigureAttributes(threads=1).name != model.name


@pytest.mark.parametrize("harm", ["gone", "half"])
def test_what_is_missing_or_damaged_is_said(tmp_path: Path, harm: str) -> None:
    file = tmp_path / "figures.safetensors"
    if harm == "half":
        file.write_bytes(SHIPPED_FIGURES.read_bytes()[:900])
    with pytest.raises(CratewatchError, match=r"missing or damaged; install cratewatch again"):
        FigureAttributes(file)


def test_a_pool_adds_log_odds() -> None:
    class Says:
        def __init__(self, name: str, **odds: float) -> None:
            self.name = name
            self.terms: tuple[str, ...] = tuple(odds)
            self._odds = odds

        def look(self, crops: object) -> list[Attributes]:
            del crops
            return [Attributes(self._odds)]

    first: AttributeModel = Says("first", hat=0.8, bag=0.9)
    second: AttributeModel = Says("second", hat=0.2)
    pooled = Pooled((first, 1.0), (second, 0.5))
    (look,) = pooled.look([np.zeros((4, 2, 3), np.uint8)])
    # 4 times (1/4) to the power of a half is 2: odds of 2 to 1.
    assert look.probabilities == pytest.approx({"hat": 2 / 3, "bag": 0.9})
    assert set(pooled.terms) == {"hat", "bag"}
    assert pooled.name != Pooled((first, 1.0), (second, 0.4)).name
