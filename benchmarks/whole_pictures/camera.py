"""What a camera makes of a scene: blur, its own colours, noise, JPEG."""

from __future__ import annotations

import math

import cv2
import numpy as np

from benchmarks.whole_pictures.canvas import Plane

GREY_SHARE = 0.1


def photograph(view: Plane, softness_px: float, rng: np.random.Generator) -> bytes:
    """Return the JPEG of a view (H, W, 3), 0 to 1.

    Args:
        softness_px: Sigma of the blur that the background has by itself.
    """
    shown = _smeared(_resized(view, rng), rng)
    sigma = math.hypot(0.4 * softness_px, float(rng.uniform(0.2, 1.0)))
    shown = _coloured(np.asarray(cv2.GaussianBlur(shown, (0, 0), sigma), np.float32), rng)
    if rng.random() < GREY_SHARE:
        shown[:] = shown.mean(axis=2, keepdims=True)
    noisy = np.clip(_noisy(shown, rng), 0, 1) * 255
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 93))]
    bgr = np.round(noisy[..., ::-1]).astype(np.uint8)
    done, jpeg = cv2.imencode(".jpg", bgr, quality)
    assert done
    return bytes(jpeg)


def _resized(view: Plane, rng: np.random.Generator) -> Plane:
    """Return a view that was recorded smaller, at times."""
    if rng.random() < 0.6:
        return view
    height, width = view.shape[:2]
    share = rng.uniform(0.6, 1.0)
    small = cv2.resize(
        view, (round(width * share), round(height * share)), interpolation=cv2.INTER_AREA
    )
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def _smeared(shown: Plane, rng: np.random.Generator) -> Plane:
    """Return a view that moved while it was taken, at times."""
    length = rng.uniform(1, 5)
    if rng.random() < 0.75:
        return shown
    side = 2 * math.ceil(length / 2) + 1
    kernel = np.zeros((side, side), np.float32)
    kernel[side // 2] = 1
    turn = cv2.getRotationMatrix2D((side // 2, side // 2), rng.uniform(0, 180), 1.0)
    kernel = np.asarray(cv2.warpAffine(kernel, turn, (side, side)), np.float32)
    return np.asarray(cv2.filter2D(shown, -1, kernel / kernel.sum()), np.float32)


def _coloured(shown: Plane, rng: np.random.Generator) -> Plane:
    """Return a view by a camera's own exposure, white balance and dark corners."""
    height, width = shown.shape[:2]
    x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)
    corners = 1 - rng.uniform(0, 0.22) * (x[None] ** 2 + y[:, None] ** 2) / 2
    white = rng.normal(1, 0.05, 3).astype(np.float32) * np.float32(rng.uniform(0.8, 1.15))
    lit = np.clip(shown * corners[..., None].astype(np.float32) * white, 0, 1)
    return np.asarray(lit ** np.float32(rng.uniform(0.8, 1.25)), np.float32)


def _noisy(shown: Plane, rng: np.random.Generator) -> Plane:
    """Return a view with noise that is stronger in the dark, alike and unlike in its colours."""
    strength = rng.uniform(1, 9) / 255
    height, width = shown.shape[:2]
    alike = rng.normal(0, strength, (height, width, 1))
    unlike = rng.normal(0, 0.5 * strength, (height, width, 3))
    return shown + ((alike + unlike) * (1.3 - 0.6 * shown)).astype(np.float32)
