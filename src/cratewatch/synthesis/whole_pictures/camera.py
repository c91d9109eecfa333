"""What a shop's camera or a phone makes of a whole picture."""

from __future__ import annotations

import cv2
import numpy as np

from cratewatch.synthesis.pixels import Plane, Rgb, blur

GREY_SHARE = 0.2


def expose(scene: Plane, rng: np.random.Generator) -> Rgb:
    """Return a scene (H, W, 3), 0 to 255, as a camera of random quality records it."""
    severity = float(rng.uniform(0, 1)) ** 1.5
    seen = _lose_detail(scene, rng, severity)
    if rng.random() < 0.5:
        seen = blur(seen, float(rng.uniform(0.0, 1.3) * severity))
    if rng.random() < 0.3 * severity:
        seen = _smear(seen, float(rng.uniform(1.5, 6.0)), float(rng.uniform(0, np.pi)))
    if rng.random() < GREY_SHARE:
        seen = np.repeat(seen.mean(axis=2, keepdims=True), 3, axis=2)
    pixels = _develop(seen, rng, severity)
    quality = round(96 - rng.uniform(0.2, 1.0) * 70 * severity)
    jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), dtype=np.uint8)


def _develop(seen: Plane, rng: np.random.Generator, severity: float) -> Rgb:
    """Return bytes after white balance, exposure and noise."""
    gamma = np.exp(rng.uniform(-0.6, 0.6) * severity)
    gain = np.exp(rng.normal(0, 0.12)) * np.exp(rng.normal(0, 0.04, 3))
    levels = np.linspace(0, 1, 256)[:, None, None] * gain
    curve = (np.clip(levels, 0, 1) ** gamma * 255.0).astype(np.float32)
    noise = np.empty_like(seen)
    rng.standard_normal(dtype=np.float32, out=noise)
    noise *= np.float32(14 * severity)
    noise += cv2.LUT(cv2.convertScaleAbs(seen), curve.reshape(1, 256, 3))
    return np.asarray(np.clip(noise, 0, 255, out=noise), dtype=np.uint8)


def _lose_detail(scene: Plane, rng: np.random.Generator, severity: float) -> Plane:
    """Return the scene as a sensor with fewer pixels sees it, at its old size."""
    if rng.random() > 0.6:
        return scene
    height, width = scene.shape[:2]
    factor = 1 - 0.55 * severity * rng.uniform(0, 1)
    small = (max(2, round(width * factor)), max(2, round(height * factor)))
    coarse = cv2.resize(scene, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(coarse, (width, height)), dtype=np.float32)


def _smear(scene: Plane, length_px: float, angle: float) -> Plane:
    size = 2 * int(np.ceil(length_px / 2)) + 1
    kernel = np.zeros((size, size), np.float32)
    half = np.array([np.cos(angle), np.sin(angle)]) * length_px / 2
    ends = [tuple(int(v) for v in np.rint(size // 2 + sign * half)) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return np.asarray(cv2.filter2D(scene, -1, kernel / kernel.sum()), dtype=np.float32)
