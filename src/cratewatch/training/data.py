"""Training batches: for each artwork its clean cover and several of its degraded queries."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from cratewatch.datasets.shards import Sample
from cratewatch.embedding.arrays import Grey
from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.preprocessing import frame_cover, to_grey
from cratewatch.errors import CratewatchError
from cratewatch.images.reading import decode
from cratewatch.training.config import Draw
from cratewatch.training.sketch import Props, Rgb, lay_cover, sketch

MIN_ARTWORKS = 8
TURNS = 8
"""Quarter turns of an artwork and of its mirror image: eight identities of one."""
COVER_PX = 256


@dataclass(frozen=True)
class Batch:
    """Pictures and whom they show.

    Attributes:
        images: (N, 1, S, S) uint8; each artwork's pictures lie together, its cover first.
        labels: (N,) int64, equal for one identity: an artwork in one of its TURNS.
    """

    images: Tensor
    labels: Tensor


class TrainingSet:
    """Covers and queries of artworks, decoded once and kept as bytes.

    It takes S * S bytes an image: 9.2 kB at 96 px; a cover is kept in colour, too, in 32 kB.
    """

    def __init__(  # noqa: PLR0913, PLR0917  what a set is made of
        self,
        covers: Iterable[tuple[str, bytes]],
        queries: Iterable[Sample],
        artwork_of: Mapping[str, str],
        config: ModelConfig,
        props: Props | None,
        least: int = MIN_ARTWORKS,
    ) -> None:
        """Decode everything.

        Args:
            covers: (cover_id, JPEG) of the covers.
            queries: Samples; those of other covers are left out.
            artwork_of: The artwork id of each cover id.
            props: For sketches; without any, an artwork counts only if it has queries.
            least: Artworks that are needed.

        Raises:
            CratewatchError: if fewer remain.
        """
        self.image_px = config.image_px
        self._props = props
        framed: dict[str, list[Grey]] = {}
        flat: dict[str, list[Rgb]] = {}
        drawn: dict[str, list[Grey]] = {}
        for cover_id, jpeg in covers:
            cover = decode(jpeg, side_px=COVER_PX)
            artwork = artwork_of[cover_id]
            framed.setdefault(artwork, []).append(frame_cover(cover, config))
            flat.setdefault(artwork, []).append(lay_cover(cover))
        for sample in queries:
            of_sample = artwork_of.get(_cover_of(sample))
            if of_sample is not None:
                grey = to_grey(sample.image, config.image_px)
                drawn.setdefault(of_sample, []).append(grey)
        usable = framed.keys() if props else framed.keys() & drawn.keys()
        self.artworks = sorted(usable)
        self.covers = [framed[artwork] for artwork in self.artworks]
        self.queries = [drawn.get(artwork, []) for artwork in self.artworks]
        self._flat = [flat[artwork] for artwork in self.artworks]
        if len(self.artworks) < least:
            raise CratewatchError(
                f"training: only {len(self.artworks)} artworks have a cover and queries, at "
                f"least {least} are needed; import more covers or synthesize more samples"
            )

    @property
    def n_queries(self) -> int:
        """Queries that came from shards."""
        return sum(map(len, self.queries))

    def draw(
        self, artwork: int, count: int, sketched: float, rng: np.random.Generator
    ) -> list[Grey]:
        """Return a cover of an artwork, by its number, and count - 1 queries of it."""
        covers, queries = self.covers[artwork], self.queries[artwork]
        views = [covers[int(rng.integers(len(covers)))]]
        for _ in range(count - 1):
            if self._props and (not queries or rng.random() < sketched):
                views.append(self.sketch(artwork, rng))
            else:
                views.append(queries[int(rng.integers(len(queries)))])
        return views

    def sketch(self, artwork: int, rng: np.random.Generator) -> Grey:
        """Draw a query of an artwork on the fly."""
        if self._props is None:
            raise ValueError("no props: nothing can be sketched")
        flat = self._flat[artwork]
        return sketch(flat[int(rng.integers(len(flat)))], self._props, rng, self.image_px)


class Batches(Dataset[Batch]):
    """Batch number n of a training; it depends on the seed and n alone.

    Each of world workers gets its share of every batch, the same pictures however many they are.
    """

    def __init__(  # noqa: PLR0913, PLR0917  what a batch depends on
        self,
        data: TrainingSet,
        draw: Draw,
        seed: int,
        rivals: Sequence[Sequence[int]] = (),
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self._data = data
        self._draw = draw
        self._seed = seed
        self._rivals = rivals
        self._rank = rank
        self._world = world
        if min(draw.artworks, len(data.artworks)) < world:
            raise CratewatchError(
                f"training: {world} workers need an artwork each in every batch, and there are "
                f"{min(draw.artworks, len(data.artworks))}; ask for fewer workers"
            )

    def __getitem__(self, step: int) -> Batch:
        chosen = self._choose(np.random.default_rng([self._seed, step]))
        images: list[npt.NDArray[np.uint8]] = []
        labels: list[int] = []
        for place in self._own(len(chosen)):
            artwork, turn = chosen[place]
            rng = np.random.default_rng([self._seed, step, place])
            views = self._data.draw(artwork, self._draw.images_each, self._draw.sketched, rng)
            images += [_turn(view, turn) for view in views]
            labels += [artwork * TURNS + turn] * len(views)
        return Batch(torch.from_numpy(np.stack(images)[:, None]), torch.tensor(labels))

    def _own(self, artworks: int) -> range:
        share = artworks // self._world
        return range(self._rank * share, (self._rank + 1) * share)

    def _choose(self, rng: np.random.Generator) -> list[tuple[int, int]]:
        """Return the batch's artworks and their turns: each artwork once.

        Some come beside one that they are confused with, which is turned alike: turned
        otherwise it would be confused no more.
        """
        count = min(self._draw.artworks, len(self._data.artworks))
        count -= count % self._world
        chosen: dict[int, int] = {}
        for number in rng.permutation(len(self._data.artworks)).tolist():
            turn = int(rng.integers(TURNS)) if self._draw.turn else 0
            turn = chosen.setdefault(number, turn)
            rivals = self._rivals[number] if self._rivals else ()
            if rivals and rng.random() < self._draw.confused:
                chosen.setdefault(int(rng.choice(rivals)), turn)
            if len(chosen) >= count:
                break
        return list(chosen.items())[:count]


def prefetch(batches: Batches, steps: range, processes: int) -> DataLoader[Batch]:
    """Return the batches of steps, drawn ahead by other processes; 0 draws them here.

    The processes come from a clean one: a fork of this one would inherit what a flow, a cluster
    and a gallery have running here, and fail with it. Each holds a copy of the covers.
    """
    if not processes:
        return DataLoader(batches, batch_size=None, sampler=list(steps))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return DataLoader(
        batches,
        batch_size=None,
        sampler=list(steps),
        num_workers=processes,
        prefetch_factor=4,
        multiprocessing_context=context,
        worker_init_fn=_draw_on_one_thread,
    )


def _draw_on_one_thread(_worker: int) -> None:
    cv2.setNumThreads(1)


def _cover_of(sample: Sample) -> str:
    cover_id = sample.label.get("cover_id")
    if not isinstance(cover_id, str):
        raise CratewatchError(
            f"queries: sample {sample.key} has a label without cover_id; draw the run again"
        )
    return cover_id


def _turn(image: Grey, turn: int) -> Grey:
    turned = np.rot90(image, turn % 4)
    return np.ascontiguousarray(turned[:, ::-1] if turn >= 4 else turned)
