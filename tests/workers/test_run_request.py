from pathlib import Path

import pytest

from cratewatch.embedding.model_folder import save_model
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.lake.lake import Lake
from tests.tiny import TINY, tiny_net
from workers.run_request import CONFUSED_MORE, more_of_the_confused


def model(lake: Lake, *confused: tuple[str, str]) -> str:
    return save_model(lake, tiny_net(len(confused)), TINY, {}, [], confused)


def test_both_artworks_of_a_confused_pair_are_drawn_more_often(lake: Lake) -> None:
    cover_of = {f"artwork-{n}": f"cover-{n}" for n in range(6)}
    name = model(lake, ("artwork-1", "artwork-4"), ("artwork-4", "artwork-1"), ("gone", "away"))
    more = more_of_the_confused(lake, name, cover_of)
    assert sorted(more) == sorted(["cover-1", "cover-4"] * CONFUSED_MORE)


def test_a_model_that_confuses_nothing_here_is_refused(lake: Lake) -> None:
    with pytest.raises(CratewatchError, match="names none of these artworks"):
        more_of_the_confused(lake, model(lake, ("x", "y")), {"artwork-1": "cover-1"})
    with pytest.raises(NotFoundError, match="model none-such: not in the lake"):
        more_of_the_confused(lake, "none-such", {"artwork-1": "cover-1"})


def test_pairs_may_come_from_a_file(lake: Lake, tmp_path: Path) -> None:
    cover_of = {f"artwork-{n}": f"cover-{n}" for n in range(6)}
    pairs = tmp_path / "mined.csv"
    pairs.write_text("artwork,taken_for\nartwork-1,artwork-4\ngone,artwork-4\n")
    more = more_of_the_confused(lake, str(pairs), cover_of)
    assert sorted(more) == sorted(["cover-1", "cover-4"] * CONFUSED_MORE)
