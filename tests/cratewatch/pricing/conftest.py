"""Fixtures of the tests of prices."""

import pytest

FEW_TREES = 4


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grow so few trees that a training takes no seconds."""
    monkeypatch.setattr("cratewatch.pricing.training.TREES_OF_PART", FEW_TREES)
