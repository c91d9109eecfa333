"""Pictures that tests take for covers."""

import numpy as np
from PIL import Image, ImageDraw


def draw_noise(seed: int, side_px: int = 96) -> Image.Image:
    """Return a picture of coarse coloured blocks, unlike that of any other seed."""
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize((side_px, side_px), Image.Resampling.BICUBIC)


def draw_plain_sleeves(side_px: int = 240) -> dict[str, Image.Image]:
    """Return pictures of sleeves with little on them, by what it is."""
    colours = {"white": (255,) * 3, "black": (4,) * 3, "cream": (250, 240, 220), "grey": (128,) * 3}
    colours |= {"red": (200, 30, 30), "blue": (30, 30, 200), "green": (20, 120, 40)}
    sleeves = {name: Image.new("RGB", (side_px,) * 2, rgb) for name, rgb in colours.items()}
    for name, rgb in {"red": (200, 30, 30), "blue": (30, 60, 200)}.items():
        sleeves[f"disc with {name} label"] = _disc(side_px, rgb)
        sleeves[f"{name} stripes"] = _stripes(side_px, rgb)
        sleeves[f"{name} bars"] = _stripes(side_px, rgb).rotate(90)
    for name, place in {"title above": 0.1, "title below": 0.8}.items():
        sleeves[name] = Image.new("RGB", (side_px,) * 2, "white")
        draw = ImageDraw.Draw(sleeves[name])
        draw.text((side_px * 0.1, side_px * place), "Quiet Songs", fill="black", font_size=24)
    return sleeves


def _disc(side_px: int, label: tuple[int, int, int]) -> Image.Image:
    image = Image.new("RGB", (side_px, side_px), "white")
    draw = ImageDraw.Draw(image)
    for share, colour in ((0.7, (10, 10, 10)), (0.25, label), (0.02, (255, 255, 255))):
        draw.circle((side_px / 2, side_px / 2), side_px * share / 2, fill=colour)
    return image


def _stripes(side_px: int, colour: tuple[int, int, int]) -> Image.Image:
    image = Image.new("RGB", (side_px, side_px), "white")
    for left in range(0, side_px, side_px // 6):
        image.paste(colour, (left, 0, left + side_px // 12, side_px))
    return image
