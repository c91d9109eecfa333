"""Whether a collection may serve: its count, covers that find themselves, recall@10."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cratewatch.embedding.arrays import Embeddings
from cratewatch.embedding.shards import EmbeddingShard
from cratewatch.errors import CheckError
from cratewatch.gallery.gallery import Gallery, Hit
from cratewatch.gallery.indexes import IndexChoice, TunedIndex, efforts

SAMPLE = 128
K = 10
SPARE = 10  # kept beyond K, so that covers drawn alike may take each other's places
TIE = 1e-5
CHECK_SCORE = 0.999
CHECK_TOP = 5  # covers drawn alike may tie with each other
NEAREST, FARTHEST = 0.95, 0.5
WARM_ROUNDS = 2
EXACT_SCORES = ("FLAT", "HNSW", "IVF_FLAT")
"""Kinds of index whose scores are those of the embeddings; the others round them."""

Ids = npt.NDArray[np.object_]
Scores = npt.NDArray[np.float32]


@dataclass
class Probe:
    """Covers to find again, queries, and what an exact search answers to these.

    The queries stand for crops of cameras: each is a cover's embedding, turned away from it by an
    angle whose cosine lies between FARTHEST and NEAREST, in a random direction.

    Attributes:
        covers: Embeddings, each (dim,).
        queries: (Q, dim), of unit length.
    """

    covers: dict[str, Embeddings]
    queries: Embeddings
    _ids: Ids = field(init=False)
    _scores: Scores = field(init=False)

    def __post_init__(self) -> None:
        self._ids = np.zeros((len(self.queries), 0), object)
        self._scores = np.zeros((len(self.queries), 0), np.float32)

    @classmethod
    def draw(cls, shards: Sequence[EmbeddingShard], seed: int = 0) -> Probe:
        """Draw about SAMPLE covers, equally many of each shard."""
        rng = np.random.default_rng(seed)
        covers: dict[str, Embeddings] = {}
        for shard in shards:
            each = min(-(-SAMPLE // len(shards)), len(shard.cover_ids))
            for row in rng.choice(len(shard.cover_ids), each, replace=False):
                covers[shard.cover_ids[row]] = shard.embeddings[row]
        return cls(covers, _turned(np.stack(list(covers.values())), rng))

    def compare(self, shard: EmbeddingShard) -> None:
        """Have the exact search look at covers; one that it saw before is replaced."""
        if not shard.cover_ids:
            return
        self._forget(set(shard.cover_ids))
        new_scores = self.queries @ shard.embeddings.T
        best = np.argsort(-new_scores, axis=1, kind="stable")[:, : K + SPARE]
        ids = np.array(shard.cover_ids, object)[best]
        scores = np.take_along_axis(new_scores, best, axis=1)
        all_ids = np.concatenate([self._ids, ids], axis=1)
        all_scores = np.concatenate([self._scores, scores], axis=1)
        order = np.argsort(-all_scores, axis=1, kind="stable")[:, : K + SPARE]
        self._ids = np.take_along_axis(all_ids, order, axis=1)
        self._scores = np.take_along_axis(all_scores, order, axis=1)

    def _forget(self, cover_ids: set[str]) -> None:
        again = np.array([[cover in cover_ids for cover in row] for row in self._ids], bool)
        self._scores[again.reshape(self._ids.shape)] = -np.inf

    def recall(self, found: Sequence[Sequence[Hit]]) -> float:
        """Return the share of the exact search's first ten that a search found, ties included."""
        right = wanted = 0
        for ids, scores, hits in zip(self._ids, self._scores, found, strict=True):
            n = min(K, int(np.isfinite(scores).sum()))
            accepted = set(ids[scores >= scores[n - 1] - TIE])
            right += min(n, sum(hit.cover_id in accepted for hit in hits[:n]))
            wanted += n
        return right / wanted


def _turned(covers: Embeddings, rng: np.random.Generator) -> Embeddings:
    """Return embeddings at random angles from given ones; see Probe."""
    cosines = rng.uniform(FARTHEST, NEAREST, (len(covers), 1))
    aside = rng.normal(size=covers.shape)
    aside -= covers * np.sum(aside * covers, axis=1, keepdims=True)
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    turned: Embeddings = (cosines * covers + np.sqrt(1 - cosines**2) * aside).astype(np.float32)
    return turned


def check_collection(
    gallery: Gallery,
    collection: str,
    expected: int,
    sample: Mapping[str, Embeddings],
) -> None:
    """Compare the row count with the expected one and find sample covers by themselves.

    Args:
        sample: Embeddings, each (dim,), of covers that were just upserted.

    Raises:
        CheckError: if rows are missing or too many, if there are none at all, or if a cover is
            not found by its own embedding with a score of about 1.
    """
    rows = gallery.rows.count(collection)
    if rows != expected:
        raise CheckError(
            f"gallery: {rows} covers in the collection of {collection}, the catalog records "
            f"{expected}; run `cratewatch index --verify --repair`"
        )
    if rows == 0:
        raise CheckError(
            f"gallery: the collection of {collection} is empty; import or refresh covers first"
        )
    if not sample:
        return
    found = gallery.search(np.stack(list(sample.values())), CHECK_TOP, collection=collection)
    exact = gallery.collections.describe(collection).index.choice.kind in EXACT_SCORES
    least = CHECK_SCORE if exact else -1.0
    lost = {
        cover_id: hits
        for cover_id, hits in zip(sample, found, strict=True)
        if not any(hit.cover_id == cover_id and hit.score >= least for hit in hits)
    }
    hidden = [cover_id for cover_id, hits in lost.items() if crowded(hits)]
    for row in gallery.rows.read(collection, hidden, embeddings=True):
        if row.embedding is not None and row.embedding @ sample[row.cover_id] >= CHECK_SCORE:
            del lost[row.cover_id]
    if lost:
        raise CheckError(
            f"gallery: {len(lost)} of {len(sample)} covers just indexed for {collection} are not "
            f"found by their own embedding, first {next(iter(lost))}; run `cratewatch index "
            "--rebuild`"
        )


def crowded(hits: Sequence[Hit]) -> bool:
    """Whether so many covers are drawn alike, as blank ones are, that one more may be left out."""
    return len(hits) == CHECK_TOP and all(hit.score >= CHECK_SCORE for hit in hits)


def tune(
    gallery: Gallery, collection: str, choice: IndexChoice, sample: Probe, wanted: float
) -> TunedIndex:
    """Return the least effort by which searches reach a recall@10 on the sample's queries.

    Raises:
        CheckError: if none does.
    """
    best = 0.0
    for effort in efforts(choice):
        found = gallery.search(sample.queries, K, collection=collection, effort=effort)
        best = max(best, recall := sample.recall(found))
        if recall >= wanted:
            return TunedIndex(choice, effort, round(recall, 4))
    raise CheckError(
        f"gallery: searches in {collection} reach a recall@10 of {best:.3f} at most with "
        f"{choice.kind}, wanted are {wanted}; choose another gallery_index, or a lower "
        "gallery_recall"
    )


def warm(gallery: Gallery, collection: str, sample: Probe) -> None:
    """Replay the sample's queries one by one, as readers will ask, so that none waits for disk."""
    for _ in range(WARM_ROUNDS):
        for query in sample.queries:
            gallery.search(query[None], K, collection=collection, consistency="Bounded")
