"""The record shop of docs/tutorial.md: python shop.py; Ctrl-C closes it.

It lists sixteen records at http://127.0.0.1:8400 and puts what its camera saw into camera/.
A visit to /tomorrow lets the next day come.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from dataclasses import replace
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path

import numpy as np
from PIL import Image

from cratewatch.demo.covers import cover_file
from cratewatch.demo.site import DemoShop
from cratewatch.demo.stock import Fault, ShopRelease, StockPlan, stock_of_night
from cratewatch.demo.storefront import Answer, Storefront
from cratewatch.synthesis.query import draw_query
from cratewatch.synthesis.scene import SceneConfig

PORT = 8400
LISTED = 16
HELD, STRANGER = 8, 20
"""Places in the stock of what the camera saw: a record of the shop, and one that it never had."""
REPRICED, SOLD, SPOILT = 2, 9, 12
LEFT_IN_A_BROKEN_LISTING = 5
DRAWN_BY = 4  # the seed whose hands and lights leave something to see
SEVERITY = (0.4, 0.4)
_STOCK = stock_of_night(1, StockPlan(n_releases=40))


class CornerShop(DemoShop):
    """Sixteen records, four days: opened, changed, with a broken listing, mended."""

    def __init__(self, folder: Path, port: int = PORT) -> None:
        super().__init__(folder / "covers", plan=StockPlan(n_releases=40), port=port)
        self._camera = folder / "camera"

    def open_night(self, night: int) -> None:
        """Change to a day's pages, 1 to 4."""
        self.releases = stock_of_day(night)
        self._storefront = Storefront(self._folder, self.url, min(night, 2), self.releases)
        self.night = night

    def answer(self, method: str, path: str) -> Answer:
        """Answer as a shop, but for the one page that no shop has."""
        if path != "/tomorrow":
            return super().answer(method, path)
        self.open_night(self.night + 1)
        return Answer(f"it is day {self.night}\n".encode(), "text/plain", HTTPStatus.OK)

    def watch(self) -> None:
        """Write what the camera saw: a sleeve in a hand, and one that the shop does not have."""
        self._camera.mkdir(parents=True, exist_ok=True)
        for name, place in {"held.jpg": HELD, "stranger.jpg": STRANGER}.items():
            with Image.open(cover_file(self._folder, _STOCK[place].image)) as cover:
                pixels = np.asarray(cover.convert("RGB"))
            query = draw_query(pixels, name, DRAWN_BY, SceneConfig(severity_range=SEVERITY))
            (self._camera / name).write_bytes(query.jpeg)


def stock_of_day(day: int) -> list[ShopRelease]:
    """Return what the shop lists on a day, 1 to 4."""
    stock = [replace(release, fault=Fault.NONE) for release in _STOCK]
    stock[SPOILT] = replace(stock[SPOILT], fault=Fault.IMAGE_TRUNCATED)
    if day == 1:
        return stock[:LISTED]
    stock[REPRICED] = replace(stock[REPRICED], price=stock[REPRICED].price - Decimal(6))
    listed = [release for place, release in enumerate(stock[: LISTED + 2]) if place != SOLD]
    return listed[:LEFT_IN_A_BROKEN_LISTING] if day == 3 else listed


def main() -> None:
    """Keep the shop open until Ctrl-C; argv: a folder, or the one that the user is in."""
    folder = Path(*sys.argv[1:2])
    with CornerShop(folder) as shop:
        shop.watch()
        sys.stdout.write(f"{LISTED} records at {shop.url}, what the camera saw in camera/\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
