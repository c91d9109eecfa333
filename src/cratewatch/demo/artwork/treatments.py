"""What a printer does to a picture."""

import cv2
import numpy as np

from cratewatch.demo.artwork.canvas import Pixels, filled, lay, pick, to_tone, toned
from cratewatch.demo.artwork.noise import fractal, stretched
from cratewatch.demo.artwork.palette import Palette


def as_is(picture: Pixels, _rng: np.random.Generator, _palette: Palette) -> Pixels:
    return picture


def black_and_white(picture: Pixels, _rng: np.random.Generator, _palette: Palette) -> Pixels:
    return toned(stretched(to_tone(picture)), ((10, 10, 10), (248, 246, 240)))


def duotone(picture: Pixels, rng: np.random.Generator, palette: Palette) -> Pixels:
    light = pick(rng, (palette.paper, *palette.accents[1:]))
    return toned(stretched(to_tone(picture)), sorted((palette.ink, light), key=sum))


def posterised(picture: Pixels, _rng: np.random.Generator, palette: Palette) -> Pixels:
    soft = stretched(np.asarray(cv2.GaussianBlur(to_tone(picture), (0, 0), 2), np.float32))
    steps = np.floor(soft * 3.99) / 3
    return toned(steps.astype(np.float32), sorted(palette.colours[:4], key=sum))


def xeroxed(picture: Pixels, rng: np.random.Generator, palette: Palette) -> Pixels:
    """Ink or no ink, where the tone is darker than its surroundings."""
    tone = to_tone(picture)
    around = np.asarray(cv2.GaussianBlur(tone, (0, 0), picture.shape[0] / 10), np.float32)
    dirt = fractal(rng, tone.shape[0], 40, octaves=2)[:, : tone.shape[1]] * 0.16 - 0.08
    light = np.clip((tone - around + dirt) * 14 + 0.5, 0, 1)
    return toned(
        light.astype(np.float32), (palette.ink, pick(rng, (palette.paper, *palette.accents)))
    )


def halftoned(picture: Pixels, rng: np.random.Generator, palette: Palette) -> Pixels:
    """A coarse screen of dots at an angle."""
    large = np.asarray(cv2.resize(picture, (600, 600), interpolation=cv2.INTER_LINEAR), np.uint8)
    tone = stretched(to_tone(large))
    rows, columns = np.indices(tone.shape, dtype=np.float32)
    angle, pitch = rng.uniform(0, np.pi / 2), np.float32(2 * np.pi / rng.uniform(7, 15))
    a = (columns * np.float32(np.cos(angle)) + rows * np.float32(np.sin(angle))) * pitch
    b = (rows * np.float32(np.cos(angle)) - columns * np.float32(np.sin(angle))) * pitch
    screen = 0.5 + 0.25 * (np.cos(a) + np.cos(b))
    printed = np.clip((tone - screen) * 7 + 0.5, 0, 1)
    return toned(
        printed.astype(np.float32), (palette.ink, pick(rng, (palette.paper, *palette.accents)))
    )


def solarised(picture: Pixels, _rng: np.random.Generator, palette: Palette) -> Pixels:
    tone = stretched(to_tone(picture))
    return toned(np.abs(2 * tone - 1), (palette.ink, palette.accents[1], palette.paper))


def hand_coloured(picture: Pixels, rng: np.random.Generator, palette: Palette) -> Pixels:
    """A grey print with washes of colour over it."""
    tone = stretched(to_tone(picture))
    side = tone.shape[0]
    washes = toned(fractal(rng, side, 3, octaves=2), palette.colours[1:])[:, : tone.shape[1]]
    return (washes * (0.25 + 0.75 * tone[..., None])).astype(np.uint8)


def misprinted(picture: Pixels, rng: np.random.Generator, _palette: Palette) -> Pixels:
    """The colour plates are out of register."""
    shifted = picture.copy()
    for plate in range(3):
        shifted[..., plate] = np.roll(picture[..., plate], rng.integers(-9, 10, 2), (0, 1))
    return shifted


def glitched(picture: Pixels, rng: np.random.Generator, palette: Palette) -> Pixels:
    """Rows torn sideways, blocks lost."""
    height, width = picture.shape[:2]
    torn = picture.copy()
    for _ in range(int(rng.integers(6, 20))):
        top, tall = int(rng.integers(0, height)), int(rng.integers(2, height // 8))
        torn[top : top + tall] = np.roll(
            torn[top : top + tall], int(rng.integers(-width // 2, width // 2)), 1
        )
    lost = np.zeros((height, width), np.uint8)
    for x, y in rng.integers(0, min(height, width), (int(rng.integers(0, 8)), 2)):
        lost[y : y + height // 24, x : x + width // 5] = 255
    return lay(torn, pick(rng, palette.colours), lost)


def mirrored(picture: Pixels, _rng: np.random.Generator, _palette: Palette) -> Pixels:
    half = picture[:, : picture.shape[1] // 2]
    return np.hstack([half, half[:, ::-1]])


def four_prints(picture: Pixels, rng: np.random.Generator, palette: Palette) -> Pixels:
    """One motif four times, each in other inks."""
    tone = stretched(to_tone(np.asarray(cv2.resize(picture, (300, 300)), np.uint8)))
    prints = [
        toned(
            np.floor(tone * 2.99).astype(np.float32) / 2,
            [palette.colours[i] for i in rng.permutation(5)[:3]],
        )
        for _ in range(4)
    ]
    return np.vstack([np.hstack(prints[:2]), np.hstack(prints[2:])])


def vignetted(picture: Pixels, _rng: np.random.Generator, palette: Palette) -> Pixels:
    """Fading into the paper towards the edges, as in old oval frames."""
    height, width = picture.shape[:2]
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    mask = np.clip((1 - (x * x + y * y)) * 3, 0, 1)
    return lay(filled(palette.paper, width, height), picture, (mask * 255).astype(np.uint8))
