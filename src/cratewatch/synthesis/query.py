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
from cratewatch.synthesis.masks import encode_mask, framed_mask
from cratewatch.synthesis.pixels import stream
from cratewatch.synthesis.scene import Scene, SceneConfig, sample_scene

ENGINE = "composite"
CROP_MARGIN = 0.14
"""What a detector's box keeps around the sleeve, as a share of the box, before crop jitter."""


@dataclass(frozen=True)
class Query:
    """A query and its label.

    Attributes:
        jpeg: The picture.
        label: cover_id, seed, attempt, engine, severity, occluded_fraction, boxes (phrase, xyxy in
            pixels of the picture, mask), size_px (width, height) and degradation.
    """

    jpeg: bytes
    label: dict[str, object]


@dataclass(frozen=True)
class Origin:
    """Where a query comes from, as its label says.

    Attributes:
        seed: The sample's.
        engine: Name of what drew the occluders.
        attempt: How often the sample had been drawn before and rejected.
    """

    cover_id: str
    seed: int
    engine: str
    attempt: int = 0


def draw_query(
    cover: npt.NDArray[np.uint8], cover_id: str, seed: int, config: SceneConfig
) -> Query:
    """Draw one query with the composite engine; the same arguments give the same bytes.

    Args:
        cover: (H, W, 3) uint8 RGB of any size.
        cover_id: Goes into the label.
        seed: Not negative; everything random derives from it.
        config: What scenes look like.

    Raises:
        ValueError: if cover has another shape or type, or no pixels.
    """
    scene = sample_scene(seed, config)
    return photograph(draw_occluded(cover, scene), scene, Origin(cover_id, seed, ENGINE))


def photograph(occluded: OccludedCover, scene: Scene, origin: Origin) -> Query:
    """Return what the scene's bad camera makes of a drawn scene, whichever engine drew it."""
    rng = stream(scene.seed, "camera")
    degradation = sample_degradation(rng, scene.severity)
    rows, columns = _around_sleeve(occluded)
    view = occluded.image[rows, columns]
    jpeg = encode_degraded(view, degradation, rng)
    framing = frame_picture(view.shape[1], view.shape[0], degradation)
    label: dict[str, object] = {
        **asdict(origin),
        "severity": scene.severity,
        "occluded_fraction": occluded.occluded_fraction,
        "boxes": _boxes_on_picture(occluded, (rows, columns), framing),
        "size_px": framing.size_px,
        "degradation": asdict(degradation),
    }
    return Query(jpeg, label)


def _around_sleeve(occluded: OccludedCover) -> tuple[slice, slice]:
    """Return rows and columns of the canvas around the sleeve."""
    x0, y0, x1, y1 = occluded.sleeve_xyxy
    margin_x, margin_y = CROP_MARGIN * (x1 - x0), CROP_MARGIN * (y1 - y0)
    height, width = occluded.image.shape[:2]
    left, top = max(0, round(x0 - margin_x)), max(0, round(y0 - margin_y))
    right, bottom = min(width, round(x1 + margin_x)), min(height, round(y1 + margin_y))
    return slice(top, bottom), slice(left, right)


def _boxes_on_picture(
    occluded: OccludedCover, view: tuple[slice, slice], framing: Framing
) -> list[dict[str, object]]:
    """Return the boxes of which the picture shows anything."""
    left, top = view[1].start, view[0].start
    boxes: list[dict[str, object]] = []
    for box, mask in zip(occluded.boxes, occluded.masks, strict=True):
        x0, y0, x1, y1 = box.xyxy
        moved = framing.moved((x0 - left, y0 - top, x1 - left, y1 - top))
        if moved[2] - moved[0] >= 1.0 and moved[3] - moved[1] >= 1.0:
            boxes.append(
                {
                    "phrase": box.phrase,
                    "xyxy": [round(value, 2) for value in moved],
                    "mask": encode_mask(framed_mask(mask[view], framing)),
                }
            )
    return boxes
