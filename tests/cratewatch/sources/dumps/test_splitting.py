import pytest
from hypothesis import given
from hypothesis import strategies as st

from cratewatch.sources.dumps import splitting
from cratewatch.sources.dumps.blocks import CutError
from cratewatch.sources.dumps.splitting import Record, kind_of, split
from tests.cratewatch.sources.dumps.made_dumps import discogs, release

THREE = discogs(*map(release, (7, 8, 9)))
LABELS = (
    b"<labels>\n<label><id>1</id><name>A</name><sublabels><label id='2'>B</label></sublabels>"
    b"</label>\n<label><images/><id>2</id><parentLabel id='1'>A</parentLabel></label></labels>"
)


def cut(text: bytes, kind: splitting.Kind = "release") -> tuple[list[Record], str]:
    """Return the records that could be read, and what was wrong then."""
    found: list[Record] = []
    records = split(kind, [text])
    while True:
        try:
            found.append(next(records))
        except CutError as error:
            return found, error.reason
        except StopIteration:
            return found, ""


@given(st.integers(1, 400))
def test_the_size_of_the_blocks_makes_no_difference(size: int) -> None:
    blocks = [THREE[start : start + size] for start in range(0, len(THREE), size)]
    records = list(split("release", blocks))
    assert [record.native_id for record in records] == [7, 8, 9]
    assert all(b"<release " + record.data in THREE for record in records)


def test_a_dump_without_its_outer_element_is_whole() -> None:
    records, said = cut(discogs(release(7), release(8), outer=False))
    assert [record.native_id for record in records] == [7, 8]
    assert not said


def test_a_dump_that_ends_within_a_record_keeps_those_before() -> None:
    records, said = cut(THREE[: THREE.index(b'<release id="9"') + 100])
    assert [record.native_id for record in records] == [7, 8]
    assert said == "the last release has no end"


def test_a_dump_that_ends_between_two_records_is_cut_off_as_well() -> None:
    records, said = cut(THREE[: THREE.index(b'<release id="9"')])
    assert [record.native_id for record in records] == [7, 8]
    assert said == "the end of all releases is missing"


def test_a_record_without_an_end_costs_no_other() -> None:
    records, said = cut(THREE.replace(b"</release>", b"", 1))
    assert [(record.native_id, record.is_whole) for record in records] == [
        (7, False),
        (8, True),
        (9, True),
    ]
    assert not said


def test_labels_within_labels_are_no_records() -> None:
    records, said = cut(LABELS, "label")
    assert [record.native_id for record in records] == [1, 2]
    assert records[0].data.endswith(b"</sublabels></label>")
    assert not said


def test_a_record_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "MOST_RECORD_BYTES", 2000)
    endless = THREE.replace(b"</release>", b"x" * 3000, 1)
    blocks = [endless[start : start + 500] for start in range(0, len(endless), 500)]
    whole = [record.native_id for record in split("release", blocks) if record.is_whole]
    assert whole == [8, 9]


@pytest.mark.parametrize(
    ("begin", "kind"),
    [
        (THREE, "release"),
        (LABELS, "label"),
        (b'<masters>\n<master id="18">', "master"),
        (b"<artist>", "artist"),
        (b"<!doctype html><title>Not found</title>", None),
    ],
)
def test_the_kind_is_what_stands_in_the_file(begin: bytes, kind: str | None) -> None:
    assert kind_of(begin) == kind
