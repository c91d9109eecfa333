import pytest

from cratewatch.datasets.shards import Sample
from cratewatch.errors import CratewatchError
from cratewatch.evaluation.serving import Answer, summarise, unseen_queries
from cratewatch.gallery.gallery import Hit


def query(cover_id: str, severity: float = 0.5) -> Sample:
    return Sample("000000000", b"", {"cover_id": cover_id, "severity": severity})


ARTWORK_OF = {"c1": "a1", "c1-scan": "a1", "c2": "a2", "c3": "a3", "c4": "a4"}


def test_queries_of_artworks_that_training_saw_are_left_out() -> None:
    samples = [query("c1"), query("c1-scan"), query("c2"), query("not indexed")]
    assert unseen_queries(samples, ARTWORK_OF, frozenset({"a1"})) == [query("c2")]


def test_no_query_left_is_an_error() -> None:
    with pytest.raises(CratewatchError, match="synthesize --split test"):
        unseen_queries([query("c1")], ARTWORK_OF, frozenset({"a1"}))


def answered(truth: str, *ranking: str, severity: float) -> Answer:
    hits = tuple(Hit(f"cover of {artwork}", artwork, 0.5) for artwork in ranking)
    return Answer(query("x", severity), truth, hits)


def test_recall_by_hand() -> None:
    answers = [
        answered("a1", "a1", "a2", severity=0.1),
        answered("a2", "a1", "a2", severity=0.2),
        answered("a3", "a1", "a2", severity=0.9),
        answered("a4", "a4", severity=1.0),
    ]
    found = summarise(answers, "model", ARTWORK_OF)
    assert (found.n_queries, found.n_gallery, found.n_artworks) == (4, 5, 4)
    assert found.recall_at_1.value == 0.5
    assert found.recall_at_5.value == 0.75
    assert found.chance_at_1 == 0.25
    assert found.chance_at_5 == 1.0
    assert {name: share.value for name, share in found.by_severity.items()} == {
        "0.00-0.25": 0.5,
        "0.75-1.00": 0.5,
    }
    assert [item.right for item in answers] == [True, False, False, True]
