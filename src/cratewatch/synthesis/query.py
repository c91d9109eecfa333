"""One query: a cover, drawn in a scene and seen by a bad camera, with its label."""

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.composite import OccludedCover, draw_occluded
from cratewatch.synthesis.degradation import (
    Framing,
    encode_degraded,
    frame_picture,
    sample_degradation,
)
from cratewatch.synthesis.pixels import Rgb, stream
from cratewatch.synthesis.scene import SceneConfig, sample_scene

ENGINE = "composite"
CROP_MARGIN = 0.14
"""What a detector's box keeps around the sleeve, as a share of the box, before crop jitter."""


@dataclass(frozen=True)
class Query:
    """A query and its label.

    Attributes:
        jpeg: The picture.
        label: cover_id, seed, engine, severity, occluded_fraction, boxes (phrase and xyxy in
            pixels of the picture), size_px (width, height) and degradation.
    """

    jpeg: bytes
    label: dict[str, object]


def draw_query(
    cover: npt.NDArray[np.uint8], cover_id: str, seed: int, config: SceneConfig
) -> Query:
    """Draw one query; the same arguments give the same bytes.

    Args:
        cover: (H, W, 3) uint8 RGB of any size.
        cover_id: Goes into the label.
        seed: Not negative; everything random derives from it.
        config: What scenes look like.

    Raises:
        ValueError: if cover has another shape or type, or no pixels.
    """
    scene = sample_scene(seed, config)
    occluded = draw_occluded(cover, scene)
    rng = stream(seed, "camera")
    degradation = sample_degradation(rng, scene.severity)
    view, offset = _around_sleeve(occluded)
    jpeg = encode_degraded(view, degradation, rng)
    framing = frame_picture(view.shape[1], view.shape[0], degradation)
    label: dict[str, object] = {
        "cover_id": cover_id,
        "seed": seed,
        "engine": ENGINE,
        "severity": scene.severity,
        "occluded_fraction": occluded.occluded_fraction,
        "boxes": _boxes_on_picture(occluded, offset, framing),
        "size_px": framing.size_px,
        "degradation": asdict(degradation),
    }
    return Query(jpeg, label)


def _around_sleeve(occluded: OccludedCover) -> tuple[Rgb, tuple[int, int]]:
    """Return the canvas around the sleeve and the column and row where it starts."""
    x0, y0, x1, y1 = occluded.sleeve_xyxy
    margin_x, margin_y = CROP_MARGIN * (x1 - x0), CROP_MARGIN * (y1 - y0)
    height, width = occluded.image.shape[:2]
    left, top = max(0, round(x0 - margin_x)), max(0, round(y0 - margin_y))
    right, bottom = min(width, round(x1 + margin_x)), min(height, round(y1 + margin_y))
    return occluded.image[top:bottom, left:right], (left, top)


def _boxes_on_picture(
    occluded: OccludedCover, offset: tuple[int, int], framing: Framing
) -> list[dict[str, object]]:
    """Return the boxes of which the picture shows anything."""
    left, top = offset
    boxes: list[dict[str, object]] = []
    for box in occluded.boxes:
        x0, y0, x1, y1 = box.xyxy
        moved = framing.moved((x0 - left, y0 - top, x1 - left, y1 - top))
        if moved[2] - moved[0] >= 1.0 and moved[3] - moved[1] >= 1.0:
            boxes.append({"phrase": box.phrase, "xyxy": [round(value, 2) for value in moved]})
    return boxes
