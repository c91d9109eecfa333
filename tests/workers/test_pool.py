import errno
import os
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import ray

from cratewatch.errors import CratewatchError
from tests.waiting import until
from workers import pool as pool_module
from workers.pool import Pool, Quarantined

pytestmark = pytest.mark.usefixtures("ray_cluster")


@ray.remote(num_cpus=0, max_concurrency=2)  # type: ignore[call-overload]
class Squarer:
    def __init__(self, notes: Path, dies_at: dict[int, int]) -> None:
        self._notes = notes
        self._dies_at = dies_at

    def ready(self) -> None:
        (self._notes / f"start-{os.getpid()}").touch()
        if (self._notes / "unwell").exists():
            raise CratewatchError("no model there")

    def square(self, number: int) -> int:
        """Square a number; some are the death of as many actors."""
        if number == -1:
            raise CratewatchError(f"{number} has no business here")
        if number == -2:
            raise OSError(errno.ENOSPC, "No space left on device")
        if number == -3:
            raise RuntimeError("CUDA error: the device fell off the bus")
        deaths = len(list(self._notes.glob(f"death-{number}-*")))
        if deaths < self._dies_at.get(number, 0):
            (self._notes / f"death-{number}-{deaths}").touch()
            time.sleep(0.2)  # so that the other slot is taken
            os._exit(1)
        return number * number


def squares(notes: Path, items: list[int], dies_at: dict[int, int], size: int = 2) -> list[Any]:
    actor: Any = Squarer
    crew = Pool(lambda: actor.remote(notes, dies_at), size, slots=2)
    return list(crew.map(lambda one, number: one.square.remote(number), items))


def test_every_item_is_worked_on_once_by_no_more_actors_than_asked_for(tmp_path: Path) -> None:
    assert sorted(squares(tmp_path, list(range(30)), {})) == [n * n for n in range(30)]
    assert len(list(tmp_path.glob("start-*"))) in (1, 2), "the second may come too late"


def test_an_actor_that_dies_is_replaced_and_its_items_are_done_by_others(tmp_path: Path) -> None:
    found = squares(tmp_path, list(range(20)), {3: 1, 11: 2})
    assert sorted(found) == [n * n for n in range(20)]
    assert len(list(tmp_path.glob("death-*"))) == 3


def test_an_item_that_kills_every_actor_is_quarantined_and_the_others_are_done(
    tmp_path: Path,
) -> None:
    found = squares(tmp_path, list(range(6)), {2: 99}, size=1)
    quarantined = [one for one in found if isinstance(one, Quarantined)]
    assert [one.item for one in quarantined] == [2]
    assert "ActorDied" in quarantined[0].reason
    assert sorted(one for one in found if isinstance(one, int)) == [0, 1, 9, 16, 25]


def test_what_an_actor_says_of_its_input_is_raised(tmp_path: Path) -> None:
    with pytest.raises(CratewatchError, match="-1 has no business here"):
        squares(tmp_path, [-1], {})
    with pytest.raises(OSError, match="No space left"):
        squares(tmp_path, [-2], {})


@pytest.mark.parametrize("unwell", [False, True])
def test_an_actor_that_raises_is_gone_though_its_error_is_still_held(
    tmp_path: Path, unwell: bool
) -> None:
    if unwell:
        (tmp_path / "unwell").touch()
    with pytest.raises(CratewatchError) as held:
        squares(tmp_path, [-1], {}, size=1)
    assert ("no model there" in str(held.value)) == unwell
    (start,) = tmp_path.glob("start-*")
    actor = int(start.name.removeprefix("start-"))
    until(lambda: not psutil.pid_exists(actor), limit_s=30)


def test_an_actor_whose_device_fails_is_no_longer_trusted(tmp_path: Path) -> None:
    found = squares(tmp_path, [2, -3, 4], {}, size=1)
    assert sorted(one for one in found if isinstance(one, int)) == [4, 16]
    (lost,) = (one for one in found if isinstance(one, Quarantined))
    assert lost == Quarantined(-3, "RuntimeError: CUDA error: the device fell off the bus")


def test_a_cluster_that_loses_every_actor_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(CratewatchError, match="lost again and again"):
        squares(tmp_path, list(range(10)), dict.fromkeys(range(10), 99), size=1)


def test_items_that_kill_every_actor_do_not_cost_the_others(tmp_path: Path) -> None:
    found = squares(tmp_path, list(range(8)), {2: 99, 3: 99, 5: 99}, size=1)
    assert sorted(one for one in found if isinstance(one, int)) == [0, 1, 16, 36, 49]
    assert sorted(one.item for one in found if isinstance(one, Quarantined)) == [2, 3, 5]


def test_actors_that_find_no_room_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "START_S", 3.0)
    actor: Any = Squarer
    crew = Pool(lambda: actor.options(num_gpus=64).remote(tmp_path, {}), 1)
    with pytest.raises(CratewatchError, match="no room"):
        list(crew.map(lambda one, number: one.square.remote(number), [1]))


def test_items_are_taken_as_actors_become_free(tmp_path: Path) -> None:
    taken: list[int] = []

    def numbers() -> Any:
        for number in range(50):
            taken.append(number)
            yield number

    actor: Any = Squarer
    crew = Pool(lambda: actor.remote(tmp_path, {}), 1, slots=2)
    results = crew.map(lambda one, number: one.square.remote(number), numbers())
    next(results)
    assert len(taken) <= 4
    results.close()
