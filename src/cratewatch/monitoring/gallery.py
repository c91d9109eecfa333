"""How the gallery is: its collections, whether the serving one finds itself, and its lag."""

from __future__ import annotations

import time
from itertools import islice
from typing import Any

import numpy as np

from cratewatch.gallery.gallery import Gallery
from cratewatch.gallery.names import model_of
from cratewatch.gallery.rows import Consistency
from cratewatch.indexing.checking import CHECK_TOP, crowded

SAMPLE = 64


def gallery_health(gallery: Gallery) -> dict[str, Any]:
    """Return JSON-ready facts; nothing is written."""
    serving = gallery.alias.serving()
    if serving is not None:
        gallery.collections.load(serving)
    report: dict[str, Any] = {
        "server": gallery.milvus.version,
        "serving": serving,
        "serving_model": None if serving is None else model_of(serving),
        "collections": {name: _collection(gallery, name) for name in gallery.collections.all()},
    }
    if serving is not None:
        report["found_themselves"] = _found_themselves(gallery, serving)
        report["lag_s"] = _lag_s(gallery, serving)
    return report


def _collection(gallery: Gallery, name: str) -> dict[str, Any]:
    described = gallery.collections.describe(name)
    index = described.index
    return {
        "rows": gallery.rows.count(name) if gallery.collections.is_loaded(name) else None,
        "state": "building" if described.building else "ready",
        "index": index.choice.kind,
        "build": index.choice.build,
        "search": index.search,
        "recall_at_10": index.recall_at_10,
        "served_until": described.served_until,
    }


def _found_themselves(gallery: Gallery, collection: str) -> dict[str, int]:
    """Search some covers by their own embeddings, as readers do; count those that are found."""
    ids = list(islice(gallery.rows.cover_ids(collection), SAMPLE))
    rows = list(gallery.rows.read(collection, ids, embeddings=True))
    vectors = np.array([row.embedding for row in rows if row.embedding is not None], np.float32)
    found = gallery.search(vectors, CHECK_TOP) if len(vectors) else []
    right = sum(
        crowded(hits) or any(hit.cover_id == row.cover_id for hit in hits)
        for row, hits in zip(rows, found, strict=True)
    )
    return {"found": right, "of": len(rows)}


def _lag_s(gallery: Gallery, collection: str) -> float:
    """Return how much longer an answer takes that must hold all writes up to its asking."""
    took: dict[Consistency, float] = {}
    levels: tuple[Consistency, ...] = ("Eventually", "Strong")
    for consistency in levels:
        began = time.monotonic()
        gallery.rows.count(collection, consistency)
        took[consistency] = time.monotonic() - began
    return round(max(0.0, took["Strong"] - took["Eventually"]), 3)
