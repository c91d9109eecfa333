"""Paints query shards by a diffusion engine: an actor loads the model once and takes shards.

An actor has two shards at once and its device one of them: while the pictures of a shard are
painted, those of the other are drawn, judged and degraded on the CPU.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import ray

from cratewatch.chunks import chunks
from cratewatch.datasets.samples import (
    DrawnSamples,
    Material,
    ShardResult,
    keep_shard,
    sample_key,
    until_failures,
)
from cratewatch.datasets.shards import (
    PAINTED_NOISE,
    RunFolder,
    Sample,
    record_failed_shard,
    start_run,
)
from cratewatch.errors import ImageError
from cratewatch.synthesis.diffusion.engines import make_engine
from cratewatch.synthesis.diffusion.random_weights import has_random_weights
from cratewatch.synthesis.painted_query import Order, count_rejects, draw_painted
from cratewatch.synthesis.painting import PaintEngine, PaintRequest
from cratewatch.synthesis.pixels import Rgb
from cratewatch.synthesis.scene import SceneConfig, sample_scene
from workers.brush import Brush
from workers.cluster import Workers, result
from workers.pool import Pool, Quarantined

SHARDS_EACH = 2
AT_ONCE = 64
"""Pictures of a shard that lie in memory at once: several batches of any engine."""


def paint_instead(material: Material, brush: Brush) -> Material:
    """Return the material of a run that was planned for the composite engine, to be painted."""
    settings = {"model": brush.model, **asdict(brush.config), "paint": asdict(brush.paint)}
    if has_random_weights(brush.model):
        settings[PAINTED_NOISE] = True
    if material.scenes:
        text = "\n".join(scene.model_dump_json() for scene in material.scenes)
        settings["scenes"] = hashlib.sha256(text.encode()).hexdigest()
    manifest = replace(material.manifest, engine=brush.engine, settings=settings)
    return replace(material, manifest=manifest)


def find_batch(brush: Brush, workers: Workers) -> int:
    """Return how many pictures one of the workers paints at once.

    Raises:
        CratewatchError: if the model does not fit the engine.
    """
    batch: int = result(
        _batch_of.options(num_cpus=workers.cpus_each, num_gpus=int(workers.gpu)).remote(brush)
    )
    return batch


@ray.remote
def _batch_of(brush: Brush) -> int:
    return make_engine(brush.engine, brush.model, brush.config).batch


def paint_run(
    material: Material, folder: RunFolder, brush: Brush, workers: Workers
) -> Iterator[ShardResult]:
    """Paint the shards that are not done yet, yielding each as it finishes.

    An actor that dies, with its GPU or node, is replaced, and its shards are painted by others.
    A shard that no actor survives is set aside and counts as failed.

    Raises:
        CratewatchError: if the model does not fit, if actors do not start or die again and
            again; at the end, if samples failed: their shards are not done.
    """
    todo = start_run(folder, material.manifest)
    if todo:
        results = _painted(material, folder, todo, start_painters(material, brush, workers))
        yield from until_failures(material.manifest.run, results)


def start_painters(
    material: Material, brush: Brush, workers: Workers, shards_each: int = SHARDS_EACH
) -> Pool:
    """Start a pool of Painters."""
    kept: Any = ray.put(material)
    actor: Any = Painter
    placed = actor.options(
        num_cpus=workers.cpus_each, num_gpus=int(workers.gpu), max_concurrency=shards_each
    )
    return Pool(lambda: placed.remote(kept, brush), workers.count, shards_each)


def _painted(
    material: Material, folder: RunFolder, todo: Sequence[int], painters: Pool
) -> Iterator[ShardResult]:
    submit = lambda painter, shard: painter.paint_shard.remote(folder, shard)  # noqa: E731
    for made in painters.map(submit, todo):
        if not isinstance(made, Quarantined):
            yield made
            continue
        first = sample_key(material.manifest.sample_range(made.item).start)
        failed = {first: f"its shard cost every painter that took it: {made.reason}"}
        record_failed_shard(folder, made.item, failed)
        yield ShardResult(made.item, 0, 0, failed)


class OneAtATime:
    """An engine that several threads may ask."""

    def __init__(self, engine: PaintEngine) -> None:
        self.name = engine.name
        self.batch = engine.batch
        self._engine = engine
        self._turn = threading.Lock()

    def paint(self, requests: Sequence[PaintRequest]) -> list[Rgb]:
        """Paint as the engine does, after whoever asked before."""
        with self._turn:
            return self._engine.paint(requests)


@ray.remote(max_restarts=0)
class Painter:
    """Holds an engine; several of its calls may run at once."""

    def __init__(self, material: Material, brush: Brush) -> None:
        import torch  # takes seconds, and who draws with the composite engine does without

        # With several threads a picture's place in its batch tells in the last bit.
        torch.set_num_threads(1)
        self._material = material
        self._brush = brush

    def ready(self) -> None:
        """Load the model. Not done at the start: Ray would tell a bad model as a dead actor."""
        engine = make_engine(self._brush.engine, self._brush.model, self._brush.config)
        self._engine = OneAtATime(engine)

    def paint_shard(self, folder: RunFolder, shard: int) -> ShardResult:
        """Paint a shard and write it."""
        numbers = self._material.manifest.sample_range(shard)
        return keep_shard(folder, shard, self.paint(numbers))

    def paint(self, numbers: Sequence[int]) -> DrawnSamples:
        """Paint samples, all whose covers can be read."""
        drawn = DrawnSamples()
        for part in chunks(numbers, AT_ONCE):
            self._paint_part(part, drawn)
        return drawn

    def _paint_part(self, numbers: Sequence[int], drawn: DrawnSamples) -> None:
        orders: dict[str, Order] = {}
        for number in numbers:
            try:
                orders[sample_key(number)] = self._order(number)
            except ImageError as error:
                drawn.leave_out(self._material.cover_id(number), error)
        made = draw_painted(self._engine, list(orders.values()), self._brush.paint)
        drawn.rejected.update(count_rejects(made))
        for key, one in zip(orders, made, strict=True):
            if one.query is None:
                drawn.dropped += 1
            else:
                drawn.samples.append(Sample(key, one.query.jpeg, one.query.label))

    def _order(self, number: int) -> Order:
        given = self._material.given_scene(number)
        scene_of = given.scene if given else sample_scene
        return Order(
            self._material.cover(number),
            self._material.cover_id(number),
            self._material.seed(number),
            partial(scene_of, config=SceneConfig()),
        )
