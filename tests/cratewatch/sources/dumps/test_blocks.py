import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from cratewatch.errors import NotFoundError
from cratewatch.sources.dumps.blocks import CutError, read_blocks

TEXT = b"".join(b"line %d of a text\n" % n for n in range(20_000))
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}


def read(path: Path) -> tuple[bytes, str]:
    """Return what could be read and what was wrong then."""
    whole = b""
    try:
        for block in read_blocks(path):
            whole += block
    except CutError as error:
        return whole, str(error)
    return whole, ""


@pytest.mark.parametrize("packed", ["no", *PACKERS])
def test_the_name_of_a_file_says_nothing_of_its_compression(tmp_path: Path, packed: str) -> None:
    file = tmp_path / "dump.xml.gz"
    file.write_bytes(PACKERS.get(packed, bytes)(TEXT))
    assert read(file) == (TEXT, "")


@pytest.mark.parametrize("packed", PACKERS)
def test_of_a_file_that_ends_early_all_is_read_that_is_there(tmp_path: Path, packed: str) -> None:
    file = tmp_path / "dump"
    data = PACKERS[packed](TEXT)
    file.write_bytes(data[: len(data) * 3 // 4])
    whole, said = read(file)
    assert TEXT.startswith(whole)
    assert said == (
        f"cut off at byte {len(whole):,} of the text: the {packed} data ends in the middle"
    )


def test_gzip_is_read_up_to_the_place_where_it_is_damaged(tmp_path: Path) -> None:
    file = tmp_path / "dump"
    data = bytearray(gzip.compress(TEXT))
    place = len(data) // 2
    data[place : place + 400] = b"\xff" * 400
    file.write_bytes(data)
    whole, said = read(file)
    assert whole[: len(TEXT) // 3] == TEXT[: len(TEXT) // 3]
    assert "the gzip data is damaged there" in said


def test_several_members_are_one_text_and_the_padding_of_a_tape_is_none(tmp_path: Path) -> None:
    file = tmp_path / "dump"
    file.write_bytes(gzip.compress(TEXT) + gzip.compress(b"more") + bytes(512))
    assert read(file) == (TEXT + b"more", "")


def test_progress_is_told_in_bytes_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "dump"
    file.write_bytes(gzip.compress(TEXT))
    told: list[int] = []
    list(read_blocks(file, told.append))
    assert told[-1] == file.stat().st_size


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no such file"):
        list(read_blocks(tmp_path / "none"))
