"""Covers as JPEG files in a folder: drawn when first asked for, or all at once."""

import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from PIL import Image

from cratewatch.demo.artwork.cover import draw_cover
from cratewatch.demo.bad_images import encode_jpeg
from cratewatch.demo.stock import ShopImage, ShopRelease


def cover_file(folder: Path, image: ShopImage) -> Path:
    """Return the image's file, drawn first if it is not there."""
    path = folder / image.name
    if not path.exists():
        cover = draw_cover(image.spec)
        if image.size_px != cover.width:
            cover = cover.resize((image.size_px, image.size_px), Image.Resampling.LANCZOS)
        _write_whole(path, encode_jpeg(cover, image.quality))
    return path


def draw_stock(
    folder: Path,
    releases: Sequence[ShopRelease],
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Draw what is not drawn yet; progress is told the images done and the images in all."""
    images = list(dict.fromkeys(release.image for release in releases))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(cover_file, folder, image) for image in images]
        for done, job in enumerate(as_completed(jobs), start=1):
            job.result()
            if progress:
                progress(done, len(images))


def _write_whole(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as part:
        part.write(content)
    Path(part.name).replace(path)
