from pathlib import Path

import pytest

from cratewatch.datasets.confused_pairs import confused_pairs, read_pairs
from cratewatch.embedding.model_folder import save_model
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.lake.lake import Lake
from tests.tiny import TINY, tiny_net

PAIRS = [("aa", "bb"), ("cc", "aa")]


def test_a_models_own_list_reads_like_a_file(lake: Lake, tmp_path: Path) -> None:
    model = save_model(lake, tiny_net(), TINY, {}, [], PAIRS)
    file = tmp_path / "pairs.CSV"
    file.write_bytes(lake.read(f"models/{model}/confused.csv"))
    assert confused_pairs(lake, model) == PAIRS
    assert confused_pairs(lake, str(file)) == PAIRS


def test_spaces_and_empty_lines_do_not_count(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_bytes(b"\xef\xbb\xbfartwork,taken_for\r\n\r\naa, bb\r\ncc,aa")
    assert read_pairs(file) == PAIRS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: nothing instead of the header artwork,taken_for"),
        ("aa,bb\n", "line 1: 'aa,bb' instead of the header"),
        ("artwork,taken_for\naa,bb\naa\n", "line 3: 'aa' is no pair of artwork ids"),
        ("artwork,taken_for\n\naa,bb,cc\n", "line 3: 'aa,bb,cc' is no pair"),
        ("artwork,taken_for\naa,\n", "line 2: 'aa,' is no pair"),
        ('artwork,taken_for\n"aa",bb\n', "line 2: .* is no pair"),
        ("artwork,taken_for\naa,aa\n", "line 2: an artwork cannot be taken for itself"),
        ("artwork,taken_for\n", "no pairs; give one a line"),
    ],
)
def test_a_line_that_is_no_pair_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(text)
    with pytest.raises(CratewatchError, match=f"pairs.csv.*{message}"):
        read_pairs(file)


def test_files_that_cannot_be_read(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such file"):
        confused_pairs(lake, str(tmp_path / "none.csv"))
    with pytest.raises(NotFoundError, match="model none-such"):
        confused_pairs(lake, "none-such")
    (tmp_path / "utf16.csv").write_bytes("artwork,taken_for\n".encode("utf-16"))
    with pytest.raises(CratewatchError, match="not UTF-8"):
        read_pairs(tmp_path / "utf16.csv")
