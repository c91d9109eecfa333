"""The sleeve as a flat square: its corners in perspective and the cover fitted onto it."""

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.pixels import Corners, Plane, Rgb

SLEEVE_CM = 31.0
"""Side of a 12-inch sleeve; hands and stickers are sized against it."""
MAX_STRETCH = 1.25
"""Covers of a larger aspect are cropped to this one before they are stretched to a square."""
FACE_SHARE = 0.8
"""Side of the sleeve's flat face as a share of the canvas: a little more than the sleeve takes."""
CAMERA_DISTANCE = 3.2
"""Distance of the camera in sleeve sides: near enough that tilt shows as perspective."""


def project_corners(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Corners:
    """Return the corners of a tilted sleeve; their bounding box has longest side 1, centre 0."""
    yaw, pitch, roll = np.radians([yaw_deg, pitch_deg, roll_deg])
    square = np.array([[-0.5, -0.5, 0.0], [0.5, -0.5, 0.0], [0.5, 0.5, 0.0], [-0.5, 0.5, 0.0]])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array(
        [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    )
    about_z = np.array(
        [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    )
    turned = square @ (about_z @ about_x @ about_y).T
    flat = turned[:, :2] / (1.0 + turned[:, 2:] / CAMERA_DISTANCE)
    low, high = flat.min(axis=0), flat.max(axis=0)
    return np.asarray((flat - (low + high) / 2) / (high - low).max(), dtype=np.float64)


def fit_cover(cover: Rgb, side_px: int) -> Rgb:
    """Resize a cover of any size to a square; one far from square loses its longer ends.

    Raises:
        ValueError: if cover is not (H, W, 3) uint8 with at least one pixel.
    """
    if cover.ndim != 3 or cover.shape[2] != 3 or cover.size == 0 or cover.dtype != np.uint8:
        raise ValueError(f"a cover is (H, W, 3) uint8, got {cover.shape} {cover.dtype}")
    height, width = cover.shape[:2]
    keep_h = min(height, max(1, round(width * MAX_STRETCH)))
    keep_w = min(width, max(1, round(height * MAX_STRETCH)))
    top, left = (height - keep_h) // 2, (width - keep_w) // 2
    kept = _whole_steps(cover[top : top + keep_h, left : left + keep_w], side_px)
    # Below 1.5 each pixel of the cover still counts in a bilinear resize, at a third of the time.
    shrinks = min(kept.shape[:2]) > 1.5 * side_px
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(
        cv2.resize(kept, (side_px, side_px), interpolation=interpolation), dtype=np.uint8
    )


def _whole_steps(picture: Rgb, side_px: int) -> Rgb:
    """Shrink by the largest whole factor that keeps side_px: OpenCV's quick way to average."""
    height, width = picture.shape[:2]
    factor = min(height, width) // side_px
    if factor < 2:
        return np.ascontiguousarray(picture)
    size = (width // factor, height // factor)
    whole = picture[: size[1] * factor, : size[0] * factor]
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def face_side_px(canvas_side_px: int) -> int:
    """Return the side of the flat face that is laid onto a canvas."""
    return round(FACE_SHARE * canvas_side_px)


def lay_flat(flat: Plane, corners: Corners, side_px: int) -> Plane:
    """Lay the sleeve's face (T, T) onto a canvas; beyond the outline its border goes on."""
    to_canvas = homography(corners) @ np.diag([1 / flat.shape[1], 1 / flat.shape[0], 1.0])
    # OpenCV counts from pixel centres, the corners from the canvas' border.
    half = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])
    to_canvas = np.linalg.inv(half) @ to_canvas @ half
    size = (side_px, side_px)
    laid = cv2.warpPerspective(flat, to_canvas, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(laid, dtype=np.float32)


def homography(corners: Corners) -> npt.NDArray[np.float64]:
    """Return the (3, 3) map from sleeve coordinates 0..1 to the frame of the corners."""
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32)
    return np.asarray(cv2.getPerspectiveTransform(unit, corners.astype(np.float32)), np.float64)
