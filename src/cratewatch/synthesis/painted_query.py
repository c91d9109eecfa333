"""Queries by an engine that paints: request, paint, judge, and draw again what was rejected.

What can be judged by the request is not painted.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cratewatch.synthesis.composite import OccludedCover
from cratewatch.synthesis.gate import GateConfig, Reason, judge, judge_request
from cratewatch.synthesis.painting import PaintEngine, PaintRequest
from cratewatch.synthesis.pixels import Rgb
from cratewatch.synthesis.query import Origin, Query, photograph
from cratewatch.synthesis.request import to_request
from cratewatch.synthesis.scene import Scene


@dataclass(frozen=True)
class PaintConfig:
    """How samples are painted.

    Attributes:
        side_px: Side of the canvas: what the engine's model was trained at.
        attempts: How often a sample is drawn at most.
    """

    side_px: int = 512
    attempts: int = 4
    gate: GateConfig = field(default_factory=GateConfig)


@dataclass(frozen=True)
class Order:
    """One sample to draw.

    Attributes:
        cover: (H, W, 3) uint8 RGB of any size.
        cover_id: Goes into the label.
        seed: Not negative; everything random derives from it.
        scene_of: Returns the scene of an attempt, given the attempt's seed.
    """

    cover: Rgb
    cover_id: str
    seed: int
    scene_of: Callable[[int], Scene]


@dataclass(frozen=True)
class Drawn:
    """What became of an order.

    Attributes:
        query: None if every attempt was rejected.
        rejected: Why each earlier attempt was, or each of them if there is no query.
    """

    query: Query | None
    rejected: tuple[Reason, ...]


@dataclass(frozen=True)
class Prepared:
    """One attempt at an order, ready for the engine; the base lacks only what is painted."""

    order: Order
    attempt: int
    scene: Scene
    request: PaintRequest
    base: OccludedCover


def draw_painted(engine: PaintEngine, orders: Sequence[Order], config: PaintConfig) -> list[Drawn]:
    """Draw a batch of samples; each comes out the same, as far as the engine's pictures do.

    Raises:
        ValueError: if a cover is no picture, or the engine returns other sizes or numbers of
            pictures.
    """
    drawn = [Drawn(None, ()) for _ in orders]
    left = list(range(len(orders)))
    for attempt in range(config.attempts):
        prepared = [prepare(orders[i], attempt, config.side_px) for i in left]
        faults = [judge_request(one.request, one.base.sleeve, config.gate) for one in prepared]
        asked = [one for one, fault in zip(prepared, faults, strict=True) if fault is None]
        pictures = iter(_paint(engine, [one.request for one in asked]))
        for i, one, fault in zip(left, prepared, faults, strict=True):
            made = fault or finish(one, next(pictures), engine.name, config.gate)
            if isinstance(made, Query):
                drawn[i] = replace(drawn[i], query=made)
            else:
                drawn[i] = replace(drawn[i], rejected=(*drawn[i].rejected, made))
        left = [i for i in left if drawn[i].query is None]
    return drawn


def count_rejects(drawn: Sequence[Drawn]) -> dict[Reason, int]:
    """Return how many attempts were rejected for each reason, those that occurred."""
    return dict(Counter(reason for one in drawn for reason in one.rejected))


def prepare(order: Order, attempt: int, side_px: int) -> Prepared:
    """Return what the engine is to paint at an attempt, counted from 0."""
    scene = order.scene_of(attempt_seed(order.seed, attempt))
    request, base = to_request(order.cover, scene, side_px)
    return Prepared(order, attempt, scene, request, base)


def finish(prepared: Prepared, painted: Rgb, engine: str, gate: GateConfig) -> Query | Reason:
    """Return the query made of a painted picture, or why the picture is rejected."""
    reason = judge(prepared.request, painted, prepared.base.sleeve, gate)
    if reason is not None:
        return reason
    order = prepared.order
    origin = Origin(order.cover_id, order.seed, engine, prepared.attempt)
    return photograph(replace(prepared.base, image=painted), prepared.scene, origin)


def _paint(engine: PaintEngine, requests: Sequence[PaintRequest]) -> list[Rgb]:
    """Have those pictures painted in which anything is to be painted."""
    asked = [request for request in requests if request.boxes]
    painted = engine.paint(asked) if asked else []
    if len(painted) != len(asked):
        raise ValueError(f"{engine.name}: {len(painted)} pictures for {len(asked)} requests")
    answers = iter(painted)
    return [next(answers) if request.boxes else request.image for request in requests]


def attempt_seed(seed: int, attempt: int) -> int:
    """Return the seed of an attempt; the first one's is the sample's own."""
    if attempt == 0:
        return seed
    return int(np.random.SeedSequence([seed, attempt]).generate_state(1, np.uint64)[0])
