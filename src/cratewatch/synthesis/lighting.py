"""Light on the sleeve: shading, glare of lamps and the wrinkles of a plastic wrap."""

from dataclasses import dataclass

import cv2
import numpy as np

from cratewatch.synthesis.pixels import (
    Colour,
    Plane,
    Point,
    blend,
    dim,
    scaled_to,
    stream,
    value_noise,
)

GLARE_COLOUR: Colour = (1.0, 0.99, 0.96)


@dataclass(frozen=True)
class Light:
    """Light of the room.

    Attributes:
        azimuth_deg: Where it comes from on the canvas: 0 right, -90 top.
        elevation_deg: Height above the canvas plane; 90 shines straight along the view.
        colour: White balance, multiplied into the whole picture.
        falloff: How much darker the far side of the sleeve is, 0 to 1.
    """

    azimuth_deg: float
    elevation_deg: float
    colour: Colour
    falloff: float

    def direction(self) -> tuple[float, float, float]:
        """Unit vector towards the light: x right, y down, z to the viewer."""
        azimuth, elevation = np.radians(self.azimuth_deg), np.radians(self.elevation_deg)
        flat = float(np.cos(elevation))
        return (
            flat * float(np.cos(azimuth)),
            flat * float(np.sin(azimuth)),
            float(np.sin(elevation)),
        )


@dataclass(frozen=True)
class Glare:
    """A lamp mirrored in the sleeve; lengths are shares of the sleeve's side.

    Attributes:
        centre: In sleeve coordinates 0..1.
        length: Half length of the streak.
        width: Half width of the streak.
        strength: 0 nothing, 1 white at the centre.
    """

    centre: Point
    length: float
    width: float
    angle_deg: float
    strength: float


@dataclass(frozen=True)
class Wrap:
    """A plastic wrap: wrinkles that catch light, a milky haze; both 0 to 1."""

    wrinkles: float
    haze: float


def shade_sleeve(texture: Plane, light: Light) -> None:
    """Darken a sleeve texture (S, S, 3) in place, away from the light."""
    x, y, _ = light.direction()
    along = np.linspace(-0.5, 0.5, texture.shape[0], dtype=np.float32)
    ramp = along[None, :] * np.float32(x) + along[:, None] * np.float32(y)
    dim(texture, np.float32(1.0) - np.float32(light.falloff) * (np.float32(0.35) - ramp))


def draw_glare(texture: Plane, glare: Glare) -> None:
    """Lay a lamp's reflection over a sleeve texture (S, S, 3) in place."""
    angle = np.radians(glare.angle_deg)
    coarse = texture.shape[0] // 4
    at = (np.arange(coarse, dtype=np.float32) + np.float32(0.5)) / np.float32(coarse)
    x, y = at[None, :] - np.float32(glare.centre[0]), at[:, None] - np.float32(glare.centre[1])
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    along = (x * cos + y * sin) / np.float32(glare.length)
    across = (y * cos - x * sin) / np.float32(glare.width)
    # Flat-topped along the tube, bell-shaped across it.
    along, across = along * along, across * across
    streak = np.exp(-along * along - across)
    halo = np.exp(np.float32(-0.35) * (along + across))
    light = glare.strength * (0.8 * streak + 0.2 * halo)
    blend(texture, GLARE_COLOUR, scaled_to(light.astype(np.float32), texture.shape[:2]))


def draw_wrap(texture: Plane, wrap: Wrap, seed: int) -> None:
    """Cover a sleeve texture (S, S, 3) in place with a wrinkled transparent film."""
    rng = stream(seed, "wrap")
    side = texture.shape[0] // 2
    texture *= np.float32(1.0 - 0.12 * wrap.haze)
    texture += np.float32(0.10 * wrap.haze)
    shine = np.zeros((side, side), dtype=np.float32)
    for cells in ((2, 15), (3, 9), (4, 22)):
        # The zero lines of long-grained noise run side by side like pulls in a tight film.
        field = value_noise(rng, (side, side), cells)
        reach = np.clip(value_noise(rng, (side, side), (3, 5)) * 1.8 - 0.2, 0.0, 1.0)
        pulls = np.exp(-((field / 0.07) ** 2)) * reach
        centre = (side * rng.uniform(0.2, 0.8), side * rng.uniform(0.2, 0.8))
        turn = cv2.getRotationMatrix2D(centre, rng.uniform(0.0, 180.0), 1.5)
        shine += cv2.warpAffine(pulls, turn, (side, side), borderMode=cv2.BORDER_REFLECT)
    sheen = np.clip(value_noise(rng, (side, side), (3, 4)) - 0.45, 0.0, 1.0)
    light = np.clip(wrap.wrinkles * (0.6 * shine + 0.7 * sheen), 0.0, 0.9)
    blend(texture, GLARE_COLOUR, scaled_to(light.astype(np.float32), texture.shape[:2]))
