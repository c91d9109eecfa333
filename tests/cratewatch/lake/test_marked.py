import pytest

from cratewatch.lake.folder import FolderLake
from cratewatch.lake.marked import write_marked


class DyingLake(FolderLake):
    """A lake whose writer dies at one key."""

    def write(self, key: str, data: bytes) -> None:
        if key == "second":
            raise KeyboardInterrupt
        super().write(key, data)


def test_a_writer_that_dies_leaves_no_marker(lake: FolderLake) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_marked(DyingLake(lake.root), [("first", b"1"), ("second", b"2")], "done", b"{}")
    assert list(lake.keys("")) == ["first"]
    write_marked(lake, [("first", b"one"), ("second", b"2")], "done", b"{}")
    assert [lake.read(key) for key in ("first", "second", "done")] == [b"one", b"2", b"{}"]


def test_a_marker_that_is_there_is_replaced_or_kept(lake: FolderLake) -> None:
    write_marked(lake, [], "done", b"1")
    write_marked(lake, [], "done", b"2", keep=True)
    assert lake.read("done") == b"1"
    write_marked(lake, [], "done", b"3")
    assert lake.read("done") == b"3"
