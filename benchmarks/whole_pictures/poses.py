"""How flat things lie before a camera: planes in space, and the corners of what lies on them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cratewatch.evaluation.finding.quads import Quad

Matrix = npt.NDArray[np.float64]
RECTANGLE = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])


@dataclass(frozen=True)
class Camera:
    """A pinhole; lengths in space are in sides of a sleeve, z away from the camera."""

    width_px: int
    height_px: int
    focal_px: float

    def at(self, x: float, y: float, side_px: float) -> Matrix:
        """Return the point (3,) seen at a pixel where a sleeve that faces us has this side."""
        z = self.focal_px / side_px
        middle = np.array([self.width_px, self.height_px]) / 2
        return np.append((np.array([x, y]) - middle) * z / self.focal_px, z)

    def seen(self, points: Matrix) -> Quad:
        """Return where points (N, 3) are seen, (N, 2) px."""
        middle = np.array([self.width_px, self.height_px]) / 2
        return points[:, :2] * self.focal_px / points[:, 2:] + middle


@dataclass(frozen=True)
class Plane:
    """A plane through an origin; turn maps its own x (right), y (down) and z (away) to space."""

    origin: Matrix
    turn: Matrix

    def moved(self, x: float, y: float, z: float = 0.0) -> Plane:
        """Return the plane with its origin elsewhere, by its own axes."""
        return replace(self, origin=self.origin + self.turn @ np.array([x, y, z]))

    def corners(self, roll_deg: float = 0.0, width: float = 1.0, height: float = 1.0) -> Matrix:
        """Return the corners (4, 3) of a rectangle about the origin, turned within the plane."""
        flat = RECTANGLE * (width, height)
        upright = np.column_stack([flat, np.zeros(4)]) @ about_z(roll_deg).T
        return self.origin + upright @ self.turn.T


def about_z(deg: float) -> Matrix:
    c, s = math.cos(math.radians(deg)), math.sin(math.radians(deg))
    return np.array([(c, -s, 0), (s, c, 0), (0, 0, 1)], np.float64)


def tilted(yaw_deg: float, pitch_deg: float, lean_deg: float = 0.0) -> Matrix:
    """Return the turn of a plane that faces us, turned aside, then back, then leant."""
    c, s = math.cos(math.radians(yaw_deg)), math.sin(math.radians(yaw_deg))
    aside = np.array([(c, 0, s), (0, 1, 0), (-s, 0, c)], np.float64)
    c, s = math.cos(math.radians(pitch_deg)), math.sin(math.radians(pitch_deg))
    back = np.array([(1, 0, 0), (0, c, -s), (0, s, c)], np.float64)
    return about_z(lean_deg) @ back @ aside
