import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from cratewatch.words.losses import (
    IGNORED,
    contrast_loss,
    draw_hard_negatives,
    language_loss,
    match_loss,
    same_pairs,
)


def unit(rows: int, seed: int, dim: int = 5) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return functional.normalize(torch.randn(rows, dim, generator=generator), dim=1)


def contrast_reference(
    images: np.ndarray, texts: np.ndarray, same: np.ndarray, scale: float, keys: tuple
) -> float:
    """Go through every pair and every key as the formula says."""
    losses = []
    for asked, compared in ((images, keys[1]), (texts, keys[0])):
        for i in range(len(asked)):
            right = math.exp(scale * float(asked[i] @ compared[i]))
            wrong = sum(
                math.exp(scale * float(asked[i] @ compared[j]))
                for j in range(len(compared))
                if j != i and not same[i][j]
            )
            losses.append(-math.log(right / (right + wrong)))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("remembered", [0, 3])
def test_the_contrast_agrees_with_the_formula(remembered: int) -> None:
    images, texts = unit(4, 0), unit(4, 1)
    keys = tuple(torch.cat([own, unit(remembered, 2 + n)]) for n, own in enumerate((images, texts)))
    persons = torch.tensor([0, 1, 1, 2, 0, 7, 8][: 4 + remembered])
    captions = torch.tensor([0, 1, 2, 0, 5, 6, 1][: 4 + remembered])
    same = same_pairs(persons[:4], captions[:4], (persons, captions))
    loss = contrast_loss(images, texts, same, torch.tensor(7.0), keys)  # type: ignore[arg-type]
    given = [array.double().numpy() for array in (images, texts, *keys)]
    expected = contrast_reference(given[0], given[1], same.numpy(), 7.0, tuple(given[2:]))
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_pairs_of_one_person_or_one_caption_are_the_same() -> None:
    persons, captions = torch.tensor([0, 1, 1]), torch.tensor([4, 5, 4])
    same = same_pairs(persons, captions, (persons, captions))
    assert same.tolist() == [[True, False, True], [False, True, True], [True, True, True]]


def test_a_contrast_of_pairs_that_are_all_the_same_is_nothing() -> None:
    images = unit(3, 0)
    same = torch.ones(3, 3, dtype=torch.bool)
    assert float(contrast_loss(images, unit(3, 1), same, torch.tensor(9.0), (images, images))) == 0


def test_the_matching_agrees_with_the_formula() -> None:
    fitting, unfitting = torch.randn(3, 2), torch.randn(5, 2)
    pairs = [(row, 1) for row in fitting.tolist()] + [(row, 0) for row in unfitting.tolist()]
    expected = np.mean([math.log(sum(map(math.exp, row))) - row[fits] for row, fits in pairs])
    assert float(match_loss(fitting, unfitting)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_language_agrees_with_the_formula(smoothing: float) -> None:
    logits = torch.randn(2, 4, 6)
    tokens = torch.tensor([[1, 3, 2, IGNORED], [1, 5, IGNORED, IGNORED]])
    losses = []
    for row in range(2):
        for place in range(3):
            target = int(tokens[row, place + 1])
            if target == IGNORED:
                continue
            values = logits[row, place].tolist()
            total = math.log(sum(map(math.exp, values)))
            told = [total - value for value in values]
            losses.append((1 - smoothing) * told[target] + smoothing * sum(told) / len(told))
    expected = sum(losses) / len(losses)
    assert float(language_loss(logits, tokens, smoothing)) == pytest.approx(expected, rel=1e-5)


def test_hard_negatives_are_drawn_by_similarity_and_never_of_the_same() -> None:
    similarity = torch.tensor([[9.0, 2.0, 1.0], [0.0, 9.0, 9.0], [0.0, 0.0, 9.0]])
    same = torch.eye(3, dtype=torch.bool)
    same[1, 2] = same[2, 1] = same[2, 0] = True
    generator = torch.Generator().manual_seed(0)
    drawn = [draw_hard_negatives(similarity, same, generator).tolist() for _ in range(2000)]
    of_first = [row[0] for row in drawn]
    assert set(of_first) == {1, 2}
    assert of_first.count(1) / 2000 == pytest.approx(1 / (1 + math.exp(-1)), abs=0.03)
    assert {row[1] for row in drawn} == {0}
    assert {row[2] for row in drawn} == {-1}
