"""Training batches: for each artwork its clean cover and several of its degraded queries."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from cratewatch.embedding import ModelConfig, frame_cover, to_grey
from cratewatch.errors import CratewatchError
from cratewatch.images import decode
from cratewatch.shards import Sample

Grey = npt.NDArray[np.uint8]
MIN_ARTWORKS = 8
COVER_JITTER = 0.4


@dataclass(frozen=True)
class Batch:
    """images: (N, 1, S, S) float32, 0 to 255; labels: (N,) int64, equal for one artwork."""

    images: Tensor
    labels: Tensor


class TrainingSet:
    """Covers and queries of the training artworks, decoded once and kept as grey bytes.

    It takes S * S bytes an image: 12.5 kB at 112 px, 125 MB for 10,000.
    """

    def __init__(
        self,
        covers: Iterable[tuple[str, bytes]],
        queries: Iterable[Sample],
        artwork_of: Mapping[str, str],
        config: ModelConfig,
    ) -> None:
        """Decode everything.

        Args:
            covers: (cover_id, JPEG) of the training covers.
            queries: Samples; those of other covers are left out.
            artwork_of: The artwork id of each training cover id.

        Raises:
            CratewatchError: if fewer than MIN_ARTWORKS artworks have queries.
        """
        self._covers: dict[str, list[Grey]] = {}
        self._queries: dict[str, list[Grey]] = {}
        tight: dict[str, list[Grey]] = {}
        for cover_id, jpeg in covers:
            cover = decode(jpeg, side_px=2 * config.image_px)
            artwork = artwork_of[cover_id]
            self._covers.setdefault(artwork, []).append(frame_cover(cover, config))
            tight.setdefault(artwork, []).append(to_grey(cover, config.image_px))
        for sample in queries:
            of_sample = artwork_of.get(sample.label["cover_id"])
            if of_sample is not None:
                grey = to_grey(Image.open(io.BytesIO(sample.jpeg)), config.image_px)
                self._queries.setdefault(of_sample, []).append(grey)
        self.artworks = sorted(self._covers.keys() & self._queries.keys())
        self.n_queries = sum(len(self._queries[artwork]) for artwork in self.artworks)
        for artwork in self.artworks:  # a query may be cropped to the very edge
            self._queries[artwork] += tight[artwork]
        if len(self.artworks) < MIN_ARTWORKS:
            raise CratewatchError(
                f"training: only {len(self.artworks)} artworks have a cover and queries, at "
                f"least {MIN_ARTWORKS} are needed; import more covers or synthesize more samples"
            )

    def draw(
        self,
        rng: np.random.Generator,
        artworks: int,
        images_each: int,
        *,
        turn: bool = True,
        jitter: float = 0.0,
    ) -> Batch:
        """Draw a batch; artworks is clipped to the number there is.

        Args:
            turn: Turn or mirror every artwork as a whole, which makes eight identities of one.
            jitter: Strength with which each image is then moved, see move(), so that no query
                is seen twice alike. Covers are moved less: those of the gallery are not at all.
        """
        chosen = rng.choice(len(self.artworks), min(artworks, len(self.artworks)), replace=False)
        images: list[Grey] = []
        for index in chosen:
            group = self._draw_group(rng, self.artworks[index], images_each)
            turns, mirror = (int(rng.integers(4)), bool(rng.integers(2))) if turn else (0, False)
            images += [_turn(image, turns, mirror) for image in group]
        labels = torch.arange(len(chosen)).repeat_interleave(images_each)
        pixels = torch.from_numpy(np.stack(images)[:, None]).float()
        if jitter:
            strength = torch.full((images_each,), jitter)
            strength[0] *= COVER_JITTER
            pixels = move(pixels, strength.repeat(len(chosen)), rng)
        return Batch(pixels, labels)

    def _draw_group(self, rng: np.random.Generator, artwork: str, count: int) -> list[Grey]:
        covers, queries = self._covers[artwork], self._queries[artwork]
        cover = covers[int(rng.integers(len(covers)))]
        picks = rng.choice(len(queries), count - 1, replace=len(queries) < count - 1)
        return [cover, *(queries[int(pick)] for pick in picks)]


def move(images: Tensor, strength: Tensor, rng: np.random.Generator) -> Tensor:
    """Scale, rotate, shear and shift each image at random; its edge goes on beyond it.

    Args:
        images: (N, 1, S, S) float32.
        strength: (N,); at 1 up to 15 % in width and in height, 7 degrees, a shear of 0.1 and
            4 % of the side.
    """
    most = torch.tensor([0.15, 0.15, 0.12, 0.10, 0.08, 0.08])  # of 2, in affine_grid's units
    drawn = torch.from_numpy(rng.uniform(-1, 1, (len(images), 6))).float()
    width, height, angle, shear, x, y = (drawn * most * strength[:, None]).unbind(dim=1)
    across = torch.stack([(1 + width) * angle.cos(), shear - (1 + width) * angle.sin(), x], dim=1)
    down = torch.stack([(1 + height) * angle.sin(), (1 + height) * angle.cos(), y], dim=1)
    grid = functional.affine_grid(
        torch.stack([across, down], dim=1), list(images.shape), align_corners=False
    )
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _turn(image: Grey, turns: int, mirror: bool) -> Grey:
    turned = np.rot90(image, turns)
    return np.ascontiguousarray(turned[:, ::-1] if mirror else turned)
