"""Recognises a query that is a copy of a cover: the same picture in colour, saved anew or scaled.

A model that sees grey cannot tell a red sleeve from a blue one, and of plain ones it knows nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from cratewatch.catalog.artworks import SAME_ARTWORK_BITS
from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.looks import Looks, copy_distance, look_of
from cratewatch.catalog.records import Cover
from cratewatch.gallery.gallery import Hit
from cratewatch.images.covers import prepare_cover
from cratewatch.images.perceptual_hash import NOTHING_TO_SEE, perceptual_hash
from cratewatch.lake.lake import Lake

LOOKED_AT = 30
"""Best hits of a query whose hashes are compared with its own."""
MOST_PLAIN = 1000
"""Plain covers that a plain query is compared with; about 1 % of all covers are plain."""


@dataclass(frozen=True)
class Found:
    """The hits of a query, copies first, and which covers it is a copy of."""

    hits: list[Hit]
    copies: frozenset[str] = frozenset()


class Copies:
    """Compares queries with the covers of a catalog, pixel by pixel."""

    def __init__(self, catalog: Catalog, lake: Lake) -> None:
        self._catalog = catalog
        self._looks = Looks(lake)

    def put_first(self, image: Image.Image, data: bytes, hits: Sequence[Hit]) -> Found:
        """Put covers that the query is a copy of before the others, the nearest first.

        Args:
            image: The query.
            data: Its file: of covers that look the same the one with its bytes is the nearest.
            hits: The best first.
        """
        look = look_of(image)
        distances = {}
        for cover in self._candidates(perceptual_hash(image), hits):
            other = self._looks.of(cover.cover_id)
            distance = None if other is None else copy_distance(look, other)
            if distance is not None:
                distances[cover.cover_id] = distance, cover
        if not distances:
            return Found(list(hits))
        if len(distances) > 1:  # decoding the file once more is worth it for these only
            exact = prepare_cover(data).cover_id
            order = sorted(distances, key=lambda key: (key != exact, distances[key][0]))
        else:
            order = list(distances)
        return _promoted([distances[key][1] for key in order], hits)

    def _candidates(self, phash: str, hits: Sequence[Hit]) -> list[Cover]:
        """Return covers that the hash of a query does not rule out."""
        best = [hit.cover_id for hit in hits[:LOOKED_AT]]
        covers = self._catalog.covers.by_id(best)
        if phash == NOTHING_TO_SEE:
            return list((covers | self._catalog.covers.plain(MOST_PLAIN)).values())
        return [cover for cover in covers.values() if _may_be(phash, cover.phash)]


def _may_be(one: str, other: str) -> bool:
    if other == NOTHING_TO_SEE:
        return True
    bits = np.frombuffer(bytes.fromhex(one), np.uint8) ^ np.frombuffer(
        bytes.fromhex(other), np.uint8
    )
    return int(np.bitwise_count(bits).sum()) <= SAME_ARTWORK_BITS


def _promoted(copies: Sequence[Cover], hits: Sequence[Hit]) -> Found:
    """Put copies first, each artwork once, with no less than the best score."""
    scores = {hit.cover_id: hit.score for hit in hits}
    best = max(scores.values(), default=1.0)
    first = {
        cover.artwork_id: Hit(
            cover.cover_id, cover.artwork_id, max(best, scores.get(cover.cover_id, best))
        )
        for cover in reversed(copies)
    }
    ordered = [first.pop(cover.artwork_id) for cover in copies if cover.artwork_id in first]
    taken = {hit.artwork_id for hit in ordered}
    rest = [hit for hit in hits if hit.artwork_id not in taken]
    return Found(ordered + rest, frozenset(cover.cover_id for cover in copies))
