"""What a printer does to a picture."""

import cv2
import numpy as np

from cratewatch.demo.artwork.canvas import (
    Pixels,
    Tone,
    blurred,
    filled,
    lay,
    resized,
    stretched,
    to_mask,
    to_tone,
    toned,
)
from cratewatch.demo.artwork.chance import Desk


def as_is(picture: Pixels, _desk: Desk) -> Pixels:
    """Leave the picture as it is."""
    return picture


def black_and_white(picture: Pixels, _desk: Desk) -> Pixels:
    """Print in black on white."""
    return toned(_light(picture), ((10, 10, 10), (248, 246, 240)))


def duotone(picture: Pixels, desk: Desk) -> Pixels:
    """Print in a dark and a light ink."""
    light = desk.pick((desk.paper, *desk.accents[1:]))
    return toned(_light(picture), sorted((desk.ink, light), key=sum))


def posterised(picture: Pixels, desk: Desk) -> Pixels:
    """Print in four flat inks."""
    soft = stretched(blurred(to_tone(picture), 2))
    return toned(np.floor(soft * 3.99) / 3, sorted(desk.colours[:4], key=sum))


def xeroxed(picture: Pixels, desk: Desk) -> Pixels:
    """Ink or no ink, where the tone is darker than its surroundings."""
    tone = to_tone(picture)
    dirt = desk.clouds(40, octaves=2, side_px=tone.shape[0])[:, : tone.shape[1]] * 0.16 - 0.08
    return _printed((tone - blurred(tone, tone.shape[0] / 10) + dirt) * 14, desk)


def halftoned(picture: Pixels, desk: Desk) -> Pixels:
    """A coarse screen of dots at an angle."""
    tone = _light(resized(picture))
    rows, columns = np.indices(tone.shape, dtype=np.float32)
    angle, pitch = desk.within(0, np.pi / 2), 2 * np.pi / desk.within(7, 15)
    a = (columns * np.cos(angle) + rows * np.sin(angle)) * pitch
    b = (rows * np.cos(angle) - columns * np.sin(angle)) * pitch
    screen = 0.5 + 0.25 * (np.cos(a) + np.cos(b))
    return _printed(((tone - screen) * 7).astype(np.float32), desk)


def _printed(contrast: Tone, desk: Desk) -> Pixels:
    return toned(contrast + 0.5, (desk.ink, desk.pick((desk.paper, *desk.accents))))


def solarised(picture: Pixels, desk: Desk) -> Pixels:
    """Turn the lights dark, as film does that was lit while it developed."""
    return toned(np.abs(2 * _light(picture) - 1), (desk.ink, desk.accents[1], desk.paper))


def hand_coloured(picture: Pixels, desk: Desk) -> Pixels:
    """A grey print with washes of colour over it."""
    tone = _light(picture)
    washes = toned(desk.clouds(3, octaves=2, side_px=len(tone)), desk.colours[1:])
    return (washes[:, : tone.shape[1]] * (0.25 + 0.75 * tone[..., None])).astype(np.uint8)


def misprinted(picture: Pixels, desk: Desk) -> Pixels:
    """The colour plates are out of register."""
    plates = [np.roll(plate, desk.rng.integers(-9, 10, 2), (0, 1)) for plate in cv2.split(picture)]
    return np.asarray(cv2.merge(plates), np.uint8)


def glitched(picture: Pixels, desk: Desk) -> Pixels:
    """Rows torn sideways, blocks lost."""
    height, width = picture.shape[:2]
    torn, lost = picture.copy(), np.zeros((height, width), np.uint8)
    for _ in range(desk.count(6, 20)):
        top, tall = desk.count(0, height), desk.count(2, height // 8)
        aside = desk.count(-width // 2, width // 2)
        torn[top : top + tall] = np.roll(torn[top : top + tall], aside, 1)
    for x, y in desk.rng.integers(0, min(height, width), (desk.count(0, 8), 2)):
        lost[y : y + height // 24, x : x + width // 5] = 255
    return lay(torn, desk.pick(desk.colours), lost)


def mirrored(picture: Pixels, _desk: Desk) -> Pixels:
    """Fold the left half over to the right."""
    half = picture[:, : picture.shape[1] // 2]
    return np.hstack([half, half[:, ::-1]])


def four_prints(picture: Pixels, desk: Desk) -> Pixels:
    """One motif four times, each in other inks."""
    steps = np.floor(_light(resized(picture, 300, 300)) * 2.99) / 2
    prints = [
        toned(steps, [desk.colours[i] for i in desk.rng.permutation(5)[:3]]) for _ in range(4)
    ]
    return np.vstack([np.hstack(prints[:2]), np.hstack(prints[2:])])


def vignetted(picture: Pixels, desk: Desk) -> Pixels:
    """Fading into the paper towards the edges, as in old oval frames."""
    height, width = picture.shape[:2]
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    mask = to_mask((1 - (x * x + y * y)) * 3)
    return lay(filled(desk.paper, width, height), picture, mask)


def _light(picture: Pixels) -> Tone:
    return stretched(to_tone(picture))
