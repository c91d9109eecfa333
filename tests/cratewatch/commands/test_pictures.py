import io
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cratewatch.commands.pictures import all_missing, pictures
from cratewatch.errors import ImageError, NotFoundError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.jpg", "a.PNG", "notes.txt", "deep/c.webp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def names(*arguments: str) -> list[str]:
    return [Path(name).name for name, _ in pictures(arguments)]


def test_folders_patterns_and_files(folder: Path) -> None:
    assert names(str(folder)) == ["a.PNG", "b.jpg", "c.webp"]
    assert names(f"{folder}/*.jpg", f"{folder}/**/*.webp") == ["b.jpg", "c.webp"]
    (folder / "odd[1].jpg").touch()
    assert names(str(folder / "odd[1].jpg"), "nowhere.jpg") == ["odd[1].jpg", "nowhere.jpg"]
    for nothing in (f"{folder}/*.gif", str(folder / "deep" / "empty")):
        (folder / "deep" / "empty").mkdir(exist_ok=True)
        with pytest.raises(NotFoundError, match="no image there"):
            names(nothing)


def test_a_video_is_refused_by_its_name(folder: Path) -> None:
    ((_, read),) = pictures([str(folder / "till.MP4")])
    with pytest.raises(ImageError, match="give pictures, such as single frames"):
        read()


def test_what_is_missing_is_known_before_a_model_is_loaded(folder: Path) -> None:
    assert all_missing(["nowhere.jpg", "nor/here.png"])
    for there in ("-", str(folder), str(folder / "b.jpg"), f"{folder}/*.jpg"):
        assert not all_missing(["nowhere.jpg", there])


class Input(io.TextIOWrapper):
    def __init__(self, data: bytes) -> None:
        super().__init__(io.BufferedReader(io.BytesIO(data)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "JPEG2000"])
def test_standard_input_is_a_picture(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    Image.effect_noise((300, 300), 80).convert("RGB").save(file, kind)
    monkeypatch.setattr(sys, "stdin", Input(file.getvalue()))
    ((name, read),) = pictures(["-"])
    assert (name, read()) == ("-", file.getvalue())


def test_standard_input_is_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Input("a.jpg\n\nBMX ÿ.jpg\n".encode()))
    assert names("-") == ["a.jpg", "BMX ÿ.jpg"]


def test_a_command_without_any_file_answers_at_once(run: Any, empty_home: Path) -> None:
    said = run("identify", "a.jpg", "b.jpg", "--json", "--home", str(empty_home))
    assert said.returncode == 1
    assert [line.count("missing: no such file") for line in said.stdout.splitlines()] == [1, 1]
