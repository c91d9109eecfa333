"""Names what a quad shows among the covers of a collection, with all that identify does."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from PIL import Image

from benchmarks.baselines import Covers
from benchmarks.identify_way import KeypointsInMemory, Memory
from cratewatch.embedding.loading import load_model
from cratewatch.errors import CratewatchError
from cratewatch.evaluation.finding.naming import Name
from cratewatch.evaluation.finding.quads import TURNS, Quad, is_convex, side_px
from cratewatch.images.reading import Pixels
from cratewatch.lake.lake import Lake
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.model_aids import load_background, load_calibration
from cratewatch.retrieval.searcher import Searcher

MARGIN = 0.05
"""What is shown beside each edge of a sleeve, as a share of its side: embedders are used to it."""
LEAST_UPRIGHT_PX, MOST_UPRIGHT_PX = 48, 400


class Names:
    """Names quads by the cover that one of their four turns is nearest to."""

    def __init__(self, covers: Covers, lake: Lake, model: str, *, quick: bool = False) -> None:
        """Embed all covers.

        Args:
            quick: Look once, by the embedding alone, and believe whatever is nearest.

        Raises:
            CratewatchError: if the model has no calibration.
        """
        embedder = load_model(lake, model)
        calibration = load_calibration(lake, model)
        if calibration is None:
            raise CratewatchError(f"model {model}: not calibrated; run `cratewatch calibrate`")
        self._calibration = calibration
        self._quick = quick
        self._gallery = covers.embedded(embedder.embed_covers)
        memory: Any = Memory(self._gallery, np.arange(len(self._gallery.artworks)))
        keypoints: Any = KeypointsInMemory(covers)
        background = load_background(lake, model)
        self._searcher = Searcher(embedder, memory, SearchConfig(), background, keypoints)

    def __call__(self, image: Pixels, quad: Quad) -> Name | None:
        if not is_convex(quad) or side_px(quad) < 1:
            return None
        turned = [np.roll(quad, n, axis=0) for n in range(TURNS)]
        crops = [upright(image, one, MARGIN) for one in turned]
        scores = self._searcher.embedder.embed_queries(crops) @ self._gallery.vectors.T
        if self._quick:
            return Name(self._gallery.artworks[int(scores.max(axis=0).argmax())])
        hit = self._searcher.search([crops[int(scores.max(axis=1).argmax())]], 1)[0][0]
        return Name(hit.artwork_id, self._calibration.knows(hit.score))


def upright(image: Pixels, quad: Quad, margin: float) -> Image.Image:
    """Return a quad flattened, its first corner top left, with a margin of its surroundings."""
    side = float(np.clip(side_px(quad), LEAST_UPRIGHT_PX, MOST_UPRIGHT_PX))
    edge = margin * side
    whole = round(side + 2 * edge)
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32) * np.float32(side)
    # Corners lie where pixels end, and OpenCV counts by their middles.
    to_square = cv2.getPerspectiveTransform(
        (quad - 0.5).astype(np.float32), square + np.float32(edge - 0.5)
    )
    flat = cv2.warpPerspective(
        image, to_square, (whole, whole), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return Image.fromarray(np.asarray(flat))
