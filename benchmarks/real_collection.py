"""The real covers for development and evaluation: which show one artwork, which are held out."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cratewatch.catalog.artworks import SAME_ARTWORK_BITS
from cratewatch.images.covers import prepare_cover

HELD_OUT = 1200


@dataclass(frozen=True)
class RealCover:
    """A cover; file is relative to the collection's folder, cover_id what a catalog calls it."""

    file: str
    cover_id: str
    phash: str
    artwork: str


def read_collection(folder: Path) -> list[RealCover]:
    """Return the covers that covers.csv names; one artwork where two are near-duplicates.

    They are if their perceptual hashes are close, or same_artwork_pairs.csv says so. An artwork
    is named after the first of its files.
    """
    with (folder / "covers.csv").open(newline="") as rows:
        files = sorted(row["file"] for row in csv.DictReader(rows))
    stored = [prepare_cover((folder / file).read_bytes()) for file in files]
    number = {file: n for n, file in enumerate(files)}
    pairs = [(number[a], number[b]) for a, b in verified_pairs(folder)]
    groups = _groups(len(files), [*pairs, *_near([cover.phash for cover in stored])])
    return [
        RealCover(file, cover.cover_id, cover.phash, files[group])
        for file, cover, group in zip(files, stored, groups, strict=True)
    ]


def verified_pairs(folder: Path) -> list[tuple[str, str]]:
    """Return the pairs of different images of one sleeve."""
    with (folder / "same_artwork_pairs.csv").open(newline="") as rows:
        return [(row["a"], row["b"]) for row in csv.DictReader(rows)]


def held_out(covers: Iterable[RealCover]) -> set[str]:
    """Return HELD_OUT artworks that no training sees, the same ones every time."""
    artworks = sorted({cover.artwork for cover in covers})
    return set(sorted(artworks, key=lambda a: hashlib.sha256(a.encode()).digest())[:HELD_OUT])


def _near(hashes: list[str]) -> list[tuple[int, int]]:
    bits = np.array([np.frombuffer(bytes.fromhex(phash), np.uint8) for phash in hashes])
    found: list[tuple[int, int]] = []
    for n in range(1, len(bits)):
        distances: npt.NDArray[np.int_] = np.bitwise_count(bits[:n] ^ bits[n]).sum(axis=1)
        found += [(int(m), n) for m in np.flatnonzero(distances <= SAME_ARTWORK_BITS)]
    return found


def _groups(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Return for each number the least one that pairs connect it with."""
    least = list(range(count))

    def root(n: int) -> int:
        while least[n] != n:
            least[n] = least[least[n]]
            n = least[n]
        return n

    for a, b in pairs:
        low, high = sorted((root(a), root(b)))
        least[high] = low
    return [root(n) for n in range(count)]
