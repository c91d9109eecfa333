"""The composite engine: a cover and a scene become a picture of a held sleeve."""

from dataclasses import dataclass

import cv2
import numpy as np

from cratewatch.synthesis.backgrounds import draw_background
from cratewatch.synthesis.hands import PaintedHand, paint_hand
from cratewatch.synthesis.lighting import Light, draw_glare, draw_wrap, shade_sleeve
from cratewatch.synthesis.masks import occluder_masks
from cratewatch.synthesis.painting import Mask
from cratewatch.synthesis.pixels import Corners, Plane, Rgb, blend, blur, dim, scaled_to
from cratewatch.synthesis.scene import PhraseBox, Scene
from cratewatch.synthesis.sleeve import face_side_px, fit_cover, lay_flat
from cratewatch.synthesis.stickers import draw_sticker

CANVAS_PX = 320


@dataclass(frozen=True)
class OccludedCover:
    """A drawn scene.

    Attributes:
        image: (S, S, 3) uint8 RGB.
        sleeve: (S, S) bool, where the sleeve would be seen without occluders.
        mask: (S, S) bool, where an opaque occluder hides the sleeve.
        occluded_fraction: Share of the sleeve's pixels that are hidden.
        boxes: The scene's boxes; xyxy in pixels of the canvas.
        masks: (S, S) bool for each box: what the picture shows of its occluder.
        sleeve_xyxy: Bounding box of the sleeve, in pixels.
    """

    image: Rgb
    sleeve: Mask
    mask: Mask
    occluded_fraction: float
    boxes: tuple[PhraseBox, ...]
    masks: tuple[Mask, ...]
    sleeve_xyxy: tuple[float, float, float, float]


def draw_occluded(cover: Rgb, scene: Scene, side_px: int = CANVAS_PX) -> OccludedCover:
    """Draw the cover on a sleeve in the scene.

    Args:
        cover: (H, W, 3) uint8 RGB of any size.
        scene: What to draw.
        side_px: Side S of the canvas.

    Raises:
        ValueError: if cover has another shape or type, or no pixels.
    """
    corners = scene.corners_on(side_px)
    texture, stuck = _draw_texture(cover, scene, face_side_px(side_px))
    sleeve = _coverage(corners, side_px)
    face = lay_flat(texture, corners, side_px)
    stickers = [lay_flat(flat, corners, side_px) for flat in stuck]
    canvas = draw_background(scene.background, side_px)
    hands = [paint_hand(hand, corners, side_px, scene.light) for hand in scene.hands]
    seen = [hand for hand in hands if hand is not None]
    for painted in seen:
        blend(canvas[painted.window], painted.colour, painted.whole)
    _cast_sleeve_shadow(canvas, sleeve, scene.light)
    blend(canvas, face, sleeve)
    for painted in seen:
        _cast_hand_shadow(canvas, painted, scene.light)
        blend(canvas[painted.window], painted.colour, painted.front)
    outline = sleeve > 0.5
    masks = occluder_masks(scene, hands, stickers, outline)
    return occluded_cover(_to_bytes(canvas, scene.light), outline, masks, scene)


def _draw_texture(cover: Rgb, scene: Scene, side_px: int) -> tuple[Plane, list[Plane]]:
    """Return the sleeve's face, flat, and the coverage of each sticker on it."""
    texture = fit_cover(cover, side_px).astype(np.float32) / np.float32(255.0)
    stuck = [np.zeros((side_px, side_px), dtype=np.float32) for _ in scene.stickers]
    for sticker, coverage in zip(scene.stickers, stuck, strict=True):
        draw_sticker(texture, coverage, sticker)
    shade_sleeve(texture, scene.light)
    if scene.wrap is not None:
        draw_wrap(texture, scene.wrap, scene.seed)
    for glare in scene.glares:
        draw_glare(texture, glare)
    return texture, stuck


def _coverage(corners: Corners, side_px: int) -> Plane:
    """Return how far each pixel lies within the outline; its edges fade over one pixel."""
    at = np.arange(side_px, dtype=np.float32) + np.float32(0.5)
    coverage = np.ones((side_px, side_px), dtype=np.float32)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = ((end - start) / np.linalg.norm(end - start)).astype(np.float32)
        down = along[0] * (at - np.float32(start[1])) + np.float32(0.5)
        across = along[1] * (at - np.float32(start[0]))
        np.minimum(coverage, down[:, None] - across[None, :], out=coverage)
    return np.maximum(coverage, np.float32(0.0), out=coverage)


def _shift(plane: Plane, right: float, down: float) -> Plane:
    move = np.array([[1.0, 0.0, right], [0.0, 1.0, down]])
    return np.asarray(cv2.warpAffine(plane, move, plane.shape[::-1]), dtype=np.float32)


def _cast_sleeve_shadow(canvas: Plane, sleeve: Plane, light: Light) -> None:
    x, y, _ = light.direction()
    quarter = sleeve.shape[0] // 4
    reach = 0.03 * quarter
    small = scaled_to(sleeve, (quarter, quarter))
    shadow = blur(_shift(small, -x * reach, -y * reach), 0.02 * quarter)
    dim(canvas, np.float32(1.0) - np.float32(0.5) * scaled_to(shadow, sleeve.shape))


def _cast_hand_shadow(canvas: Plane, hand: PaintedHand, light: Light) -> None:
    """Darken the canvas around a hand: close to it, and a little further away from the light."""
    x, y, _ = light.direction()
    side = canvas.shape[0]
    occluder = np.zeros((side, side), dtype=np.float32)
    occluder[hand.window] = hand.front
    half = scaled_to(occluder, (side // 2, side // 2))
    cm = hand.cm / 2
    far = blur(_shift(half, -x * 1.1 * cm, -y * 1.1 * cm), 0.55 * cm)
    gain = (np.float32(1.0) - np.float32(0.42) * far) * (
        np.float32(1.0) - np.float32(0.35) * blur(half, 0.28 * cm)
    )
    dim(canvas, scaled_to(gain, (side, side)))


def occluded_cover(
    image: Rgb, sleeve: Mask, masks: tuple[Mask, ...], scene: Scene
) -> OccludedCover:
    """Return a drawn scene in whose picture the occluders lie at these masks, one for each box."""
    side = sleeve.shape[0]
    hidden = sleeve & np.logical_or.reduce([np.zeros_like(sleeve), *masks])
    low, high = np.min(scene.corners, axis=0), np.max(scene.corners, axis=0)
    outline = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    return OccludedCover(
        image=image,
        sleeve=sleeve,
        mask=hidden,
        occluded_fraction=float(hidden.sum() / max(int(sleeve.sum()), 1)),
        boxes=tuple(PhraseBox(box.phrase, _scaled(box.xyxy, side)) for box in scene.boxes),
        masks=masks,
        sleeve_xyxy=_scaled(outline, side),
    )


def _scaled(
    box: tuple[float, float, float, float], side_px: int
) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = box
    return x0 * side_px, y0 * side_px, x1 * side_px, y1 * side_px


def _to_bytes(canvas: Plane, light: Light) -> Rgb:
    for channel, gain in enumerate(light.colour):
        canvas[..., channel] *= np.float32(gain)
    return np.asarray(cv2.convertScaleAbs(canvas, alpha=255.0), dtype=np.uint8)
