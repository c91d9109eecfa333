from pathlib import Path

import pytest

from cratewatch.catalog.locking import hold_lock
from cratewatch.errors import BusyError


def test_one_process_holds_a_lock_at_a_time_and_the_next_may_follow(tmp_path: Path) -> None:
    lock = tmp_path / "writer.lock"
    with hold_lock(lock), pytest.raises(BusyError, match="another refresh"), hold_lock(lock):
        pass
    with hold_lock(lock):
        pass
