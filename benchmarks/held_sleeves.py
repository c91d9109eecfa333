"""The finder on persons who hold one sleeve: a second measure, drawn unlike benchmarks/finding.py.

    .venv/bin/python benchmarks/held_sleeves.py --data ../shared/data --persons 200

A pedestrian of `people/` fills the height of a picture, 300 to 420 px, with a cover of 0.185 of it
before the chest, none to two photographed hands at its edges, then a camera; and each person
without one. No finder that ships learnt from these covers, hands or persons. Prints what is found
from each score on.
"""

from __future__ import annotations

import argparse
import random
import tarfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.real_collection import read_collection
from benchmarks.whole_pictures.stock import Stock
from cratewatch.finding.finder import FoundSleeve
from cratewatch.finding.loading import load_finder
from cratewatch.finding.looking import Halvings
from cratewatch.finding.quads import UNIT, Quad, Rgb, homography, iou

HEIGHT_PX = (300, 420)
SIDE = 0.185
"""Of a sleeve, as a share of a standing person's height."""
FINER = 3
"""How much finer a picture is while it is drawn."""
LEAST_SCORE = 0.05
SCORES = (0.3, 0.5, 0.56, 0.6, 0.65, 0.7, 0.77, 0.85)


@dataclass(frozen=True)
class Answered:
    """A picture's true quad, None without a sleeve, and what was found."""

    quad: Quad | None
    found: list[FoundSleeve]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--persons", type=int, default=200)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--sheet", type=Path, help="file for some of the pictures")
    options = parser.parse_args()
    drawer = _Drawer(options.data, random.Random(options.seed))
    pictures = [drawer.draw(with_sleeve=n % 2 == 0) for n in range(2 * options.persons)]
    if options.sheet:
        _sheet([picture for picture, quad in pictures[:24] if quad is not None], options.sheet)
    finder = load_finder()
    answered = [
        Answered(quad, finder.find_in([Halvings.of(picture)], LEAST_SCORE)[0])
        for picture, quad in pictures
    ]
    for score in SCORES:
        print(_line(answered, score))


class _Drawer:
    """Draws persons one after the other."""

    def __init__(self, data: Path, rng: random.Random) -> None:
        self._rng = rng
        self._stock = Stock(data, read_collection(data / "covers"))
        with tarfile.open(data / "people" / "images.tar") as archive:
            files = [one for one in archive.getmembers() if one.isfile()]
            chosen = rng.sample(files, min(len(files), 1000))
            read = [archive.extractfile(one) for one in chosen]
            self._persons = [_decoded(one.read()) for one in read if one is not None]

    def draw(self, *, with_sleeve: bool) -> tuple[Rgb, Quad | None]:
        """Return a picture (H, W, 3), and where its sleeve is."""
        person = self._rng.choice(self._persons)
        scale = self._rng.uniform(*HEIGHT_PX) / person.shape[0]
        person = _scaled(person, scale)
        beside = person.shape[1] // 2
        mirrored = cv2.copyMakeBorder(person, 0, 0, beside, beside, cv2.BORDER_REFLECT)
        picture = np.asarray(mirrored, np.uint8)
        if not with_sleeve:
            return self._seen(picture), None
        quad = self._quad(person.shape[0], person.shape[1], beside)
        fine = _scaled(picture, FINER)
        self._lay(fine, quad * FINER)
        small = cv2.resize(fine, picture.shape[1::-1], interpolation=cv2.INTER_AREA)
        return self._seen(np.asarray(small, np.uint8)), quad

    def _quad(self, height_px: int, width_px: int, beside_px: int) -> Quad:
        rng = self._rng
        side = SIDE * height_px * rng.uniform(0.9, 1.15)
        about = (beside_px + width_px * rng.uniform(0.35, 0.65), height_px * rng.uniform(0.32, 0.5))
        turn = np.radians(rng.gauss(0, 12))
        turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        flat = (UNIT - 0.5) * side * (rng.uniform(0.7, 1.0), 1.0)
        off = [[rng.gauss(0, 0.04 * side) for _ in "xy"] for _ in range(4)]
        return np.asarray(flat @ turned.T + about + off, np.float64)

    def _lay(self, picture: Rgb, quad: Quad) -> None:
        """Lay a cover and hands on a picture, in place."""
        cover = self._stock.cover(self._rng.choice(self._stock.covers))
        size = picture.shape[1::-1]
        to_picture = homography(quad) @ np.diag([1 / cover.shape[1], 1 / cover.shape[0], 1.0])
        laid = cv2.warpPerspective(cover, to_picture, size)
        where = cv2.warpPerspective(np.full(cover.shape[:2], 255, np.uint8), to_picture, size)
        picture[where > 127] = laid[where > 127]
        for _ in range(self._rng.choice((0, 1, 1, 2))):
            self._hold(picture, quad)

    def _hold(self, picture: Rgb, quad: Quad) -> None:
        hand = self._rng.choice(self._stock.hands).rgba
        side = float(np.linalg.norm(quad[1] - quad[0]))
        scale = side * self._rng.uniform(0.4, 0.6) / max(hand.shape[:2])
        hand = _scaled(hand, scale)
        edge = self._rng.randrange(4)
        about = (quad[edge] + quad[(edge + 1) % 4]) / 2
        x, y = (int(c - n / 2) for c, n in zip(about, hand.shape[1::-1], strict=True))
        part = picture[max(y, 0) : y + hand.shape[0], max(x, 0) : x + hand.shape[1]]
        hand = hand[max(-y, 0) :, max(-x, 0) :][: part.shape[0], : part.shape[1]]
        share = hand[..., 3:] / 255.0
        part[:] = (part * (1 - share) + hand[..., :3] * share).astype(np.uint8)

    def _seen(self, picture: Rgb) -> Rgb:
        """Return it as a camera gives it."""
        rng = self._rng
        soft = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.0)).astype(np.float64)
        noise = np.random.default_rng(rng.randrange(2**32)).normal(0, rng.uniform(1, 6), soft.shape)
        noisy = np.clip(soft + noise, 0, 255).astype(np.uint8)
        quality = [cv2.IMWRITE_JPEG_QUALITY, rng.randrange(50, 90)]
        return _decoded(cv2.imencode(".jpg", noisy[..., ::-1], quality)[1].tobytes())


def _scaled(picture: Rgb, scale: float) -> Rgb:
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=way), np.uint8)


def _decoded(file: bytes) -> Rgb:
    picture = np.asarray(cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(picture[..., ::-1])


def _line(answered: list[Answered], score: float) -> str:
    best, wrong, without = [], [], []
    for one in answered:
        believed = [sleeve.quad for sleeve in one.found if sleeve.score >= score]
        if one.quad is None:
            without.append(len(believed))
            continue
        shares = [iou(one.quad, quad) for quad in believed]
        best.append(max(shares, default=0.0))
        wrong.append(sum(share < 0.5 for share in shares))
    found, exact = (float(np.mean(np.array(best) >= least)) for least in (0.5, 0.75))
    return (
        f"from {score:.2f}: recall {found:.1%}, at IoU 0.75 {exact:.1%}; wrong ones a picture: "
        f"{np.mean(wrong):.3f} beside a sleeve, {np.mean(without):.3f} without one"
    )


def _sheet(pictures: list[Rgb], file: Path) -> None:
    tiles = [cv2.resize(picture, (300, 300)) for picture in pictures[:12]]
    rows = [np.hstack(tiles[n : n + 4]) for n in range(0, len(tiles), 4)]
    cv2.imwrite(str(file), np.vstack(rows)[..., ::-1])


if __name__ == "__main__":
    main()
