"""Which cover a sample shows: depends on its number alone, and is reckoned once for each turn."""

import numpy as np
import pytest

from cratewatch.datasets import samples
from cratewatch.datasets.samples import Material
from cratewatch.datasets.shards import Manifest
from cratewatch.lake.folder import FolderLake

COVERS = [f"cover-{n}" for n in range(70)]


@pytest.fixture
def material(lake: FolderLake) -> Material:
    manifest = Manifest("run", "composite", 5, 210, 250, "train", "", {})
    return Material(lake, manifest, COVERS)


def test_each_turn_goes_through_all_covers_in_an_order_of_its_own(material: Material) -> None:
    turns = [[material.cover_id(n) for n in range(at, at + 70)] for at in (0, 70, 140)]
    for turn, drawn in enumerate(turns):
        order = np.random.default_rng([5, turn]).permutation(70)
        assert drawn == [COVERS[place] for place in order]
    assert turns[0] != turns[1]


def test_the_order_of_a_turn_is_computed_once(material: Material) -> None:
    samples._order_of_turn.cache_clear()
    for number in range(140):
        material.cover_id(number)
        material.cover_id(number)
    assert samples._order_of_turn.cache_info().misses == 2
