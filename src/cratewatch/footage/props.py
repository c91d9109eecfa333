"""Gathers what footage is staged with: covers, people and rooms, of the user's or drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from PIL import Image

from cratewatch.catalog.catalog import Catalog
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.footage.sources import VIDEOS, open_source
from cratewatch.images.covers import prepare_cover
from cratewatch.images.reading import SUFFIXES, decode, load, pixels, read_file
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.synthesis.backgrounds import Background, draw_background, sample_cloth_colour
from cratewatch.synthesis.pixels import Rgb, stream
from cratewatch.synthesis.staging.cast import Figure, cut_out
from cratewatch.synthesis.staging.drawn_figures import draw_figure
from cratewatch.synthesis.staging.matting import Matting, empty_room

MOST_COVERS = 40
"""That one footage is staged with: people take up a few a minute."""
COVER_PX = 256
T = TypeVar("T")
DRAWN = 4
"""Figures that are drawn, to choose from."""
EMPTY_FRAMES = 5
"""At the start of a video in which the room must be empty."""
Covers = list[tuple[str, Rgb]]
"""Cover ids, and pictures (H, W, 3) uint8 RGB of any size."""


def covers_of_folder(folder: Path, seed: int) -> Covers:
    """Return some of the covers of a folder.

    Raises:
        NotFoundError: if it holds no picture.
        ImageError: if a picture is broken.
    """
    files = [one for one in sorted(folder.rglob("*")) if one.suffix.lower() in SUFFIXES]
    if not files:
        raise NotFoundError(f"--covers: {folder} holds no picture; name a folder of covers")
    return [_cover(read_file(file)) for file in _some(files, seed)]


def covers_of_catalog(catalog: Catalog, lake: Lake, seed: int) -> Covers:
    """Return some covers of a catalog, one of each artwork.

    Raises:
        NotFoundError: if it has none.
        ImageError: if a picture is broken.
    """
    first = {cover.artwork_id: cover for cover in reversed(catalog.covers.all())}
    if not first:
        raise NotFoundError("home: no covers yet; run `cratewatch import FOLDER`, or add --covers")
    chosen = _some([cover for _, cover in sorted(first.items())], seed)
    return [
        (one.cover_id, pixels(decode(lake.read(cover_key(one.cover_id)), side_px=COVER_PX)))
        for one in chosen
    ]


def figures_of(people: Path | None, seed: int) -> list[Figure]:
    """Return who acts.

    Args:
        people: A folder of people that are cut out, pictures with a transparent ground; or a
            video of a camera that does not move, which begins with the empty room; None for
            drawn figures.

    Raises:
        CratewatchError: if nobody is there.
    """
    if people is None:
        return [draw_figure(stream(seed, f"figure {number}")) for number in range(DRAWN)]
    if people.suffix.lower() in VIDEOS:
        figures = _figures_of_video(people)
        wanted = "it must begin with the empty room, and show people whole, one at a time"
    else:
        files = sorted(people.glob("*.png"))
        figures = [one for file in files if (one := cut_out([_cut_out(file)]))]
        wanted = "name a folder of PNG pictures with a transparent ground, or a video"
    if not figures:
        raise CratewatchError(f"--people: nobody can be cut out of {people}; {wanted}")
    return figures


def backdrop_of(scenes: Path | None, size_px: tuple[int, int], seed: int) -> Rgb:
    """Return the room, (H, W, 3): one of a folder's pictures, a picture, or a drawn shop.

    Raises:
        NotFoundError: if the folder holds no picture.
        ImageError: if it is broken.
    """
    rng = stream(seed, "backdrop")
    wide, tall = size_px
    if scenes is None:
        room = Background("shop", sample_cloth_colour(rng), seed)
        drawn = cv2.convertScaleAbs(draw_background(room, max(size_px)), alpha=255.0)
        return np.asarray(drawn[:tall, :wide], np.uint8)
    files = [scenes] if scenes.is_file() else sorted(scenes.iterdir()) if scenes.is_dir() else []
    files = [file for file in files if file.suffix.lower() in SUFFIXES]
    if not files:
        raise NotFoundError(f"--scenes: {scenes} holds no picture; name a picture or a folder")
    picture = pixels(load(files[int(rng.integers(len(files)))]))
    return _filling(picture, wide, tall)


def _cover(data: bytes) -> tuple[str, Rgb]:
    stored = prepare_cover(data)
    return stored.cover_id, pixels(decode(stored.data, side_px=COVER_PX))


def _some(all_: Sequence[T], seed: int) -> list[T]:
    order = stream(seed, "covers").permutation(len(all_))[:MOST_COVERS]
    return [all_[number] for number in order]


def _cut_out(file: Path) -> Rgb:
    try:
        with Image.open(file) as image:
            return np.asarray(image.convert("RGBA"), np.uint8)
    except OSError as error:
        raise CratewatchError(f"{file}: no picture ({error}); leave it out") from error


def _figures_of_video(file: Path) -> list[Figure]:
    frames = _pictures(file)
    room = empty_room(list(islice(frames, EMPTY_FRAMES)))
    matting = Matting(room, open_source(str(file)).rate_fps)
    for picture in frames:
        matting.add(picture)
    return matting.figures()


def _pictures(file: Path) -> Iterator[Rgb]:
    for frame in open_source(str(file)).frames():
        yield frame.pixels


def _filling(picture: Rgb, wide: int, tall: int) -> Rgb:
    """Return the middle of a picture, scaled to fill a size."""
    factor = max(wide / picture.shape[1], tall / picture.shape[0])
    size = (
        max(wide, round(picture.shape[1] * factor)),
        max(tall, round(picture.shape[0] * factor)),
    )
    large = cv2.resize(
        picture, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    )
    left, top = (size[0] - wide) // 2, (size[1] - tall) // 2
    return np.asarray(large[top : top + tall, left : left + wide], np.uint8)
