"""Light on the sleeve: shading, glare of lamps and the wrinkles of a plastic wrap."""

from dataclasses import dataclass

import numpy as np

from cratewatch.synthesis.pixels import Colour, Plane, Point, blur, screen, stream, value_noise

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
    texture *= (1.0 - light.falloff * (0.35 - ramp))[..., None]


def draw_glare(texture: Plane, glare: Glare) -> None:
    """Lay a lamp's reflection over a sleeve texture (S, S, 3) in place."""
    angle = np.radians(glare.angle_deg)
    at = (np.arange(texture.shape[0], dtype=np.float32) + 0.5) / texture.shape[0]
    x, y = at[None, :] - np.float32(glare.centre[0]), at[:, None] - np.float32(glare.centre[1])
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    along = (x * cos + y * sin) / np.float32(glare.length)
    across = (y * cos - x * sin) / np.float32(glare.width)
    # Flat-topped along the tube, bell-shaped across it.
    streak = np.exp(-(along**4) - across**2)
    halo = np.exp(-0.35 * (along**2 + across**2))
    light = np.float32(glare.strength) * (0.8 * streak + 0.2 * halo)
    screen(texture, np.asarray(light, dtype=np.float32), GLARE_COLOUR)


def draw_wrap(texture: Plane, wrap: Wrap, seed: int) -> None:
    """Cover a sleeve texture (S, S, 3) in place with a wrinkled transparent film."""
    rng = stream(seed, "wrap")
    side = texture.shape[0]
    texture *= 1.0 - 0.12 * wrap.haze
    texture += 0.10 * wrap.haze
    shine = np.zeros((side, side), dtype=np.float32)
    for cells in ((3, 9), (8, 3), (6, 7)):
        field = value_noise(rng, (side, side), cells)
        # The zero lines of smooth noise wander like creases in a film.
        crease = np.exp(-((field / 0.045) ** 2))
        reach = np.clip(value_noise(rng, (side, side), (4, 4)) * 1.6, 0.0, 1.0)
        shine += crease * reach
    sheen = np.clip(value_noise(rng, (side, side), (3, 4)) - 0.45, 0.0, 1.0)
    light = np.clip(wrap.wrinkles * (0.55 * blur(shine, 0.6) + 0.7 * sheen), 0.0, 0.9)
    screen(texture, np.asarray(light, dtype=np.float32), GLARE_COLOUR)
