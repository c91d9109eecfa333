import io

import numpy as np
import pytest
from PIL import Image

from cratewatch.retrieval.answers import Answer
from cratewatch.retrieval.notes import notes
from cratewatch.retrieval.verdict import Verdict

SURE = Answer("picture", verdict="sure")


def picture(
    size: tuple[int, int], kind: str = "PNG", frames: int = 1
) -> tuple[bytes, tuple[int, int]]:
    random = np.random.default_rng(3)
    images = [
        Image.fromarray(random.integers(0, 255, (size[1], size[0], 3), np.uint8))
        for _ in range(frames)
    ]
    file = io.BytesIO()
    more = {"save_all": True, "append_images": images[1:]} if frames > 1 else {}
    images[0].save(file, kind, **more)
    return file.getvalue(), size


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_several_frames_the_first_is_taken_and_that_is_said(kind: str) -> None:
    assert [note for note in notes(*picture((64, 64), kind, 2), SURE) if "first one" in note]
    assert not list(notes(*picture((64, 64), kind), SURE))


def test_a_photo_with_a_small_copy_of_itself_has_one_frame() -> None:
    assert not list(notes(*picture((64, 64), "MPO", 2), SURE))


def test_bytes_behind_a_whole_picture_are_no_frames() -> None:
    file, size = picture((64, 64), "GIF", 2)
    assert not list(notes(file[: len(file) // 2], size, SURE))


@pytest.mark.parametrize(
    ("size", "verdict", "hint"),
    [
        ((400, 300), "unknown", True),
        ((300, 400), "unsure", True),
        ((400, 300), "likely", False),
        ((400, 300), None, False),
        ((120, 100), "unknown", False),
    ],
)
def test_what_may_be_a_whole_photo_and_is_not_known_should_be_cropped(
    size: tuple[int, int], verdict: Verdict | None, hint: bool
) -> None:
    answer = Answer("picture", verdict=verdict)
    assert any("crop it" in note for note in notes(*picture(size), answer)) == hint
