"""The examples of docs/python.md, and what they leave out."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cratewatch
from cratewatch.api import Picture
from cratewatch.catalog.facts import Wanted
from cratewatch.catalog.records import Cover
from cratewatch.errors import ImageError, NotFoundError
from cratewatch.images.reading import load

EXAMPLES = re.findall(
    r"```python\n(.*?)```",
    (Path(__file__).parents[2] / "docs" / "python.md").read_text(),
    re.DOTALL,
)


def test_the_examples_run_as_they_stand(
    home: Path, served: list[Cover], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(home.parent)
    Path("shop").symlink_to(home)
    for name, cover in zip(("crop.jpg", "another.jpg"), served, strict=False):
        Path(name).write_bytes(Path(cover.source_url).read_bytes())
    exec(EXAMPLES[0], {})
    assert len(capsys.readouterr().out.splitlines()) == 2
    with pytest.raises(NotFoundError, match="--genre: no release has 'jazz'"):
        exec(EXAMPLES[1], {"cratewatch": cratewatch})


def test_releases_are_found_by_words_and_by_what_is_wanted(
    home: Path, served: list[Cover], capsys: pytest.CaptureFixture
) -> None:
    with cratewatch.open(home) as opened:
        (first, *others) = opened.releases()
        assert len({first.release_id, *(release.release_id for release in others)}) == len(served)
        assert {first.cover_id, *(release.cover_id for release in others)} == {
            cover.cover_id for cover in served
        }
        assert first in opened.releases(first.title.upper())
        assert [*opened.releases(artist="nobody")] == []
        assert len([*opened.releases(limit=2)]) == 2
        with pytest.raises(NotFoundError, match="no release has 'jazz'"):
            opened.releases(wanted=Wanted(genre="jazz"))
    exec(EXAMPLES[2].replace('"shop"', repr(str(home))), {"cratewatch": cratewatch})
    assert capsys.readouterr().out == ""


def test_a_picture_comes_in_any_form(home: Path, served: list[Cover]) -> None:
    path = Path(served[5].source_url)
    image = load(path)
    with cratewatch.open(home) as opened:
        pictures: list[Picture] = [str(path), path, path.read_bytes(), image, np.asarray(image)]
        answers = opened.identify(pictures, top=2)
        assert [answer.matches[0].cover_id for answer in answers] == [served[5].cover_id] * 5
        assert all(answer.known and len(answer.matches) == 2 for answer in answers)
        assert [answer.query for answer in answers][1:3] == [str(path), "picture 2"]
        vectors = opened.embed(pictures)
        assert vectors.shape == (5, vectors.shape[1])
        assert np.allclose(vectors @ vectors.T, 1, atol=1e-3)
        assert opened.embed([]).shape == (0, vectors.shape[1])


def test_a_bad_picture_is_an_answer_of_its_own(home: Path, served: list[Cover]) -> None:
    with cratewatch.open(home) as opened:
        floats: Any = np.zeros((4, 4, 4, 4))
        answers = opened.identify([b"no picture", served[0].source_url, floats, "nowhere.jpg"])
        assert [answer.error is None for answer in answers] == [False, True, False, False]
        assert answers[0].error is not None
        assert answers[0].error.startswith("not_an_image: ")
        with pytest.raises(ImageError, match="no picture"):
            opened.embed([floats])


@pytest.mark.usefixtures("served")
def test_filters_and_the_version(home: Path) -> None:
    with cratewatch.open(home, Wanted(source="import")) as opened:
        assert opened.model
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", cratewatch.__version__)
    with pytest.raises(AttributeError, match="'cratewatch' has no attribute 'close'"):
        cratewatch.close  # noqa: B018
