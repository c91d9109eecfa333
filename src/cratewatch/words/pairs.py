"""Pairs of pictures and captions, drawn batch by batch: a step's batch depends on its number."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.errors import CratewatchError
from cratewatch.finding.quads import Rgb
from cratewatch.words.captions import Caption, make_caption
from cratewatch.words.datasets import Person
from cratewatch.words.train_config import WordsConfig
from cratewatch.words.traits import NUMBER_OF, TRAITS, Look

MARGIN = 1.1
"""Pictures are kept larger than a network sees them by this, to be cut at random."""
LEAST_PERSONS = 2


@dataclass(frozen=True)
class Batch:
    """Pairs.

    Attributes:
        pictures: (N, H, W, 3) uint8 RGB.
        texts: N captions.
        persons: (N,) numbers of persons.
        captions: (N,) numbers, equal for captions that tell the same.
        seen: (N, number of traits) float32 of the persons, or None where there are no looks.
        told: The same of the captions.
    """

    pictures: Rgb
    texts: list[str]
    persons: npt.NDArray[np.int64]
    captions: npt.NDArray[np.int64]
    seen: npt.NDArray[np.float32] | None
    told: npt.NDArray[np.float32] | None


class PairSet:
    """Decoded pictures of persons, from which batches are drawn."""

    def __init__(
        self, persons: Sequence[Person], size_px: tuple[int, int], margin: float = MARGIN
    ) -> None:
        """Decode the pictures.

        Args:
            size_px: Height and width that a network sees.
            margin: By which pictures are kept larger; 1 where none is cut.

        Raises:
            CratewatchError: if there are fewer than two persons, or a picture cannot be read.
        """
        self.identities = sorted({person.identity for person in persons})
        if len(self.identities) < LEAST_PERSONS:
            raise CratewatchError(
                f"training by words: {len(self.identities)} persons to learn from; it takes "
                f"{LEAST_PERSONS} or more"
            )
        number = {identity: n for n, identity in enumerate(self.identities)}
        self.size_px = size_px
        self.person_of = np.array([number[person.identity] for person in persons], np.int64)
        self.looks = [person.look for person in persons]
        self.captions = [person.captions for person in persons]
        tall, wide = (round(margin * px) for px in size_px)
        self._pictures = np.stack([_decoded(person, tall, wide) for person in persons])
        self._rows = [np.flatnonzero(self.person_of == n) for n in range(len(self.identities))]
        self._has_looks = all(self.looks)

    def __len__(self) -> int:
        return len(self._pictures)

    def batch(self, step: int, config: WordsConfig, rank: int = 0, world: int = 1) -> Batch:
        """Return a worker's share of a step's batch: other persons each, pictures cut at random."""
        persons = self._persons_of(step, config)[rank::world]
        rng = np.random.default_rng([config.seed, 1, step, rank])
        rows = [int(rng.choice(self._rows[person])) for person in persons]
        captions = [self._caption(row, rng, config) for row in rows]
        pictures = np.stack([self._cut(row, rng, config.vary) for row in rows])
        return self._batch(rows, captions, pictures)

    def whole(self, rows: Sequence[int], config: WordsConfig, language: str = "") -> Batch:
        """Return pictures as they are, with captions that tell all."""
        rng = np.random.default_rng([config.seed, 2])
        captions = []
        for row in rows:
            if self.captions[row]:
                captions.append(Caption(self.captions[row][0], frozenset()))
            else:
                first = language or config.languages[0]
                captions.append(make_caption(self.looks[row], rng, first))
        pictures = np.stack([resized(self._pictures[row], self.size_px) for row in rows])
        return self._batch(rows, captions, pictures)

    def _persons_of(self, step: int, config: WordsConfig) -> npt.NDArray[np.int64]:
        """Return the persons of a step: each once before any comes again."""
        count = len(self.identities)
        size = min(config.batch, count)
        of_epoch = count // size
        epoch, place = divmod(step, of_epoch)
        order = np.random.default_rng([config.seed, 0, epoch]).permutation(count)
        return order[place * size : (place + 1) * size]

    def _caption(self, row: int, rng: np.random.Generator, config: WordsConfig) -> Caption:
        if self.captions[row]:
            return Caption(str(rng.choice(self.captions[row])), frozenset())
        language = str(rng.choice(config.languages))
        share = 1.0 if rng.random() < config.whole else float(rng.uniform(0.2, 0.8))
        return make_caption(self.looks[row], rng, language, share)

    def _batch(self, rows: Sequence[int], captions: list[Caption], pictures: Rgb) -> Batch:
        return Batch(
            pictures,
            [caption.text for caption in captions],
            self.person_of[list(rows)],
            np.array([_number(caption) for caption in captions], np.int64),
            _as_rows([self.looks[row] for row in rows]) if self._has_looks else None,
            _as_rows([c.told for c in captions]) if all(c.told for c in captions) else None,
        )

    def _cut(self, row: int, rng: np.random.Generator, vary: float) -> Rgb:
        """Cut a picture at random, mirror it, change its light and cover a part of it."""
        picture = self._pictures[row]
        tall, wide = picture.shape[:2]
        height, width = (int(side * rng.uniform(1 - 0.15 * vary, 1.0)) for side in (tall, wide))
        top, left = int(rng.integers(tall - height + 1)), int(rng.integers(wide - width + 1))
        part = picture[top : top + height, left : left + width]
        if rng.random() < 0.5 * vary:
            part = part[:, ::-1]
        sized = cv2.resize(
            np.ascontiguousarray(part), self.size_px[::-1], interpolation=cv2.INTER_AREA
        )
        contrast, light = rng.uniform(0.8, 1.25) ** vary, vary * rng.uniform(-18, 18)
        lit = sized.astype(np.float32) * np.float32(contrast) + np.float32(light)
        if rng.random() < 0.4 * vary:
            _cover(lit, rng)
        return np.asarray(lit.clip(0, 255), np.uint8)


def _cover(picture: npt.NDArray[np.float32], rng: np.random.Generator) -> None:
    tall, wide = picture.shape[:2]
    height, width = int(rng.integers(tall // 8, tall // 3)), int(rng.integers(wide // 6, wide // 2))
    top, left = int(rng.integers(tall - height)), int(rng.integers(wide - width))
    picture[top : top + height, left : left + width] = rng.uniform(0, 255)


def _decoded(person: Person, tall: int, wide: int) -> Rgb:
    picture = cv2.imdecode(np.frombuffer(person.picture, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise CratewatchError(f"{person.identity}: a picture of this person cannot be read")
    return resized(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8), (tall, wide))


def resized(picture: Rgb, size_px: tuple[int, int]) -> Rgb:
    """Return a picture at a height and width: pixels are averaged, or drawn smoothly between."""
    how = cv2.INTER_AREA if picture.shape[0] > size_px[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size_px[::-1], interpolation=how), np.uint8)


def _as_rows(looks: Sequence[Look]) -> npt.NDArray[np.float32]:
    rows = np.zeros((len(looks), len(TRAITS)), np.float32)
    for row, look in zip(rows, looks, strict=True):
        row[[NUMBER_OF[trait] for trait in look]] = 1
    return rows


def _number(caption: Caption) -> int:
    told = "|".join(sorted(caption.told)) or caption.text
    digest = hashlib.blake2b(told.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def is_held_back(identity: str, share: float) -> bool:
    """Whether a person is validated on, and not trained on."""
    number = int(hashlib.sha256(f"words:{identity}".encode()).hexdigest()[:8], 16)
    return number < share * 2**32
