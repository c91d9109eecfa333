"""The camera of staged footage: one for the whole of it, with the faults of a CCTV camera."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from cratewatch.synthesis.degradation import Degradation, encode_degraded, sample_degradation
from cratewatch.synthesis.pixels import Plane, Rgb

WHOLE = (0.0, 0.0, 0.0, 0.0)


def sample_camera(rng: np.random.Generator, severity: float) -> Degradation:
    """Sample a camera's faults, 0 none to 1 the worst; it keeps the picture's size and edges."""
    return replace(sample_degradation(rng, severity), crop_jitter=WHOLE, resolution_px=2**15)


def film(scene: Plane, camera: Degradation, rng: np.random.Generator) -> Rgb:
    """Return a scene, (H, W, 3) 0 to 255, as the camera records it."""
    image = np.asarray(np.clip(scene, 0, 255), np.uint8)
    jpeg = np.frombuffer(encode_degraded(image, camera, rng), np.uint8)
    bgr = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(bgr[..., ::-1])
