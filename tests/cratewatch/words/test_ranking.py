"""Two stages against a slow and obvious one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from cratewatch.words.ranking import RERANKED, Candidate, Cut, rank
from cratewatch.words.text_image import EmbeddedPictures
from cratewatch.words.tokens import TokenCache


class Matching:
    """Whose logits are told by the tokens themselves."""

    name, dim, can_match, can_caption = "told_1", 2, True, False

    def __init__(self) -> None:
        self.looked: list[int] = []

    def embed_images(self, pictures: Sequence[Any], *, keeps_tokens: bool = False) -> Any:
        assert keeps_tokens
        self.looked.append(len(pictures))
        tokens = np.array([one.mean() for one in pictures], np.float32).reshape(-1, 1, 1)
        return EmbeddedPictures(np.ones((len(pictures), 2), np.float32), tokens)

    def embed_texts(self, texts: Sequence[str]) -> Any:
        return np.ones((len(texts), 2), np.float32)

    def scores(self, text: str, cosines: Any) -> Any:
        del text
        return cosines

    def match(self, text: str, image_tokens: Any) -> Any:
        del text
        return image_tokens[:, 0, 0]

    def caption(self, pictures: Sequence[Any], image_tokens: Any = None) -> list[str]:
        raise ValueError(len(pictures), image_tokens)


def candidates(count: int, seed: int) -> tuple[list[Candidate[int]], np.ndarray]:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=count).astype(np.float32)
    cosines = rng.uniform(-0.2, 0.9, count).round(3)
    people = rng.integers(max(1, count // 3), size=count)
    return [Candidate(str(n), int(people[n]), float(cosines[n]), n) for n in range(count)], logits


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("cut", [Cut(0.35, 5), Cut(-1, 10_000), Cut(0.0, 40), Cut(0.95, 5)])
def test_the_same_as_the_obvious_way(seed: int, cut: Cut) -> None:
    rows, logits = candidates(200, seed)
    best: dict[Any, Candidate[int]] = {}
    for one in rows:
        if one.person not in best or best[one.person].cosine < one.cosine:
            best[one.person] = one
    order = sorted(best.values(), key=lambda one: -one.cosine)
    order = [one for one in order if one.cosine >= cut.least]
    head = sorted(order[:RERANKED], key=lambda one: -(logits[one.row] + one.cosine))
    wanted = [one.row for one in head + order[RERANKED:]][: cut.top]

    ranked = rank(
        Matching(), "x", rows, lambda keys: logits[list(map(int, keys))][:, None, None], cut
    )
    assert [one.row for one in ranked] == wanted
    for found in ranked[:RERANKED]:
        assert found.score == pytest.approx(logits[found.row] + rows[found.row].cosine)


def test_nobody_and_nobody_who_fits() -> None:
    def refuse(keys: Sequence[str]) -> np.ndarray:
        raise AssertionError(keys)

    assert rank(Matching(), "x", [], refuse, Cut()) == []
    assert rank(Matching(), "x", candidates(9, 0)[0], refuse, Cut(least=1.0)) == []


def test_tokens_are_kept_and_the_oldest_go() -> None:
    model = Matching()
    pictures = {str(n): np.full((4, 4, 3), n, np.uint8) for n in range(6)}
    cache = TokenCache(model, most_bytes=4 * 4)
    read = lambda keys: [pictures[key] for key in keys]  # noqa: E731
    assert cache.of(["1", "2", "1"], read)[:, 0, 0].tolist() == [1, 2, 1]
    assert cache.of(["2", "3"], read)[:, 0, 0].tolist() == [2, 3]
    assert model.looked == [2, 1]
    cache.of(["4", "5"], read)
    assert cache.of(["1"], read)[:, 0, 0].tolist() == [1]
    assert model.looked == [2, 1, 2, 1], "1 was used longest ago"
