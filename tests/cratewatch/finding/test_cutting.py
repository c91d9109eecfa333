"""From image files to upright crops."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from cratewatch.finding.cutting import MARGIN, UPRIGHT_PX, cut_upright, search_picture
from cratewatch.finding.finder import Finder, FoundSleeve
from cratewatch.finding.looking import Halvings
from cratewatch.finding.quads import iou
from cratewatch.retrieval.keypoints import QUERY_FRAME
from tests.cratewatch.finding.scenes import held, paste, room
from tests.pictures import draw_noise

FACE = slice(round(UPRIGHT_PX * MARGIN / (1 + 2 * MARGIN)), None)


def as_jpeg(pixels: np.ndarray, orientation: int = 1) -> bytes:
    image, file = Image.fromarray(pixels), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(file, "JPEG", quality=95, exif=exif)
    return file.getvalue()


def unlike(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two pictures of sleeves, without their margins."""
    edge = round(UPRIGHT_PX * MARGIN / (1 + 2 * MARGIN)) + 4
    inside = (edge, edge, UPRIGHT_PX - edge, UPRIGHT_PX - edge)
    pixels = [np.asarray(image.crop(inside), np.float32) for image in (one, other)]
    return float(np.abs(pixels[0] - pixels[1]).mean())


def test_crops_are_framed_as_queries_are() -> None:
    assert pytest.approx(QUERY_FRAME) == 1 + 2 * MARGIN


@pytest.mark.parametrize("turn_deg", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_one_of_eight_ways_is_the_cover_upright(turn_deg: int, mirrored: bool) -> None:
    cover = draw_noise(2, 256)
    quad = held((200, 150), 128, turn_deg, lean=0.0)
    shown = cover.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else cover
    halved = Halvings.of(paste(room(400, 300), [shown], [quad]))
    flat = cut_upright(
        Halvings.of(paste(room(400, 300), [cover], [held((200, 150), 128, 0, 0)])),
        FoundSleeve(held((200, 150), 128, 0, 0), 1.0),
    ).image
    seen = np.roll(quad, -(turn_deg // 90) % 4, axis=0)  # as a finder would say it
    found = cut_upright(halved, FoundSleeve(seen, 1.0))
    ways = [found.in_way(n, mirrored=m) for m in (False, True) for n in range(4)]
    best = min(ways, key=lambda way: unlike(way.image, flat))
    assert unlike(best.image, flat) < 12
    assert best.mirrored is mirrored
    own_top_left = quad[1] if mirrored else quad[0]
    assert best.sleeve.quad[0] == pytest.approx(own_top_left)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_corners_are_those_of_the_picture_as_it_is_shown(finder: Finder, orientation: int) -> None:
    quad = held((200, 300), 140, 4)
    upright = paste(room(480, 640, 2), [draw_noise(3)], [quad])
    turns = {1: 0, 3: 2, 6: 1, 8: 3}[orientation]
    stored = np.ascontiguousarray(np.rot90(upright, turns))
    searched = search_picture(as_jpeg(stored, orientation), finder)
    assert searched.image.size == (480, 640)
    assert iou(searched.sleeves[0].sleeve.quad, quad) > 0.75


def test_of_a_huge_picture_corners_are_in_its_own_pixels(finder: Finder) -> None:
    quad = held((2400, 1600), 900, 5)
    small = paste(room(1200, 800), [draw_noise(3)], [quad / 4])
    searched = search_picture(as_jpeg(cv2.resize(small, (4800, 3200))), finder)
    assert max(searched.image.size) <= 4096
    assert iou(searched.sleeves[0].sleeve.quad * searched.factor, quad) > 0.75


def test_a_crop_about_one_sleeve_is_a_crop(finder: Finder) -> None:
    around = paste(room(200, 200), [draw_noise(1)], [held((100, 100), 160, 3)])
    whole = paste(room(640, 480), [draw_noise(1)], [held((300, 240), 120, 3)])
    assert search_picture(as_jpeg(around), finder).is_crop
    assert not search_picture(as_jpeg(whole), finder).is_crop
    assert search_picture(as_jpeg(room(300, 300)), finder).is_crop
