from cratewatch.chunks import chunks


def test_chunks_hold_everything_once_and_are_cut_as_they_are_needed() -> None:
    assert list(chunks(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(chunks([], 3)) == []
    rest = iter(range(7))
    assert next(chunks(rest, 3)) == [0, 1, 2]
    assert next(rest) == 3
