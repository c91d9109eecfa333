from __future__ import annotations

import numpy as np
import pytest

from cratewatch.synthesis.staging.acting import StageConfig, sample_script
from cratewatch.synthesis.staging.script import Key, Passage, Role, pose_at


def test_the_same_seed_gives_the_same_script() -> None:
    one, other, third = (sample_script(seed, 3, 20, StageConfig()) for seed in (5, 5, 6))
    assert one == other
    assert one != third


@pytest.mark.parametrize("seed", range(20))
def test_whoever_has_a_sleeve_is_there(seed: int) -> None:
    script = sample_script(seed, 3, 20, StageConfig())
    for passage in script.passages:
        for person, start, end in passage.spans:
            assert 0 <= start < end <= script.seconds
            assert script.roles[person].x_at(start) is not None
            assert script.roles[person].x_at(end) is not None


def test_of_many_scripts_some_pass_a_sleeve_on_and_some_hold_two() -> None:
    scripts = [sample_script(seed, 3, 20, StageConfig()) for seed in range(40)]
    passages = [one for script in scripts for one in script.passages]
    assert any(len(passage.spans) == 2 for passage in passages)
    assert any(_overlap(script.passages) for script in scripts)
    assert any(script.wall for script in scripts)


def _overlap(passages: tuple[Passage, ...]) -> bool:
    spans = [(*span[:1], span[1], span[2]) for one in passages for span in one.spans]
    return any(
        a is not b and a[0] == b[0] and a[1] < b[2] and b[1] < a[2] for a in spans for b in spans
    )


def test_a_sleeve_that_is_passed_on_changes_hands_half_way() -> None:
    passage = Passage(
        0, (Key(1, 0, 0, 0.3), Key(2, 0, 0, 0.3), Key(3, 1, 0, 0.3), Key(5, 1, 0, 0.3))
    )
    assert passage.spans == [(0, 1, 2.5), (1, 2.5, 5)]
    assert [passage.holder_at(at) for at in (1.0, 2.4, 2.6, 5.0)] == [0, 0, 1, 1]


def test_a_sleeve_goes_with_who_holds_it() -> None:
    role = Role(0, 400, 10, (0.0, 10.0), (100.0, 500.0))
    passage = Passage(0, (Key(0, 0, 0, 0.3), Key(10, 0, 0, 0.3)))
    start, end = (pose_at(passage, (role,), at, 0) for at in (0.0, 10.0))
    assert start is not None
    assert end is not None
    assert np.allclose(end.middle - start.middle, (400, 0), atol=12)
    assert start.side_px == pytest.approx(0.185 * 400)
    assert pose_at(passage, (role,), 10.1, 0) is None
