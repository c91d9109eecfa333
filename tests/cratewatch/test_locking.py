from pathlib import Path

import pytest

from cratewatch.errors import CratewatchError
from cratewatch.locking import one_writer


def test_one_process_writes_at_a_time_and_the_next_may_follow(home: Path) -> None:
    with (
        one_writer(home),
        pytest.raises(CratewatchError, match="another refresh or import"),
        one_writer(home),
    ):
        pass
    with one_writer(home):
        pass
