"""The page of a search by words, read, and used in a browser."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from cratewatch.errors import CratewatchError
from cratewatch.reports.words.page import (
    begin_results,
    crop_name,
    frame_name,
    write_picture,
    write_results,
)
from cratewatch.words.explaining import Explained
from cratewatch.words.searching import Found, Moment
from tests.cratewatch.words.told_persons import footage, picture

CHROMIUM = shutil.which("chromium")


def found(count: int) -> Found:
    moments = [
        Moment(
            rank=n,
            score=1.0 / n,
            similarity=1.0 / n,
            t=1.5 * n,
            frame=15 * n,
            track_id=n,
            box=(40.0, 40.0, 110.0, 220.0),
            caption="<i>orange</i> above",
            by="colour",
            camera="door & till",
            at=None,
            footage="",
            recording="film.mp4",
        )
        for n in range(1, count + 1)
    ]
    explained = Explained("colour", ("orange",), ("<script>",))
    return Found('<img src=x onerror="x()">', explained, moments, 0.1, {})


def write(folder: Path, count: int) -> str:
    begin_results(folder)
    told = found(count)
    for moment in told.moments:
        write_picture(folder, crop_name(moment), picture()[40:220, 40:110])
        write_picture(folder, frame_name(moment), picture())
    footage(folder / "moments.mp4")
    write_results(folder, told, {moment.rank: "moments.mp4" for moment in told.moments})
    return (folder / "results.html").read_text()


def test_what_comes_from_outside_is_text(tmp_path: Path) -> None:
    page = write(tmp_path, 2)
    assert "<img src=x" not in page
    assert "<i>orange" not in page
    assert "door &amp; till" in page
    assert "<script>\nconst" in page
    assert len(re.findall("<script>", page)) == 1
    assert [one["t"] for one in json.loads((tmp_path / "results.json").read_text())] == [1.5, 3.0]


def test_an_earlier_search_leaves_nothing(tmp_path: Path) -> None:
    write(tmp_path, 3)
    page = write(tmp_path, 0)
    assert "nothing fits; the nearest has 0.10" in page
    assert list((tmp_path / "crops").iterdir()) == []
    assert json.loads((tmp_path / "results.json").read_text()) == []


def test_pictures_that_no_search_wrote_are_kept(tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    mine = tmp_path / "frames" / "000001.jpg"
    mine.write_bytes(b"a frame of a video")
    with pytest.raises(CratewatchError, match=r"000001\.jpg: is not of a search"):
        begin_results(tmp_path)
    assert mine.read_bytes() == b"a frame of a video"
    assert not (tmp_path / "crops").exists()


@pytest.mark.heavy
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium; infra/install-test-deps.sh")
def test_a_click_jumps_to_the_time(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    write(tmp_path, 2)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto((tmp_path / "results.html").as_uri())
        page.click("button >> nth=1")
        page.wait_for_function("player.currentTime >= 3 && player.currentTime < 6")
        assert page.evaluate("document.querySelector('.what').textContent").startswith("1. 0:00:01")
        browser.close()
    assert said == []
