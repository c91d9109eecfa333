import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from cratewatch.synthesis.gate import GateConfig
from cratewatch.synthesis.hand_sampling import HandConfig
from cratewatch.synthesis.masks import decode_mask
from cratewatch.synthesis.painted_query import (
    Order,
    PaintConfig,
    attempt_seed,
    count_rejects,
    draw_painted,
)
from cratewatch.synthesis.painting import PaintRequest
from cratewatch.synthesis.pixels import Rgb
from cratewatch.synthesis.query import draw_query
from cratewatch.synthesis.scene import SceneConfig, sample_scene
from cratewatch.synthesis.scene_file import GivenBox, GivenScene

CONFIG = PaintConfig(side_px=192)
COVER = np.asarray(
    cv2.resize(np.random.default_rng(3).integers(0, 256, (6, 6, 3), dtype=np.uint8), (120, 120)),
    dtype=np.uint8,
)


@dataclass
class FlatHands:
    """Paints noisy skin into the masks, with a seam; leaves requests of some seeds as they are."""

    idle_seeds: frozenset[int] = frozenset()
    name: str = "flat"
    batch: int = 1
    asked: list[PaintRequest] = field(default_factory=list)

    def paint(self, requests: Sequence[PaintRequest]) -> list[Rgb]:
        self.asked += requests
        return [self._paint(request) for request in requests]

    def _paint(self, request: PaintRequest) -> Rgb:
        if request.seed in self.idle_seeds:
            return request.image
        noise = np.random.default_rng(request.seed).normal(0, 6, request.image.shape)
        union = np.logical_or.reduce(request.masks).astype(np.uint8)
        depth = cv2.distanceTransform(union, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        share = np.minimum(depth / 3.0, 1.0)[..., None]
        skin = np.where(request.image.mean() > 120, 40.0, 200.0) + noise
        blended = request.image + share * (skin - request.image)
        return np.asarray(np.rint(blended.clip(0, 255)), dtype=np.uint8)


def orders(seeds: Sequence[int], scenes: SceneConfig | None = None) -> list[Order]:
    scene_of = partial(sample_scene, config=scenes or SceneConfig(bare_share=0))
    return [Order(COVER, f"cover-{seed}", seed, scene_of) for seed in seeds]


def test_a_sample_is_the_same_whatever_the_batch() -> None:
    idle = frozenset([3, attempt_seed(5, 0), attempt_seed(5, 1)])
    together = draw_painted(FlatHands(idle), orders(range(8)), CONFIG)
    backwards = draw_painted(FlatHands(idle), orders(range(7, -1, -1)), CONFIG)[::-1]
    alone = [draw_painted(FlatHands(idle), orders([seed]), CONFIG)[0] for seed in range(8)]
    assert together == alone == backwards
    assert len({one.query.jpeg for one in together if one.query}) == 8


def test_a_rejected_sample_is_drawn_again_with_another_seed() -> None:
    engine = FlatHands(frozenset([3]))
    kept, redrawn = draw_painted(engine, orders([2, 3]), CONFIG)
    assert kept.rejected == ()
    assert redrawn.rejected == ("nothing_painted",)
    assert redrawn.query is not None
    assert redrawn.query.label["seed"] == 3
    assert redrawn.query.label["attempt"] == 1
    assert [request.seed for request in engine.asked] == [2, 3, attempt_seed(3, 1)]


def test_after_the_last_attempt_there_is_no_query() -> None:
    idle = frozenset(attempt_seed(3, attempt) for attempt in range(4))
    engine = FlatHands(idle)
    kept, failed = draw_painted(engine, orders([2, 3]), CONFIG)
    assert kept.query is not None
    assert failed.query is None
    assert failed.rejected == ("nothing_painted",) * 4
    assert len(engine.asked) == 5
    assert count_rejects([kept, failed]) == {"nothing_painted": 4}


def test_the_label_describes_the_picture() -> None:
    (drawn,) = draw_painted(FlatHands(), orders([4]), CONFIG)
    composite = draw_query(COVER, "cover-4", 4, SceneConfig(bare_share=0)).label
    assert drawn.query is not None
    label = drawn.query.label
    assert set(label) == set(composite)
    assert label["engine"] == "flat"
    assert label["cover_id"] == "cover-4"
    assert label["attempt"] == 0
    assert label["degradation"] == composite["degradation"]
    assert label["occluded_fraction"] == pytest.approx(composite["occluded_fraction"], abs=0.02)
    size: Any = label["size_px"]
    width, height = size
    pairs = zip(label["boxes"], composite["boxes"], strict=True)  # type: ignore[call-overload]
    for box, other in pairs:
        assert box["phrase"] == other["phrase"]
        assert decode_mask(box["mask"]).shape == (height, width)


def test_the_picture_shows_what_was_painted_at_the_masks() -> None:
    clear = SceneConfig(
        bare_share=0, hands=HandConfig(none_share=0), sticker_share=0, severity_range=(0.0, 0.0)
    )
    for drawn in draw_painted(FlatHands(), orders(range(4), clear), CONFIG):
        assert drawn.query is not None
        boxes = drawn.query.label["boxes"]
        assert isinstance(boxes, list)
        mask = np.logical_or.reduce([decode_mask(box["mask"]) for box in boxes])
        inside = cv2.erode(mask.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
        picture = Image.open(io.BytesIO(drawn.query.jpeg)).convert("RGB")
        level = np.asarray(picture)[inside].mean()
        assert min(abs(level - 40), abs(level - 200)) < 15


def test_an_engine_is_not_asked_for_scenes_without_occluders() -> None:
    engine = FlatHands()
    bare, full = draw_painted(
        engine, [*orders([1], SceneConfig(bare_share=1)), *orders([1])], CONFIG
    )
    assert len(engine.asked) == 1
    assert bare.query is not None
    assert bare.query.label["boxes"] == []
    assert bare.query.label["occluded_fraction"] == 0.0
    assert full.query is not None


def test_the_gate_is_a_setting() -> None:
    strict = PaintConfig(side_px=192, attempts=2, gate=GateConfig(hidden_share=0.0))
    (failed,) = draw_painted(FlatHands(), orders([4]), strict)
    assert failed.rejected == ("hides_too_much", "hides_too_much")


def test_a_scene_that_hides_too_much_is_not_painted() -> None:
    corners = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
    boxes = [GivenBox(phrase="a poster", xyxy=(0.2, 0.2, 0.8, y1)) for y1 in (0.6, 0.4)]
    most, some = (GivenScene(seed=1, boxes=(box,), corners=corners) for box in boxes)
    engine = FlatHands()
    asked = [
        Order(COVER, "cover", seed, partial(given.scene, config=SceneConfig()))
        for seed, given in enumerate((most, some, most))
    ]
    drawn = draw_painted(engine, asked, CONFIG)
    assert [one.query is not None for one in drawn] == [False, True, False]
    assert count_rejects(drawn) == {"hides_too_much": 2 * CONFIG.attempts}
    assert [request.boxes[0].xyxy for request in engine.asked] == [boxes[1].xyxy]


def test_an_engine_that_loses_a_picture_is_found_out() -> None:
    class Lossy(FlatHands):
        def paint(self, requests: Sequence[PaintRequest]) -> list[Rgb]:
            return super().paint(requests)[1:]

    with pytest.raises(ValueError, match="flat: 1 pictures for 2 requests"):
        draw_painted(Lossy(), orders([1, 2]), CONFIG)
