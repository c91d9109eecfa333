"""The composite engine: a cover and a scene become a picture of a held sleeve."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.backgrounds import draw_background
from cratewatch.synthesis.hands import PaintedHand, paint_hand
from cratewatch.synthesis.lighting import Light, draw_glare, draw_wrap, shade_sleeve
from cratewatch.synthesis.pixels import Corners, Plane, Rgb, blend, blur
from cratewatch.synthesis.scene import PhraseBox, Scene
from cratewatch.synthesis.sleeve import fit_cover, homography
from cratewatch.synthesis.stickers import draw_sticker

CANVAS_PX = 352
TEXTURE_PX = 288


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
    texture, stuck = _draw_texture(cover, scene)
    corners = scene.corners_on(CANVAS_PX)
    face, sleeve, stuck = _project(texture, stuck, corners)
    canvas = draw_background(scene.background, CANVAS_PX)
    hands = [
        painted
        for hand in scene.hands
        if (painted := paint_hand(hand, corners, CANVAS_PX, scene.light)) is not None
    ]
    for painted in hands:
        window = painted.window
        blend(canvas[window], painted.colour, painted.whole)
    _cast_sleeve_shadow(canvas, sleeve, scene.light)
    canvas *= (1.0 - sleeve)[..., None]
    canvas += face
    hidden = stuck
    for painted in hands:
        window = painted.window
        _cast_hand_shadow(canvas[window], painted, scene.light)
        blend(canvas[window], painted.colour, painted.front)
        np.maximum(hidden[window], painted.front, out=hidden[window])
    canvas *= np.asarray(scene.light.colour, dtype=np.float32)
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


def _project(texture: Plane, stuck: Plane, corners: Corners) -> tuple[Plane, Plane, Plane]:
    """Return the face (premultiplied), its coverage and the stickers' coverage on the canvas."""
    solid = np.ones_like(stuck)
    # A transparent frame lets bilinear sampling fade the outline over one pixel.
    framed = np.pad(np.dstack([texture, solid]), ((1, 1), (1, 1), (0, 0)))
    to_canvas = homography(corners) @ np.diag([1 / TEXTURE_PX, 1 / TEXTURE_PX, 1.0])
    to_canvas = to_canvas @ np.array([[1.0, 0, -1], [0, 1, -1], [0, 0, 1]])
    size = (CANVAS_PX, CANVAS_PX)
    face = np.asarray(cv2.warpPerspective(framed, to_canvas, size), dtype=np.float32)
    patches = np.asarray(cv2.warpPerspective(np.pad(stuck, 1), to_canvas, size), dtype=np.float32)
    return np.ascontiguousarray(face[..., :3]), np.ascontiguousarray(face[..., 3]), patches


def _shift(plane: Plane, right: float, down: float) -> Plane:
    move = np.array([[1.0, 0.0, right], [0.0, 1.0, down]])
    return np.asarray(cv2.warpAffine(plane, move, plane.shape[::-1]), dtype=np.float32)


def _cast_sleeve_shadow(canvas: Plane, sleeve: Plane, light: Light) -> None:
    x, y, _ = light.direction()
    reach = 0.03 * CANVAS_PX
    shadow = blur(_shift(sleeve, -x * reach, -y * reach), 0.02 * CANVAS_PX)
    canvas *= (1.0 - 0.5 * shadow)[..., None]


def _cast_hand_shadow(under: Plane, hand: PaintedHand, light: Light) -> None:
    x, y, _ = light.direction()
    far = blur(_shift(hand.front, -x * 1.1 * hand.cm, -y * 1.1 * hand.cm), 0.55 * hand.cm)
    near = blur(hand.front, 0.28 * hand.cm)
    under *= ((1.0 - 0.42 * far) * (1.0 - 0.35 * near))[..., None]


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
        image=np.rint(np.clip(canvas, 0.0, 1.0) * 255.0).astype(np.uint8),
        sleeve=sleeve,
        mask=mask,
        occluded_fraction=float(mask.sum() / max(int(sleeve.sum()), 1)),
        boxes=boxes,
        sleeve_xyxy=_scaled((float(low[0]), float(low[1]), float(high[0]), float(high[1]))),
    )


def _scaled(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = box
    return x0 * CANVAS_PX, y0 * CANVAS_PX, x1 * CANVAS_PX, y1 * CANVAS_PX
