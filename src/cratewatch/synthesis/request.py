"""A scene becomes a request to paint: the cover in it without occluders, and masks for them."""

from dataclasses import replace

from cratewatch.synthesis.composite import CANVAS_PX, OccludedCover, draw_occluded, occluded_cover
from cratewatch.synthesis.masks import masks_to_paint
from cratewatch.synthesis.painting import PaintRequest
from cratewatch.synthesis.pixels import Rgb
from cratewatch.synthesis.scene import Scene


def to_request(
    cover: Rgb, scene: Scene, side_px: int = CANVAS_PX
) -> tuple[PaintRequest, OccludedCover]:
    """Return what a painting engine is asked for, and the picture to complete with its answer.

    Args:
        cover: (H, W, 3) uint8 RGB of any size.
        scene: What to paint; the request leaves out boxes of which nothing is to be seen.
        side_px: Side S of the canvas.

    Returns:
        The request, its image (S, S, 3), and the same picture with the masks of all boxes: what
        they cover of the sleeve counts as hidden.

    Raises:
        ValueError: if cover has another shape or type, or no pixels.
    """
    bare = draw_occluded(cover, replace(scene, hands=(), stickers=(), boxes=()), side_px)
    masks = masks_to_paint(scene, bare.sleeve)
    shown = [pair for pair in zip(scene.boxes, masks, strict=True) if pair[1].any()]
    request = PaintRequest(
        image=bare.image,
        boxes=tuple(box for box, _ in shown),
        masks=tuple(mask for _, mask in shown),
        seed=scene.seed,
    )
    return request, occluded_cover(bare.image, bare.sleeve, masks, scene)
