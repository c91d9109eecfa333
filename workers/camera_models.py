"""What cameras share: the gallery that names sleeves, and on a GPU the models, in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import ray

from cratewatch.embedding.inference import AUTO
from cratewatch.errors import CratewatchError
from cratewatch.finding.cutting import Upright
from cratewatch.finding.finder import Finder
from cratewatch.finding.networks import Plane
from cratewatch.finding.quads import Rgb
from cratewatch.footage.analysing import FootageOptions, PersonModels, load_models
from cratewatch.footage.appearance import Embeddings
from cratewatch.footage.persons import Box, Detection
from cratewatch.retrieval.answers import SleeveAnswer
from cratewatch.retrieval.identification import Identifier, open_identifier
from cratewatch.retrieval.matches import Match
from cratewatch.retrieval.verdict import Calibration
from cratewatch.settings import Settings
from workers.camera import Sleeves, load_sleeve_finder
from workers.cluster import beside_driver, node_resources, result

FOREVER: dict[str, Any] = {"max_restarts": -1, "max_task_retries": -1, "num_cpus": 0}
"""Of an actor whose every call may be made again: one that dies costs some time alone."""


@dataclass(frozen=True)
class Shared:
    """Actors that cameras share; None where each has its own, or there is nothing."""

    namer: Any = None
    models: Any = None


def share(settings: Settings | None, options: FootageOptions, *, models: bool) -> Shared:
    """Start what cameras share: the gallery, as one in a file bears one process.

    Args:
        settings: Of the home whose gallery names sleeves; None: they stay unknown.
        models: Whether models are shared, too: a GPU computes a batch as quickly as one frame.

    Raises:
        CratewatchError: if a GPU is asked for and there is none: Ray would wait for one for ever.
    """
    gpu = options.device == "cuda"
    if gpu and not any(node.get("GPU", 0) >= 1 for node in node_resources()):
        raise CratewatchError("--device cuda: the Ray cluster has no GPU; leave that out")
    beside = {"scheduling_strategy": beside_driver(), **FOREVER}
    namer: Any = _Namer
    shared: Any = _Models
    return Shared(
        namer.options(**beside).remote(settings) if settings else None,
        shared.options(**beside, num_gpus=int(gpu)).remote(options) if models else None,
    )


def sleeves_of(shared: Shared, options: FootageOptions, threads: int) -> Sleeves:
    """Return what finds and names the sleeves of a camera."""
    namer = SharedNamer(shared.namer) if shared.namer else None
    if shared.models:
        return Sleeves(Finder(_SharedNetworks(shared.models)), namer)
    return Sleeves(load_sleeve_finder(options, replace(AUTO, threads=threads)), namer)


def persons_of(shared: Shared, options: FootageOptions, threads: int) -> PersonModels:
    """Return what finds the persons of a camera and tells them apart."""
    if shared.models is None:
        return load_models(options, threads)
    appearance = _SharedAppearance(shared.models) if options.appearance else None
    return PersonModels(_SharedDetector(shared.models), appearance)


@ray.remote
class _Namer:
    """Holds the gallery; one that died opens it again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = ExitStack()
        self._opened: Identifier | None = None

    def serving(self) -> str:
        """Return the collection by which sleeves are named; raise NotFoundError if none is."""
        return self._identifier().gallery.alias.require_serving()

    def calibration(self) -> Calibration | None:
        return self._identifier().calibration

    def name(self, found: list[Upright], top: int) -> list[SleeveAnswer]:
        return self._identifier().namer.name(found, top)

    def name_by_two(self, views: list[Upright]) -> Match | None:
        return self._identifier().namer.name_by_two(views)

    def _identifier(self) -> Identifier:
        if self._opened is None:
            self._opened = self._stack.enter_context(open_identifier(self._settings))
        return self._opened


class SharedNamer:
    """Names sleeves in another process; see sleeve_names.Namer."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor
        self.calibration: Calibration | None = result(actor.calibration.remote())

    def name(self, found: Sequence[Upright], top: int) -> list[SleeveAnswer]:
        """Answer each."""
        answers: list[SleeveAnswer] = result(self._actor.name.remote(list(found), top))
        return answers

    def name_by_two(self, views: Sequence[Upright]) -> Match | None:
        """Answer two views of one sleeve."""
        match: Match | None = result(self._actor.name_by_two.remote(list(views)))
        return match


@ray.remote
class _Models:
    """Computes for all cameras, one call after the other; what waits for persons is one batch."""

    def __init__(self, options: FootageOptions) -> None:
        self._options = options
        self._one = ThreadPoolExecutor(1)
        self._loading: asyncio.Task[None] | None = None
        self._waiting: list[tuple[Rgb, asyncio.Future[list[Detection]]]] = []
        self._gathering: asyncio.Task[None] | None = None
        self._batches: list[int] = []

    async def detect(self, pixels: Rgb) -> list[Detection]:
        """Return the persons of a frame, which is looked at with those of other cameras."""
        await self._ready()
        found: asyncio.Future[list[Detection]] = asyncio.get_running_loop().create_future()
        self._waiting.append((pixels, found))
        if self._gathering is None or self._gathering.done():
            self._gathering = asyncio.create_task(self._detect_waiting())
        return await found

    async def _detect_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            self._batches.append(len(batch))
            told = await self._run(self._persons.detector.detect, [pixels for pixels, _ in batch])
            for (_, found), persons in zip(batch, told, strict=True):
                found.set_result(persons)

    async def batches(self) -> list[int]:
        """Return how many frames each batch had."""
        return self._batches

    async def embed(self, crops: Rgb, boxes: list[Box]) -> Embeddings:
        await self._ready()
        assert self._persons.appearance is not None
        looks: Embeddings = await self._run(self._persons.appearance.embed, crops, boxes)
        return looks

    async def propose(self, pictures: Rgb) -> tuple[Plane, Plane]:
        await self._ready()
        told: tuple[Plane, Plane] = await self._run(self._finder.networks.propose, pictures)
        return told

    async def refine(self, patches: Rgb, shapes: Plane) -> tuple[Plane, Plane]:
        await self._ready()
        told: tuple[Plane, Plane] = await self._run(self._finder.networks.refine, patches, shapes)
        return told

    async def _ready(self) -> None:
        """Load the models, once; not at the start: Ray would tell a bad file as a death."""
        if self._loading is None:
            self._loading = asyncio.create_task(self._run(self._load))
        await asyncio.shield(self._loading)

    def _load(self) -> None:
        self._persons = load_models(self._options)
        self._finder = load_sleeve_finder(self._options)

    async def _run(self, compute: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._one, compute, *arguments)


class _SharedDetector:
    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def detect(self, pictures: Sequence[Rgb]) -> list[list[Detection]]:
        return [result(one) for one in [self._actor.detect.remote(p) for p in pictures]]


class _SharedAppearance:
    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def embed(self, pixels: Rgb, boxes: Sequence[Box]) -> Embeddings:
        looks: Embeddings = result(self._actor.embed.remote(pixels, list(boxes)))
        return looks


class _SharedNetworks:
    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def propose(self, pictures: Rgb) -> tuple[Plane, Plane]:
        told: tuple[Plane, Plane] = result(self._actor.propose.remote(pictures))
        return told

    def refine(self, patches: Rgb, shapes: Plane) -> tuple[Plane, Plane]:
        told: tuple[Plane, Plane] = result(self._actor.refine.remote(patches, shapes))
        return told
