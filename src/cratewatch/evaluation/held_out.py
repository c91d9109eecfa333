"""What a model can be asked about: artworks of the catalog that it never saw, among all covers."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from cratewatch.catalog.records import Cover
from cratewatch.chunks import chunks
from cratewatch.datasets.shards import Sample
from cratewatch.datasets.splits import seen_artworks
from cratewatch.embedding.arrays import Embeddings
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.inference import AUTO, Inference
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.saved_models import adopt_model, models, train_artworks
from cratewatch.embedding.shards import done_shards, read_embeddings
from cratewatch.errors import CratewatchError
from cratewatch.evaluation.protocol.answers import BATCH
from cratewatch.evaluation.protocol.vectors import ArtworkVectors
from cratewatch.folders import users_path
from cratewatch.images.reading import Pixels, decode, pixels
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.progress import Progress

PICTURE_PX = 480
"""Twice the side at which a query's sleeve is drawn."""


def open_model(
    lake: Lake, model: str, inference: Inference = AUTO
) -> tuple[Embedder, frozenset[str]]:
    """Load a model by name, or from the path of a model folder, which the lake then does not get.

    Returns:
        The model, and the artworks that its training saw.

    Raises:
        NotFoundError: if there is no such model, and no such folder.
        CratewatchError: if the folder is not whole.
    """
    if model in models(lake) or not users_path(model).is_dir():
        return load_model(lake, model, inference), train_artworks(lake, model)
    with tempfile.TemporaryDirectory(prefix="cratewatch-") as folder:
        copy = FolderLake(Path(folder))
        name = adopt_model(copy, model)
        return load_model(copy, name, inference), train_artworks(copy, name)


def unseen_covers(covers: Sequence[Cover], seen: Collection[str]) -> list[Cover]:
    """Return the first cover of each artwork of which training saw no cover.

    Args:
        seen: Artwork ids; those of another catalog may name any cover of the artwork.
    """
    known = seen_artworks(covers, seen)
    first: dict[str, Cover] = {}
    for cover in covers:
        if cover.artwork_id not in known:
            first.setdefault(cover.artwork_id, cover)
    return list(first.values())


def unseen_queries(
    samples: Iterable[Sample], artwork_of: Mapping[str, str], seen: Collection[str]
) -> list[Sample]:
    """Keep the queries of artworks that training did not see.

    Args:
        artwork_of: The artwork id of each cover id in the gallery.
        seen: The artwork ids that training saw.

    Raises:
        CratewatchError: if none is left.
    """
    kept = [
        sample
        for sample in samples
        if (artwork := artwork_of.get(sample.label["cover_id"])) and artwork not in seen
    ]
    if not kept:
        raise CratewatchError(
            "evaluation: no query shows an indexed artwork that training never saw; "
            "run `cratewatch synthesize --split test`"
        )
    return kept


def embed_catalog(
    covers: Sequence[Cover], embedder: Embedder, lake: Lake, on_progress: Progress
) -> ArtworkVectors:
    """Return the vectors of all covers: those that the lake has, the others embedded now.

    Raises:
        NotFoundError, ImageError: if a cover's image is lost or broken.
    """
    vectors = np.zeros((len(covers), embedder.config.dim), np.float32)
    number = {cover.cover_id: n for n, cover in enumerate(covers)}
    for cover_id, vector in kept_vectors(lake, embedder.name):
        if cover_id in number:
            vectors[number[cover_id]] = vector
    missing = np.flatnonzero(~vectors.any(axis=1)).tolist()
    done = 0
    for rows in chunks(missing, BATCH):
        images = [_image(lake, covers[row], 2 * embedder.config.image_px) for row in rows]
        vectors[rows] = embedder.embed_covers(images)
        done += len(rows)
        on_progress(done, len(missing), "covers embedded")
    return ArtworkVectors(vectors, [cover.artwork_id for cover in covers])


class Pictures(Sequence[tuple[str, Pixels]]):
    """Artwork id and picture of covers, each read when it is asked for."""

    def __init__(self, lake: Lake, covers: Sequence[Cover]) -> None:
        self._lake = lake
        self._covers = covers

    def of(self, covers: Sequence[Cover]) -> Pictures:
        """Return the pictures of other covers of the same lake."""
        return Pictures(self._lake, covers)

    @property
    def artworks(self) -> list[str]:
        """The artwork ids."""
        return [cover.artwork_id for cover in self._covers]

    def __len__(self) -> int:
        return len(self._covers)

    def __getitem__(self, number: int) -> tuple[str, Pixels]:  # type: ignore[override]
        cover = self._covers[number]
        return cover.artwork_id, pixels(_image(self._lake, cover, PICTURE_PX))


def kept_vectors(lake: Lake, model: str) -> Iterator[tuple[str, Embeddings]]:
    """Yield cover ids and vectors of what was embedded by the model before."""
    for key in done_shards(lake, model):
        shard = read_embeddings(lake, key)
        yield from zip(shard.cover_ids, shard.embeddings, strict=True)


def _image(lake: Lake, cover: Cover, side_px: int) -> Image.Image:
    return decode(lake.read(cover_key(cover.cover_id)), side_px=side_px)
