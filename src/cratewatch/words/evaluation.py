"""How well texts find pictures: similarity, the best of them matched, recall and its ceiling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from cratewatch.chunks import chunks
from cratewatch.words.net import Read
from cratewatch.words.pairs import PairSet
from cratewatch.words.train_config import WordsConfig

KS = (1, 5, 10)
BATCH = 64
RERANKED = 32
"""Of the most similar pictures, how many are matched, as a search does."""
Scores = npt.NDArray[np.float32]
Recalls = dict[int, float]


@dataclass(frozen=True)
class Measured:
    """What an evaluation found.

    Attributes:
        strict: Recall@k of the very picture that a caption was made of.
        recall: Recall@k of any picture of that person.
        ceiling: What strict recall cannot exceed, since captions are true of several pictures.
        chance: What a guess reaches, strictly.
    """

    strict: Recalls
    recall: Recalls
    ceiling: Recalls
    chance: Recalls

    @property
    def mean(self) -> float:
        """Of strict recall over KS, as published."""
        return float(np.mean(list(self.strict.values())))


def judge(
    scores: Scores, persons: npt.NDArray[np.int64], captions: npt.NDArray[np.int64]
) -> Measured:
    """Return recalls of a square of scores.

    Args:
        scores: (N, N): of caption i for picture j, higher fits better; equal scores count as a
            draw by lot.
        persons: (N,) of pictures, which are those of the captions.
        captions: (N,), equal for captions that tell the same.
    """
    n = len(scores)
    strict, recall, ceiling = (dict.fromkeys(KS, 0.0) for _ in range(3))
    for i, row in enumerate(scores):
        worse = _chances(row, np.array([i]))
        own = _chances(row, np.flatnonzero(persons == persons[i]))
        alike = int((captions == captions[i]).sum())
        for k in KS:
            strict[k] += worse(k) / n
            recall[k] += own(k) / n
            ceiling[k] += min(1.0, k / alike) / n
    return Measured(strict, recall, ceiling, {k: min(1.0, k / n) for k in KS})


def _chances(row: Scores, wanted: npt.NDArray[np.int64]) -> Any:
    """Return what tells, for a k, how likely one of the wanted pictures is among the best k."""
    best = row[wanted].max()
    above = int((row > best).sum())
    level = int((row == best).sum())
    hits = int((row[wanted] == best).sum())

    def chance(k: int) -> float:
        places = min(k - above, level)
        if places <= 0:
            return 0.0
        missed = 1.0
        for place in range(min(places, level)):
            missed *= max(0, level - hits - place) / (level - place)
        return 1.0 - missed

    return chance


@torch.inference_mode()
def measure(net: Any, data: PairSet, config: WordsConfig, reranked: int = 0) -> Measured:
    """Let captions that tell all look for the pictures that they were made of.

    Args:
        net: A WordsNet, in evaluation mode.
        reranked: How many of the most similar pictures are matched; 0 for similarity alone.
    """
    device = next(iter(net.state_dict().values())).device
    tokens, images, texts, spelled = [], [], [], []
    batches = [data.whole(rows, config) for rows in chunks(range(len(data)), BATCH)]
    for batch in batches:
        seen = net.see(torch.from_numpy(batch.pictures).to(device))
        said = net.read(net.spell(batch.texts).to(device))
        images.append(net.image_vectors(seen).float())
        texts.append(net.text_vectors(said).float())
        if reranked:
            tokens.append(seen)
            spelled += [said[torch.tensor([n])] for n in range(len(batch.texts))]
    scores = (torch.cat(texts) @ torch.cat(images).T).cpu().numpy()
    if reranked:
        scores = rerank(net, scores, torch.cat(tokens), spelled, reranked)
    persons = np.concatenate([batch.persons for batch in batches])
    return judge(scores, persons, np.concatenate([batch.captions for batch in batches]))


def rerank(
    net: Any, scores: Scores, tokens: torch.Tensor, texts: Sequence[Read], most: int
) -> Scores:
    """Return scores in which the best of each row are matched: logit plus cosine, above the rest.

    Args:
        scores: (Q, N) cosines.
        tokens: (N, T, E) of the pictures.
        texts: Of each row.
    """
    final = scores.copy()
    for row, text in enumerate(texts):
        best = np.argsort(-scores[row], kind="stable")[:most]
        of_best = tokens[torch.from_numpy(best).to(tokens.device)]
        again = text[torch.zeros(len(best), dtype=torch.long, device=tokens.device)]
        fits = net.match(of_best, again)[:, 1].float().cpu().numpy() + scores[row, best]
        final[row, best] = fits - fits.min() + scores[row].max() + 1.0
    return final


def bleu(said: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Return the corpus BLEU, 0 to 100, of captions against one or more references each."""
    import sacrebleu

    most = max((len(of_one) for of_one in references), default=0)
    streams = [
        [of_one[n] if n < len(of_one) else of_one[0] for of_one in references] for n in range(most)
    ]
    return float(sacrebleu.corpus_bleu(list(said), streams).score)
