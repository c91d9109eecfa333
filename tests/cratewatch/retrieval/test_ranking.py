from cratewatch.gallery.gallery import Hit
from cratewatch.retrieval.ranking import first_places, rank, rank_of


def test_scans_of_one_artwork_are_one_match() -> None:
    hits = [
        Hit("scan-1", "a", 0.9),
        Hit("scan-2", "a", 0.8),
        Hit("other", "b", 0.7),
        Hit("third", "c", 0.6),
    ]
    assert [hit.cover_id for hit in rank([hits], 2)[0]] == ["scan-1", "other"]
    assert rank([[]], 2) == [[]]


def test_an_artwork_stands_where_its_first_cover_does() -> None:
    assert first_places("aabacb", 5) == [0, 2, 4]
    assert first_places("aabacb", 2) == [0, 2]


def test_a_rank_counts_artworks_and_not_covers() -> None:
    assert [rank_of(artwork, "aabac") for artwork in "abcd"] == [0, 1, 2, None]
