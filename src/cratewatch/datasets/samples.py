"""What the samples of a run are drawn from, and what becomes of its shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from cratewatch.datasets.shards import Manifest, RunFolder, Sample, record_failed_shard, write_shard
from cratewatch.errors import CratewatchError, ImageError, NotFoundError, UnavailableError
from cratewatch.images.reading import decode, pixels
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.synthesis.pixels import Rgb
from cratewatch.synthesis.scene_file import GivenScene

COVER_SIDE_PX = 400
"""Covers are laid onto a sleeve of this size at most."""
COVER_GONE = "cover_gone"
PROBES = 8
"""Other covers that are looked for before one is called gone: the lake itself may be away."""


@dataclass(frozen=True)
class Material:
    """Whoever draws a run's sample draws the same one: it depends on its number alone.

    Attributes:
        lake: Holds the covers.
        cover_ids: Those that the manifest was planned with, in the same order.
        scenes: Given by the user, to be drawn in turn; scenes are sampled where there are none.
    """

    lake: Lake
    manifest: Manifest
    cover_ids: Sequence[str]
    scenes: Sequence[GivenScene] = ()

    def given_scene(self, number: int) -> GivenScene | None:
        """Return the user's scene for a sample; None if scenes are sampled."""
        return self.scenes[number % len(self.scenes)] if self.scenes else None

    def cover_id(self, number: int) -> str:
        """Go through all covers in a new order each time, so that each is drawn equally often."""
        given = self.given_scene(number)
        if given is not None and given.cover_id is not None:
            return given.cover_id
        turn, place = divmod(number, len(self.cover_ids))
        order = _order_of_turn(self.manifest.seed, turn, len(self.cover_ids))
        return self.cover_ids[int(order[place])]

    def cover(self, number: int) -> Rgb:
        """Read a sample's cover, (H, W, 3).

        Raises:
            ImageError: if it is gone from the lake, or no image.
            UnavailableError: if the lake is away.
        """
        key = cover_key(self.cover_id(number))
        try:
            data = self.lake.read(key)
        except NotFoundError as error:
            self._require_covers()
            raise ImageError(COVER_GONE, str(error)) from error
        return pixels(decode(data, side_px=COVER_SIDE_PX))

    def _require_covers(self) -> None:
        """Raise UnavailableError if of covers from all over the run not one is in the lake."""
        some = self.cover_ids[:: -(-len(self.cover_ids) // PROBES)]
        if not any(self.lake.exists(cover_key(cover_id)) for cover_id in some):
            raise UnavailableError(
                f"lake {self.lake.root}: not one of {len(some)} covers that were looked for is "
                "there; mount the folder or correct lake_path, then run the same command again"
            )

    def seed(self, number: int) -> int:
        """Return 64 bits of a sample's own, derived from the run's seed."""
        entropy = np.random.SeedSequence([self.manifest.seed, number])
        return int(entropy.generate_state(1, np.uint64)[0])


@lru_cache(maxsize=8)  # a shard lies in one turn or two, and a painter has two shards at once
def _order_of_turn(seed: int, turn: int, n_covers: int) -> npt.NDArray[np.intp]:
    """Return a permutation of the covers' numbers that depends on the arguments alone."""
    return np.random.default_rng([seed, turn]).permutation(n_covers)


@dataclass
class DrawnSamples:
    """What came of some samples.

    Attributes:
        left_out: The cover of each whose cover cannot be read, by reason.
        failed: The reason of each that could not be drawn for another reason, by key.
        rejected: Attempts that the quality gate rejected, by reason.
        dropped: Samples of which every attempt was.
    """

    samples: list[Sample] = field(default_factory=list)
    left_out: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    rejected: Counter[str] = field(default_factory=Counter)
    dropped: int = 0

    def leave_out(self, cover_id: str, error: ImageError) -> None:
        """Note a sample whose cover cannot be read."""
        self.left_out.setdefault(error.reason, []).append(cover_id)

    def lost(self) -> Counter[str]:
        """Return what was left out, rejected or failed, by reason."""
        left_out = {reason: len(covers) for reason, covers in self.left_out.items()}
        return self.rejected + Counter(left_out) + Counter(self.failed.values())


@dataclass(frozen=True)
class ShardResult:
    """What came of one shard.

    Attributes:
        left_out: Samples whose covers cannot be read.
        failed: The reason of each sample that could not be drawn; then the shard is not done.
        rejected: Attempts that the quality gate rejected, by reason.
    """

    shard: int
    drawn: int
    left_out: int
    failed: Mapping[str, str]
    rejected: Mapping[str, int] = field(default_factory=dict)


def sample_key(number: int) -> str:
    """Return a sample's name in its shard; names sort by number."""
    return f"{number:09d}"


def keep_shard(folder: RunFolder, shard: int, drawn: DrawnSamples) -> ShardResult:
    """Write a shard, or why some of its samples could not be drawn."""
    if drawn.failed:
        record_failed_shard(folder, shard, drawn.failed)
    else:
        write_shard(folder, shard, drawn.samples, statistics(drawn))
    left_out = sum(map(len, drawn.left_out.values()))
    return ShardResult(shard, len(drawn.samples), left_out, drawn.failed, dict(drawn.rejected))


def statistics(drawn: DrawnSamples) -> dict[str, Any]:
    """Return what the done marker of a shard tells besides the number of samples."""
    told: dict[str, Any] = {
        name: round(float(np.mean([sample.label[name] for sample in drawn.samples] or [0.0])), 4)
        for name in ("severity", "occluded_fraction")
    }
    if drawn.left_out:
        told["left_out"] = drawn.left_out
    if drawn.rejected:
        told |= {"rejected": dict(sorted(drawn.rejected.items())), "dropped": drawn.dropped}
    return told


def require_any(drawn: int, lost: Mapping[str, int]) -> None:
    """Raise CratewatchError if no sample was drawn, and say what became of them."""
    if not drawn:
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(lost.items()))
        raise CratewatchError(
            f"synthesize: not one sample could be drawn ({reasons}); see to the covers, the scenes "
            "or the model, then draw a run with another --seed or --out"
        )


def until_failures(run: str, results: Iterable[ShardResult]) -> Iterator[ShardResult]:
    """Pass results on.

    Raises:
        CratewatchError: at the end, if samples failed; their shards are not done.
    """
    failed: dict[str, str] = {}
    for result in results:
        failed |= result.failed
        yield result
    if failed:
        key, reason = next(iter(failed.items()))
        raise CratewatchError(
            f"run {run}: {len(failed)} samples failed, first {key}: {reason}; "
            "their shards hold .failed files and are drawn anew by the same command"
        )
