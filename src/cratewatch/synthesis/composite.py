"""The composite engine: a cover and a scene become a picture of a held sleeve."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.backgrounds import draw_background
from cratewatch.synthesis.hands import PaintedHand, paint_hand
from cratewatch.synthesis.lighting import Light, draw_glare, draw_wrap, shade_sleeve
from cratewatch.synthesis.pixels import Corners, Plane, Rgb, blend, blur, dim, scaled_to
from cratewatch.synthesis.scene import PhraseBox, Scene
from cratewatch.synthesis.sleeve import fit_cover, homography
from cratewatch.synthesis.stickers import draw_sticker

CANVAS_PX = 320
TEXTURE_PX = 256


@dataclass(frozen=True)
class OccludedCover:
    """A drawn scene.

    Attributes:
        image: (CANVAS_PX, CANVAS_PX, 3) uint8 RGB.
        sleeve: (CANVAS_PX, CANVAS_PX) bool, where the sleeve would be seen without occluders.
        mask: (CANVAS_PX, CANVAS_PX) bool, where an opaque occluder hides the sleeve.
        occluded_fraction: Share of the sleeve's pixels that are hidden.
        boxes: The scene's boxes; xyxy in pixels of the canvas.
        sleeve_xyxy: Bounding box of the sleeve, in pixels.
    """

    image: Rgb
    sleeve: npt.NDArray[np.bool_]
    mask: npt.NDArray[np.bool_]
    occluded_fraction: float
    boxes: tuple[PhraseBox, ...]
    sleeve_xyxy: tuple[float, float, float, float]


def draw_occluded(cover: Rgb, scene: Scene) -> OccludedCover:
    """Draw the cover on a sleeve in the scene.

    Args:
        cover: (H, W, 3) uint8 RGB of any size.
        scene: What to draw.

    Raises:
        ValueError: if cover has another shape or type, or no pixels.
    """
    corners = scene.corners_on(CANVAS_PX)
    texture, stuck = _draw_texture(cover, scene)
    sleeve = _coverage(corners)
    face = _project(texture, corners)
    hidden = _project(stuck, corners) if scene.stickers else np.zeros_like(sleeve)
    canvas = draw_background(scene.background, CANVAS_PX)
    hands = [
        painted
        for hand in scene.hands
        if (painted := paint_hand(hand, corners, CANVAS_PX, scene.light)) is not None
    ]
    for painted in hands:
        blend(canvas[painted.window], painted.colour, painted.whole)
    _cast_sleeve_shadow(canvas, sleeve, scene.light)
    blend(canvas, face, sleeve)
    for painted in hands:
        window = painted.window
        _cast_hand_shadow(canvas, painted, scene.light)
        blend(canvas[window], painted.colour, painted.front)
        np.maximum(hidden[window], painted.front, out=hidden[window])
    return _finish(canvas, sleeve > 0.5, hidden > 0.5, scene)


def _draw_texture(cover: Rgb, scene: Scene) -> tuple[Plane, Plane]:
    """Return the sleeve's face, flat, and where stickers hide it."""
    texture = fit_cover(cover, TEXTURE_PX).astype(np.float32) / np.float32(255.0)
    stuck = np.zeros((TEXTURE_PX, TEXTURE_PX), dtype=np.float32)
    for sticker in scene.stickers:
        draw_sticker(texture, stuck, sticker)
    shade_sleeve(texture, scene.light)
    if scene.wrap is not None:
        draw_wrap(texture, scene.wrap, scene.seed)
    for glare in scene.glares:
        draw_glare(texture, glare)
    return texture, stuck


def _project(flat: Plane, corners: Corners) -> Plane:
    """Lay the sleeve's face onto the canvas; beyond the outline its border goes on."""
    to_canvas = homography(corners) @ np.diag([1 / TEXTURE_PX, 1 / TEXTURE_PX, 1.0])
    # OpenCV counts from pixel centres, the corners from the canvas' border.
    half = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])
    to_canvas = np.linalg.inv(half) @ to_canvas @ half
    size = (CANVAS_PX, CANVAS_PX)
    laid = cv2.warpPerspective(flat, to_canvas, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(laid, dtype=np.float32)


def _coverage(corners: Corners) -> Plane:
    """Return how far each pixel lies within the outline; its edges fade over one pixel."""
    at = np.arange(CANVAS_PX, dtype=np.float32) + np.float32(0.5)
    coverage = np.ones((CANVAS_PX, CANVAS_PX), dtype=np.float32)
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
    reach = 0.03 * CANVAS_PX / 4
    small = scaled_to(sleeve, (CANVAS_PX // 4, CANVAS_PX // 4))
    shadow = blur(_shift(small, -x * reach, -y * reach), 0.02 * CANVAS_PX / 4)
    dim(canvas, np.float32(1.0) - np.float32(0.5) * scaled_to(shadow, sleeve.shape))


def _cast_hand_shadow(canvas: Plane, hand: PaintedHand, light: Light) -> None:
    """Darken the canvas around a hand: close to it, and a little further away from the light."""
    x, y, _ = light.direction()
    occluder = np.zeros((CANVAS_PX, CANVAS_PX), dtype=np.float32)
    occluder[hand.window] = hand.front
    half = scaled_to(occluder, (CANVAS_PX // 2, CANVAS_PX // 2))
    cm = hand.cm / 2
    far = blur(_shift(half, -x * 1.1 * cm, -y * 1.1 * cm), 0.55 * cm)
    gain = (np.float32(1.0) - np.float32(0.42) * far) * (
        np.float32(1.0) - np.float32(0.35) * blur(half, 0.28 * cm)
    )
    dim(canvas, scaled_to(gain, (CANVAS_PX, CANVAS_PX)))


def _finish(
    canvas: Plane,
    sleeve: npt.NDArray[np.bool_],
    hidden: npt.NDArray[np.bool_],
    scene: Scene,
) -> OccludedCover:
    mask = sleeve & hidden
    boxes = tuple(PhraseBox(box.phrase, _scaled(box.xyxy)) for box in scene.boxes)
    low, high = np.min(scene.corners, axis=0), np.max(scene.corners, axis=0)
    return OccludedCover(
        image=_to_bytes(canvas, scene.light),
        sleeve=sleeve,
        mask=mask,
        occluded_fraction=float(mask.sum() / max(int(sleeve.sum()), 1)),
        boxes=boxes,
        sleeve_xyxy=_scaled((float(low[0]), float(low[1]), float(high[0]), float(high[1]))),
    )


def _scaled(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = box
    return x0 * CANVAS_PX, y0 * CANVAS_PX, x1 * CANVAS_PX, y1 * CANVAS_PX


def _to_bytes(canvas: Plane, light: Light) -> Rgb:
    for channel, gain in enumerate(light.colour):
        canvas[..., channel] *= np.float32(gain)
    return np.asarray(cv2.convertScaleAbs(canvas, alpha=255.0), dtype=np.uint8)
