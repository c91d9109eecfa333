"""Local features of a picture: where something stands out, and what it looks like there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy
from PIL import Image

Floats = npt.NDArray[np.float32]
SIDE_PX = 160
"""Of the square that a cover is resized to."""
QUERY_FRAME = 1.15
"""Side of a query's box as a multiple of its sleeve's: the usual one of loose, turned boxes."""
MOST = 200
_DESCRIPTOR_SCALE = np.float32(255.0)


@dataclass(frozen=True)
class Keypoints:
    """The strongest keypoints of a picture.

    Attributes:
        places: (K, 2), x and y from the picture's middle in sides of the sleeve.
        sizes: (K,), in sides of the sleeve.
        angles_deg: (K,), 0..360.
        descriptors: (K, 128) RootSIFT, each row of unit length (Arandjelovic, Zisserman 2012).
    """

    places: Floats
    sizes: Floats
    angles_deg: Floats
    descriptors: Floats

    def __len__(self) -> int:
        return len(self.places)

    def in_way(self, quarters: int, mirrored: bool) -> Self:
        """Return those of the picture turned by quarters, anticlockwise, and then mirrored."""
        x, y = self.places.T
        for _ in range(quarters % 4):
            x, y = y, -x
        angles_deg = self.angles_deg - np.float32(90 * quarters)
        descriptors = self.descriptors
        if mirrored:
            x, angles_deg = -x, 180 - angles_deg
            # Four rows, four columns and eight directions about the keypoint's own.
            patches = descriptors.reshape(-1, 4, 4, 8)[:, ::-1]
            descriptors = np.roll(patches[..., ::-1], 1, axis=-1).reshape(-1, 128)
        places = np.stack([x, y], axis=1)
        return replace(self, places=places, angles_deg=angles_deg % 360, descriptors=descriptors)


NO_KEYPOINTS = Keypoints(*(np.zeros(shape, np.float32) for shape in ((0, 2), 0, 0, (0, 128))))


def find_keypoints(image: Image.Image, *, frame: float = 1.0) -> Keypoints:
    """Find at most MOST keypoints of a picture, stretched to a square.

    Args:
        frame: Side of the picture as a multiple of its sleeve's.
    """
    side_px = round(SIDE_PX * frame)
    grey = image.convert("L").resize((side_px, side_px), Image.Resampling.BICUBIC)
    points, raw = _sift().detectAndCompute(np.asarray(grey, dtype=np.uint8), None)
    if not points:
        return NO_KEYPOINTS
    strongest = sorted(range(len(points)), key=lambda n: -points[n].response)[:MOST]
    chosen = [points[n] for n in strongest]
    places = np.array([point.pt for point in chosen], np.float32) / np.float32(SIDE_PX)
    return Keypoints(
        places - np.float32(frame / 2),
        np.array([point.size for point in chosen], np.float32) / np.float32(SIDE_PX),
        np.array([point.angle for point in chosen], np.float32),
        _root(np.asarray(raw, np.float32)[strongest]),
    )


def to_bytes(keypoints: Keypoints) -> bytes:
    """Return what from_bytes takes, descriptors rounded to 1/255."""
    data: bytes = safetensors.numpy.save(
        {
            "places": keypoints.places,
            "sizes": keypoints.sizes,
            "angles_deg": keypoints.angles_deg,
            "descriptors": np.round(keypoints.descriptors * _DESCRIPTOR_SCALE).astype(np.uint8),
        }
    )
    return data


def from_bytes(data: bytes) -> Keypoints:
    """Return what to_bytes was given.

    Raises:
        ValueError: if the bytes are no keypoints.
    """
    try:
        fields = safetensors.numpy.load(data)
        descriptors = fields.pop("descriptors").astype(np.float32)
        return Keypoints(**fields, descriptors=_unit(descriptors))
    except (safetensors.SafetensorError, KeyError, TypeError) as error:
        raise ValueError(f"no keypoints: {error}") from error


@cache
def _sift() -> cv2.SIFT:
    # Weaker and more drawn-out spots than by default: a CCTV crop has few strong ones.
    return cv2.SIFT.create(nfeatures=MOST, contrastThreshold=0.015, edgeThreshold=15, sigma=1.4)


def _root(descriptors: Floats) -> Floats:
    return _unit(np.sqrt(descriptors))


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-6), np.float32)
