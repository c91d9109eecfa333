"""docs/tutorial.md, walked as its reader walks it: every command typed, every answer compared."""

from __future__ import annotations

import csv
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.command_line import PLAIN
from tests.first_hour.shop import PORT, CornerShop
from tests.first_hour.walk import Walk, read_walk

pytestmark = [pytest.mark.slow, pytest.mark.heavy, pytest.mark.timeout(3600)]

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
STEPS = read_walk(TUTORIAL)
SHOP, FOLDER = f"http://127.0.0.1:{PORT}", "/home/you/first-hour"


class Reader:
    """Someone who follows the tutorial, no further than is asked."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._seen: list[str] = []

    def read_up_to(self, number: int) -> str:
        """Take the steps to this one, if they were not taken; return what this one shows."""
        while len(self._seen) <= number:
            self._seen.append(self._walk.take(STEPS[len(self._seen)]))
        return self._seen[number]

    def check(self, number: int) -> None:
        self._walk.compare(STEPS[number].told, self.read_up_to(number))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder whose name is short, so that tables have room for it as they have with the user."""
    with tempfile.TemporaryDirectory(prefix="hour-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def reader(folder: Path) -> Iterator[Reader]:
    with CornerShop(folder, port=0) as shop:
        shop.watch()
        walk = Walk(folder, {SHOP: shop.url, FOLDER: str(folder)})
        own = {name: value for name, value in os.environ.items() if "CRATEWATCH" not in name}
        tools = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        walk.environment = own | PLAIN | {"PATH": tools}
        yield Reader(walk)


@pytest.mark.parametrize(
    "number", range(len(STEPS)), ids=[step.file or step.text.split("\n")[0] for step in STEPS]
)
def test_a_step_shows_what_the_tutorial_tells(reader: Reader, number: int) -> None:
    reader.check(number)


def test_what_the_walk_wrote_is_whole(reader: Reader, folder: Path) -> None:
    reader.read_up_to(len(STEPS) - 1)
    with Image.open(folder / "queries.png") as sheet:
        assert min(sheet.size) > 100
    page = (folder / "answers.html").read_text()
    assert page.count("data:image/jpeg;base64,") >= 4
    assert "The Kiosk Song" in page
    with (folder / "kiosk.csv").open() as file:
        assert {row["release_id"].partition(":")[0] for row in csv.DictReader(file)} == {
            "corner-shop"
        }
    (answer,) = map(json.loads, (folder / "answer.json").read_text().splitlines())
    assert answer["known"]
