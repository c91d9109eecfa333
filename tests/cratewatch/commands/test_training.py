"""What `cratewatch train` refuses before anything is read."""

from typing import Any

import pytest

from cratewatch.commands import training as training_command
from cratewatch.errors import CratewatchError


@pytest.mark.parametrize(
    ("part", "given", "message"),
    [
        ("model", {"backbone": "vgg"}, "--backbone 'vgg' is none of resnet18, "),
        ("model", {"pooling": "max"}, "--pooling 'max' is none of map, gem, mean"),
        ("model", {"stages": 5}, "--stages 5: a backbone has 1 to 4"),
        ("model", {"stages": 4, "image_px": 32}, "--image-px 32: 4 stages need 64"),
        ("loss", {"name": "l2"}, "--loss: 'l2' is none of soft_triplet, "),
        ("loss", {"memory": -1}, "--memory: -1; it is at least 0"),
        ("loss", {"temperature": float("nan")}, "--temperature: nan; it is a number above 0"),
        ("draw", {"artworks": 1}, "--artworks 1, with 3 images of each: a batch needs two"),
        ("rest", {"precision": "int8"}, "--precision 'int8' is neither bf16 nor fp32"),
        ("rest", {"learning_rate": float("inf")}, "--learning-rate inf: give a number from 0 on"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_option(
    part: str, given: dict[str, Any], message: str
) -> None:
    parts: dict[str, dict[str, Any]] = {"model": {}, "loss": {}, "draw": {}, "rest": {}}
    with pytest.raises(CratewatchError, match=f"^{message}"):
        training_command._config(**parts | {part: given})
