"""A clock that was wrong when the alias moved is not believed when old collections are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cratewatch.gallery import alias
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.indexing.releasing import drop_old
from tests.made_collections import make_collection

YEARS = timedelta(days=4000)
SetClock = Callable[[timedelta], None]


class Clock:
    def __init__(self, off: timedelta) -> None:
        self._off = off

    def now(self, zone: object) -> datetime:
        assert zone is UTC
        return datetime.now(UTC) + self._off


@pytest.fixture
def gallery(home: Path) -> Iterator[Gallery]:
    with open_gallery(str(home / "gallery.db")) as gallery:
        for name in ("m", "m__2", "m__3"):
            make_collection(gallery, name, 8)
        gallery.alias.point_to("m")
        yield gallery


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Return a function that sets the clock by which the alias notes when it moved."""

    return lambda off: monkeypatch.setattr(alias, "datetime", Clock(off))


@pytest.mark.parametrize("first", [-YEARS, timedelta(0), YEARS])
@pytest.mark.parametrize("second", [-YEARS, timedelta(0), YEARS])
def test_their_order_is_that_in_which_the_alias_left_them(
    gallery: Gallery, set_clock: SetClock, first: timedelta, second: timedelta
) -> None:
    set_clock(first)
    gallery.alias.point_to("m__2")
    set_clock(second)
    gallery.alias.point_to("m__3")
    assert gallery.collections.served_before() == ["m__2", "m"]
    assert drop_old(gallery.collections, keep_days=7) == []  # both were left today
    assert gallery.collections.served_before() == ["m__2", "m"]
    assert gallery.collections.live("m") == "m__3"


def test_they_are_not_kept_for_ever(gallery: Gallery, set_clock: SetClock) -> None:
    set_clock(YEARS)
    gallery.alias.point_to("m__2")
    set_clock(timedelta(0))
    gallery.alias.point_to("m__3")
    assert drop_old(gallery.collections, keep_days=1) == []
    for name in ("m", "m__2"):
        until = gallery.collections.describe(name).served_until
        assert until is not None
        assert timedelta(0) <= datetime.now(UTC) - until < timedelta(minutes=5)
    assert drop_old(gallery.collections, keep_days=0) == ["m", "m__2"]
