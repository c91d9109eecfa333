import io
import logging
from pathlib import Path

import pytest
from PIL import Image

from cratewatch.errors import CratewatchError
from cratewatch.gallery.gallery import Hit
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import cover_key
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.cover_keypoints import CoverKeypoints, keypoints_key
from cratewatch.retrieval.keypoints import QUERY_FRAME, Keypoints, find_keypoints
from cratewatch.retrieval.reranking import bonus, rerank
from tests.cratewatch.retrieval.pictures import picture

IDS = [f"{n}{n}" * 32 for n in range(5)]


@pytest.fixture
def covers(lake: FolderLake) -> CoverKeypoints:
    """Pictures 0 to 4."""
    for number, cover_id in enumerate(IDS):
        data = io.BytesIO()
        picture(number).convert("RGB").save(data, "JPEG", quality=95)
        lake.write(cover_key(cover_id), data.getvalue())
    return CoverKeypoints(lake)


@pytest.fixture
def query() -> Keypoints:
    """Those of picture 3 in a frame."""
    scene = Image.new("L", (184, 184), 90)
    scene.paste(picture(3), (12, 12))
    return find_keypoints(scene, frame=QUERY_FRAME)


HITS = [Hit(IDS[n], f"artwork-{n}", 0.5 - n / 100) for n in range(5)]


def test_the_cover_that_agrees_comes_first_and_what_comes_after_it_is_not_compared(
    covers: CoverKeypoints, query: Keypoints, lake: FolderLake
) -> None:
    reranked = rerank(query, HITS, covers, SearchConfig(rerank=5, enough_inliers=20))
    found = reranked.hits
    assert reranked.clear
    assert found[0].cover_id == IDS[3]
    assert 0.47 + 17 * 0.02 <= found[0].score <= 0.47 + 30 * 0.02
    assert {hit.cover_id for hit in found} == set(IDS)
    compared = [lake.exists(keypoints_key(cover_id)) for cover_id in IDS]
    assert compared == [True, True, True, True, False]


def test_no_more_than_the_best_are_compared(
    covers: CoverKeypoints, query: Keypoints, lake: FolderLake
) -> None:
    reranked = rerank(query, HITS, covers, SearchConfig(rerank=2))
    found = reranked.hits
    assert not reranked.clear
    assert sum(lake.exists(keypoints_key(cover_id)) for cover_id in IDS) == 2
    assert [hit for hit in found if hit.cover_id not in IDS[:2]] == HITS[2:]


def test_inliers_are_worth_nothing_by_chance_and_no_more_beyond_certainty() -> None:
    assert [bonus(inliers) for inliers in (0, 3, 4, 13, 33, 200)] == pytest.approx(
        [0, 0, 0.02, 0.2, 0.6, 0.6]
    )


def test_keypoints_are_found_once(covers: CoverKeypoints, lake: FolderLake) -> None:
    first = covers.of(IDS[0])
    lake.delete(cover_key(IDS[0]))
    assert covers.of(IDS[0]) is first
    again = CoverKeypoints(lake).of(IDS[0])
    assert len(again) == len(first)


class CountingLake(FolderLake):
    """A lake that notes what is read of it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.read_keys: list[str] = []

    def read(self, key: str) -> bytes:
        self.read_keys.append(key)
        return super().read(key)


def test_a_blank_cover_is_searched_for_keypoints_once(lake: FolderLake) -> None:
    data = io.BytesIO()
    Image.new("RGB", (96, 96), (250, 250, 250)).save(data, "JPEG")
    lake.write(cover_key(IDS[0]), data.getvalue())
    counting = CountingLake(lake.root)
    covers = CoverKeypoints(counting)
    assert [len(covers.of(IDS[0])) for _ in range(3)] == [0, 0, 0]
    assert counting.read_keys == [keypoints_key(IDS[0]), cover_key(IDS[0])]
    again = CountingLake(lake.root)
    assert len(CoverKeypoints(again).of(IDS[0])) == 0
    assert again.read_keys == [keypoints_key(IDS[0])], "the lake knows that there are none"


def test_a_cover_that_comes_back_is_compared_again(
    covers: CoverKeypoints, lake: FolderLake
) -> None:
    data = lake.read(cover_key(IDS[1]))
    lake.delete(cover_key(IDS[1]))
    assert len(covers.of(IDS[1])) == 0
    lake.write(cover_key(IDS[1]), data)
    assert len(covers.of(IDS[1])) > 0


def test_a_lost_cover_is_named_and_not_compared(
    covers: CoverKeypoints,
    query: Keypoints,
    lake: FolderLake,
    caplog: pytest.LogCaptureFixture,
) -> None:
    lake.delete(cover_key(IDS[1]))
    with caplog.at_level(logging.WARNING):
        found = rerank(query, HITS, covers, SearchConfig(rerank=5)).hits
    assert found[0].cover_id == IDS[3]
    assert IDS[1] in caplog.text
    assert not lake.exists(keypoints_key(IDS[1]))


def test_something_else_in_the_place_of_keypoints_is_named(
    covers: CoverKeypoints, lake: FolderLake
) -> None:
    lake.write(keypoints_key(IDS[0]), b"else")
    with pytest.raises(CratewatchError, match=r"keypoints/.* delete it"):
        covers.of(IDS[0])
