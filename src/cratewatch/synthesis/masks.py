"""Masks of occluders: where on the canvas the picture shows, or is to show, each of them."""

from collections.abc import Sequence
from typing import TypedDict

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.degradation import Framing
from cratewatch.synthesis.hands import HandShape, outline_hand
from cratewatch.synthesis.painting import Mask
from cratewatch.synthesis.pixels import Plane
from cratewatch.synthesis.scene import Scene
from cratewatch.synthesis.sleeve import face_side_px, lay_flat
from cratewatch.synthesis.stickers import draw_sticker


class RunLengths(TypedDict):
    """A mask as COCO writes it uncompressed.

    Attributes:
        size: Height and width.
        counts: Lengths of the runs of pixels outside and inside, in turn, beginning outside, down
            the first column, then the next.
    """

    size: list[int]
    counts: list[int]


def masks_to_paint(scene: Scene, sleeve: Mask) -> tuple[Mask, ...]:
    """Return a mask for each box of a scene that no engine has drawn yet.

    Args:
        sleeve: (S, S), where the sleeve lies on the canvas.
    """
    side_px = sleeve.shape[0]
    corners = scene.corners_on(side_px)
    flat_px = face_side_px(side_px)
    stickers: list[Plane] = []
    for sticker in scene.stickers:
        stuck = np.zeros((flat_px, flat_px), dtype=np.float32)
        draw_sticker(np.zeros((*stuck.shape, 3), dtype=np.float32), stuck, sticker)
        stickers.append(lay_flat(stuck, corners, side_px))
    hands = [outline_hand(hand, corners, side_px) for hand in scene.hands]
    return occluder_masks(scene, hands, stickers, sleeve)


def occluder_masks(
    scene: Scene, hands: Sequence[HandShape | None], stickers: Sequence[Plane], sleeve: Mask
) -> tuple[Mask, ...]:
    """Return (S, S) masks of a scene's boxes, each within its box, no two overlapping.

    A hand's is what lies before the sleeve and what reaches beyond its edge; hands cover stickers,
    and later ones earlier ones. A box of neither hand nor sticker is its own mask.

    Args:
        hands: Their outlines, None for one that is not on the canvas.
        stickers: (S, S) coverage of each.
        sleeve: (S, S), where the sleeve lies.
    """
    shapes = [_hand_mask(hand, sleeve) for hand in hands]
    shapes += [(sticker > 0.5) & sleeve for sticker in stickers]
    boxes = [_box_mask(box.xyxy, sleeve.shape[0]) for box in scene.boxes]
    shapes += boxes[len(shapes) :]
    masks = [shape & box for shape, box in zip(shapes, boxes, strict=True)]
    taken = np.zeros_like(sleeve)
    for i in _from_the_top(len(hands), len(stickers), len(masks)):
        masks[i] &= ~taken
        taken |= masks[i]
    return tuple(masks)


def encode_mask(mask: Mask) -> RunLengths:
    """Return a mask (H, W) as run lengths."""
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    edges = np.concatenate([[0], changes, [flat.size]])
    counts = np.diff(edges).tolist()
    if flat[0]:
        counts.insert(0, 0)
    return {"size": list(mask.shape), "counts": counts}


def decode_mask(runs: RunLengths) -> Mask:
    """Return the mask (H, W) of run lengths."""
    height, width = runs["size"]
    inside = np.arange(len(runs["counts"])) % 2 == 1
    return np.repeat(inside, runs["counts"]).reshape((height, width), order="F")


def framed_mask(mask: Mask, framing: Framing) -> Mask:
    """Return a mask of the whole picture as it lies on the one that the camera keeps."""
    x0, y0, x1, y1 = framing.kept_xyxy
    kept = mask[y0:y1, x0:x1].astype(np.uint8) * np.uint8(255)
    small = cv2.resize(kept, framing.size_px, interpolation=cv2.INTER_AREA)
    return np.asarray(small > 127)


def outline_mask(mask: Mask) -> list[npt.NDArray[np.int32]]:
    """Return the closed lines (n, 2), x and y in pixels, around the parts of a mask (H, W)."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    lines = [np.asarray(contour, dtype=np.int32).reshape(-1, 2) for contour in found]
    return [np.concatenate([line, line[:1]]) for line in lines]


def _from_the_top(n_hands: int, n_stickers: int, n_boxes: int) -> list[int]:
    """Return the order in which a viewer meets the boxes' occluders."""
    hands, stickers = range(n_hands), range(n_hands, n_hands + n_stickers)
    others = range(n_hands + n_stickers, n_boxes)
    return [*reversed(others), *reversed(hands), *reversed(stickers)]


def _hand_mask(hand: HandShape | None, sleeve: Mask) -> Mask:
    mask = np.zeros_like(sleeve)
    if hand is not None:
        beyond = (hand.whole > 0.5) & ~sleeve[hand.window]
        mask[hand.window] = beyond | (hand.front > 0.5)
    return mask


def _box_mask(xyxy: tuple[float, float, float, float], side_px: int) -> Mask:
    """Return the pixels that a box 0..1 touches."""
    x0, y0 = (int(value * side_px) for value in xyxy[:2])
    x1, y1 = (int(np.ceil(value * side_px)) for value in xyxy[2:])
    mask = np.zeros((side_px, side_px), dtype=np.bool_)
    mask[y0:y1, x0:x1] = True
    return mask
