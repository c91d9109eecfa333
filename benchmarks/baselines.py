"""Ways to match queries with real covers that were not trained on any of them, and models.

A way takes the images of queries and returns how to compare them with covers, both by number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import imagehash
import numpy as np
import torch
from PIL import Image

from benchmarks.identify_way import identify_way
from benchmarks.orb import orb_way
from benchmarks.real_collection import RealCover, held_out
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.mobilenet_v1 import MobileNetV1, load_npz
from cratewatch.errors import CratewatchError
from cratewatch.evaluation.protocol.answers import Compare, Vectors
from cratewatch.evaluation.protocol.vectors import ArtworkVectors, by_cosine, embed_all
from cratewatch.images.reading import load

Embed = Callable[[Sequence[Image.Image]], Vectors]
Way = Callable[[Sequence[Image.Image]], Compare]
BASELINES = ("chance", "phash", "histogram", "orb", "mobilenet")
HASH_SIDE = 16
GREY_BINS = 64
COLOUR_BINS = 8
MOBILENET_PX = 224


class Covers:
    """The covers of a collection, loaded as they are asked for."""

    def __init__(self, folder: Path, listed: Sequence[RealCover]) -> None:
        self.folder = folder
        self.listed = listed
        self.artworks = [cover.artwork for cover in listed]

    def image(self, number: int) -> Image.Image:
        return load(self.folder / self.listed[number].file)

    def embedded(self, embed: Embed) -> ArtworkVectors:
        images = (self.image(n) for n in range(len(self.listed)))
        return ArtworkVectors(embed_all(images, embed), self.artworks)


def baseline(name: str, covers: Covers, weights: Path | None) -> Way:
    if name == "chance":
        return lambda _: _by_lot
    if name == "phash":
        return _embedding_way(covers.embedded(_hashes), _hashes)
    if name == "histogram":
        return _histogram_way(covers)
    if name == "orb":
        return orb_way([covers.image(n) for n in range(len(covers.listed))])
    if weights is None:
        raise CratewatchError("mobilenet: give its weights by --mobilenet-weights")
    embed = _mobilenet(weights)
    return _embedding_way(covers.embedded(embed), embed)


def model_way(
    covers: Covers, embedder: Embedder, seen: frozenset[str], *, identify: bool = False
) -> Way:
    """Match by a model, alone or with all that identify does with a query.

    Refuses a model that a held-out cover was shown in training.
    """
    unseen = held_out(covers.listed)
    for cover in covers.listed:
        if cover.artwork in unseen and cover.cover_id in seen:
            raise CratewatchError(f"model {embedder.name}: {cover.file} was trained on")
    gallery = covers.embedded(embedder.embed_covers)
    if identify:
        return identify_way(covers, gallery, embedder)
    return _embedding_way(gallery, embedder.embed_queries)


def _embedding_way(gallery: ArtworkVectors, embed: Embed) -> Way:
    return lambda images: by_cosine(embed_all(images, embed), gallery)


def _by_lot(queries: np.ndarray, covers: np.ndarray) -> Vectors:
    rng = np.random.default_rng([*queries.tolist(), len(covers)])
    return rng.random((len(queries), len(covers)), np.float32)


def _hashes(images: Sequence[Image.Image]) -> Vectors:
    """Return signs of unit length, whose product falls with the Hamming distance."""
    bits = [imagehash.phash(image, hash_size=HASH_SIDE).hash.ravel() for image in images]
    return (np.array(bits, np.float32) * 2 - 1) / np.float32(HASH_SIDE)


def _histogram_way(covers: Covers) -> Way:
    """Compare colours, or shades of grey where the queries have no colour.

    The product of the roots of two histograms is their Bhattacharyya coefficient.
    """
    in_colour, in_grey = covers.embedded(_colours), covers.embedded(_shades)

    def way(images: Sequence[Image.Image]) -> Compare:
        if images[0].mode == "L":
            return by_cosine(embed_all(images, _shades), in_grey)
        return by_cosine(embed_all(images, _colours), in_colour)

    return way


def _colours(images: Sequence[Image.Image]) -> Vectors:
    pixels = [np.asarray(image.convert("RGB"), np.int64).reshape(-1, 3) for image in images]
    places = [p // (256 // COLOUR_BINS) @ (COLOUR_BINS**2, COLOUR_BINS, 1) for p in pixels]
    return _roots([np.bincount(place, minlength=COLOUR_BINS**3) for place in places])


def _shades(images: Sequence[Image.Image]) -> Vectors:
    places = [
        np.asarray(image.convert("L"), np.int64).ravel() // (256 // GREY_BINS) for image in images
    ]
    return _roots([np.bincount(place, minlength=GREY_BINS) for place in places])


def _roots(counts: Sequence[np.ndarray]) -> Vectors:
    shares = [count / count.sum() for count in counts]
    return np.sqrt(np.array(shares, np.float32))


def _mobilenet(weights: Path) -> Embed:
    """Embed by ImageNet features; covers lose their colours, as the queries have none."""
    net = MobileNetV1()
    load_npz(net, weights)
    net.eval()

    def embed(images: Sequence[Image.Image]) -> Vectors:
        size = (MOBILENET_PX, MOBILENET_PX)
        grey = [image.convert("L").resize(size, Image.Resampling.BILINEAR) for image in images]
        batch = torch.from_numpy(np.stack([np.asarray(image, np.float32) for image in grey]))
        scaled = (batch / 127.5 - 1)[:, None].expand(-1, 3, -1, -1)
        with torch.inference_mode():
            features = net(scaled).mean(dim=(2, 3))
        return torch.nn.functional.normalize(features).numpy()

    return embed
