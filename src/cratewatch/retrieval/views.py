"""Several looks at one query: crops about its middle, each turned somewhat."""

from __future__ import annotations

from PIL import Image

from cratewatch.retrieval.config import SearchConfig


def draw_views(image: Image.Image, config: SearchConfig) -> list[Image.Image]:
    """Return every crop in every turn, crops first; the first is what the config names first."""
    grey = image.convert("L")
    turned = [_turn(grey, turn_deg) for turn_deg in config.turns_deg]
    return [_crop(look, share) for look in turned for share in config.crops]


def _turn(image: Image.Image, turn_deg: float) -> Image.Image:
    if not turn_deg:
        return image
    beyond = round(sum(n * value for n, value in enumerate(image.histogram())) / _area(image))
    return image.rotate(turn_deg, Image.Resampling.BILINEAR, fillcolor=beyond)


def _area(image: Image.Image) -> int:
    return image.width * image.height


def _crop(image: Image.Image, share: float) -> Image.Image:
    if share == 1:
        return image
    left = round(image.width * (1 - share) / 2)
    top = round(image.height * (1 - share) / 2)
    return image.crop((left, top, image.width - left, image.height - top))
