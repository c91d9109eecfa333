"""Another scan of a sleeve as a query: what a model makes of a picture that nobody degraded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from cratewatch.catalog.records import Cover
from cratewatch.embedding.embedder import Embedder
from cratewatch.evaluation.held_out import Pictures
from cratewatch.evaluation.protocol.answers import Search, answer, summarise
from cratewatch.evaluation.protocol.galleries import Outcome
from cratewatch.evaluation.protocol.vectors import ArtworkVectors, by_cosine, embed_all


def ask_scans(
    covers: Sequence[Cover], unseen: Pictures, embedder: Embedder, gallery: ArtworkVectors
) -> Outcome | None:
    """Search the last scan of each unseen artwork with several among all covers but these.

    Args:
        covers: Of the whole catalog, in the gallery's order.

    Returns:
        None if no unseen artwork has several covers.
    """
    artworks = set(unseen.artworks)
    scans = [scan for scan in last_scans(covers) if scan.artwork_id in artworks]
    if not scans:
        return None
    pictures = unseen.of(scans)
    images = (Image.fromarray(picture) for _, picture in pictures)
    vectors = embed_all(images, embedder.embed_queries)
    taken_out = {scan.cover_id for scan in scans}
    rest = np.array([n for n, cover in enumerate(covers) if cover.cover_id not in taken_out])
    found = answer(
        Search(np.arange(len(scans)), rest),
        [scan.artwork_id for scan in scans],
        gallery.artworks,
        by_cosine(vectors, gallery),
    )
    chance = 1 / len(set(gallery.artworks))
    return Outcome(
        "everything", len(scans), len(rest), 1, summarise(found), chance, min(1.0, 5 * chance)
    )


def last_scans(covers: Sequence[Cover]) -> list[Cover]:
    """Return the last cover of each artwork that has several."""
    first: dict[str, Cover] = {}
    last: dict[str, Cover] = {}
    for cover in covers:
        if first.setdefault(cover.artwork_id, cover) is not cover:
            last[cover.artwork_id] = cover
    return list(last.values())
