"""What a finished run of queries holds: every shard looked into, statistics summed up."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

from cratewatch.datasets.samples import require_any
from cratewatch.datasets.shards import (
    Manifest,
    RunFolder,
    check_shard,
    read_samples,
    read_statistics,
)
from cratewatch.errors import CratewatchError
from cratewatch.lake.location import LakeLocation
from cratewatch.lake.opening import open_lake
from cratewatch.synthesis.preview import contact_sheet
from cratewatch.synthesis.query import Query

PREVIEW_SAMPLES = 64
CONTACT_SHEET = "contact-sheet.jpg"


@dataclass(frozen=True)
class RunReport:
    """What a run came to.

    Attributes:
        folder: Where its files lie.
        severity: Mean of all samples, like occluded_fraction.
        left_out: Samples whose covers cannot be read, by reason.
        rejected: Attempts that the quality gate rejected, by reason; None of an engine that has
            no gate, like dropped.
        dropped: Samples of which every attempt was.
    """

    run: str
    folder: str
    samples: int
    shards: int
    severity: float
    occluded_fraction: float
    left_out: dict[str, int]
    rejected: dict[str, int] | None = None
    dropped: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it JSON-ready, without what the engine does not have."""
        return {key: value for key, value in asdict(self).items() if value is not None}


def verify(manifest: Manifest, folder: RunFolder) -> None:
    """Look into every shard; one that is not what its marker says has to be drawn again.

    Raises:
        CratewatchError: if there is such a shard; it is no longer done.
    """
    broken = [n for n in range(manifest.n_shards) if not check_shard(folder, n)]
    if broken:
        raise CratewatchError(
            f"run {manifest.run}: {len(broken)} shards are not whole, first number "
            f"{broken[0]}; they no longer count as done: see to the disk and synthesize again"
        )


def publish(manifest: Manifest, folder: RunFolder) -> RunReport:
    """Sum the shards' statistics up, and put a contact sheet beside them.

    Raises:
        CratewatchError: if the run has not one sample.
    """
    shards = [read_statistics(folder, n) for n in range(manifest.n_shards)]
    total = sum(shard["samples"] for shard in shards)
    rejected: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for shard in shards:
        rejected.update(shard.get("rejected", {}))
        left_out.update({reason: len(ids) for reason, ids in shard.get("left_out", {}).items()})
    require_any(total, rejected + left_out)
    sheet = BytesIO()
    contact_sheet(_first_queries(folder)).save(sheet, "JPEG")
    folder.lake.write(folder.key(CONTACT_SHEET), sheet.getvalue())
    gated = bool(manifest.settings)
    return RunReport(
        run=manifest.run,
        folder=f"{folder.lake.root}/{folder.prefix}".rstrip("/"),
        samples=total,
        shards=len(shards),
        severity=_mean(shards, "severity"),
        occluded_fraction=_mean(shards, "occluded_fraction"),
        left_out=dict(sorted(left_out.items())),
        rejected=dict(sorted(rejected.items())) if gated else None,
        dropped=sum(shard.get("dropped", 0) for shard in shards) if gated else None,
    )


def write_preview(lake: LakeLocation, folder: str, path: Path) -> None:
    """Write a contact sheet of a run's first samples, with boxes and masks, to an image file.

    Args:
        folder: Where the run's files lie, as its report says.
    """
    run = RunFolder(open_lake(replace(lake, path=folder)))
    sheet = contact_sheet(_first_queries(run))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def _mean(shards: list[dict[str, Any]], name: str) -> float:
    """Return the mean over samples."""
    total = sum(shard["samples"] for shard in shards)
    weighted = sum(shard[name] * shard["samples"] for shard in shards)
    return round(float(weighted / max(1, total)), 4)


def _first_queries(run: RunFolder) -> list[Query]:
    samples = islice(read_samples(run), PREVIEW_SAMPLES)
    return [Query(sample.jpeg, sample.label) for sample in samples]
