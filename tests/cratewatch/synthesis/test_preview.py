import numpy as np
import pytest

from cratewatch.synthesis.preview import CAPTION_PX, TILE_PX, contact_sheet
from cratewatch.synthesis.query import Query, draw_query
from cratewatch.synthesis.scene import SceneConfig

RED = np.full((20, 20, 3), (230, 10, 10), dtype=np.uint8)
QUERIES = [draw_query(RED, str(seed), seed, SceneConfig(bare_share=0)) for seed in range(5)]


def test_sheet_has_a_tile_and_a_caption_for_each_query() -> None:
    sheet = contact_sheet([QUERIES[n % 5] for n in range(10)])
    assert sheet.size == (8 * TILE_PX, 2 * (TILE_PX + CAPTION_PX))
    pixels = np.asarray(sheet)
    assert pixels[TILE_PX : TILE_PX + CAPTION_PX, :TILE_PX].max() > 200
    for i in range(10):
        left, top = i % 8 * TILE_PX, i // 8 * (TILE_PX + CAPTION_PX)
        assert pixels[top : top + TILE_PX, left : left + TILE_PX].std() > 10
    last_places = pixels[TILE_PX + CAPTION_PX :, 2 * TILE_PX :]
    assert np.ptp(last_places) == 0


def test_fewer_queries_than_columns_make_a_narrow_sheet() -> None:
    assert contact_sheet(QUERIES[:2]).size == (2 * TILE_PX, TILE_PX + CAPTION_PX)


def test_boxes_are_drawn() -> None:
    query = next(query for query in QUERIES if query.label["boxes"])
    without = Query(query.jpeg, query.label | {"boxes": []})
    boxed, plain = (np.asarray(contact_sheet([one])) for one in (query, without))
    assert (plain != boxed).any()


def test_masks_are_outlined_beside_their_boxes() -> None:
    query = next(query for query in QUERIES if query.label["boxes"])
    boxes = query.label["boxes"]
    assert isinstance(boxes, list)
    height, width = boxes[0]["mask"]["size"]
    empty = {"size": [height, width], "counts": [height * width]}
    bare = Query(query.jpeg, query.label | {"boxes": [box | {"mask": empty} for box in boxes]})
    with_masks, without = (np.asarray(contact_sheet([one])) for one in (query, bare))
    assert (with_masks != without).any()


def test_no_queries_no_sheet() -> None:
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([])
