"""What is written on frames."""

from __future__ import annotations

import pytest

from cratewatch.footage.drawing import plain_letters


@pytest.mark.parametrize(
    ("said", "written"),
    [("Île Noire Sessions 96%", "Ile Noire Sessions 96%"), ("Malmö", "Malmo"), ("歌 1", "? 1")],
)
def test_letters_lose_their_marks(said: str, written: str) -> None:
    assert plain_letters(said) == written
