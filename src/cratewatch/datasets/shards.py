"""Query shards: names, samples, manifest and done markers under ``queries/<run>/``.

A shard is a tar in webdataset's layout: for sample 42 ``000000042.jpg`` and
``000000042.json``. It counts only when its done marker, written last, is there; what has no
marker is the work list of the next attempt.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from PIL import Image

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.lake.lake import Lake
from cratewatch.lake.marked import write_marked

PREFIX = "queries"
OWNER = "cratewatch"
PAINTED_NOISE = "random_weights"
"""Of a run's settings: its engine ran a model that nobody trained."""


@dataclass(frozen=True)
class Manifest:
    """What a run was asked for; written first and compared when the run is taken up again.

    Attributes:
        covers: Digest of the cover ids drawn from, so that a resumed run draws the same.
        settings: Of an engine that has any: its model, and how it paints.
    """

    run: str
    engine: str
    seed: int
    n_samples: int
    shard_size: int
    split: str
    covers: str
    scene: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def is_noise(self) -> bool:
        """Whether a model with random weights painted the hands, to try how it runs."""
        return bool(self.settings.get(PAINTED_NOISE))

    @property
    def n_shards(self) -> int:
        """How many shards hold all samples."""
        return -(-self.n_samples // self.shard_size)

    def sample_range(self, shard: int) -> range:
        """Return the sample numbers of a shard."""
        start = shard * self.shard_size
        return range(start, min(start + self.shard_size, self.n_samples))


@dataclass(frozen=True)
class Sample:
    """One drawn query: its JPEG and its label (see docs/data-format.md)."""

    key: str
    jpeg: bytes
    label: dict[str, Any]

    @property
    def image(self) -> Image.Image:
        """The picture, decoded when it is used."""
        return Image.open(io.BytesIO(self.jpeg))


@dataclass(frozen=True)
class RunFolder:
    """Where a run's files lie: below queries/ in the lake, or in a folder of its own."""

    lake: Lake
    prefix: str = ""

    def key(self, name: str) -> str:
        """Return the key of one of the run's files."""
        return f"{self.prefix}/{name}" if self.prefix else name

    def not_done(self, manifest: Manifest) -> list[int]:
        """Return the shards without a done marker, by one listing."""
        there = set(self.lake.keys(self.prefix))
        shards = range(manifest.n_shards)
        return [n for n in shards if self.key(f"{shard_name(n)}.done") not in there]


def run_in_lake(lake: Lake, run: str) -> RunFolder:
    """Return where a run lies in the lake, whether it is there or not."""
    return RunFolder(lake, f"{PREFIX}/{run}")


def shard_name(shard: int) -> str:
    """Return a shard's name without its ending."""
    return f"shard-{shard:05d}"


def start_run(folder: RunFolder, manifest: Manifest) -> list[int]:
    """Write the manifest, or find the same one there, and return the shards still to do.

    Of two that start one run with other parameters at once, one gets its manifest in.

    Raises:
        CratewatchError: if the run exists with other parameters.
    """
    lake, key = folder.lake, folder.key("manifest.json")
    text = json.dumps(asdict(manifest), indent=2, sort_keys=True).encode()
    if not lake.create(key, text):
        if lake.read(key) != text:
            raise CratewatchError(
                f"run {manifest.run}: its manifest has other parameters (other options, or covers "
                "that came or went since); choose another folder with --out"
            )
        lake.write(key, text)  # the same bytes: this is the latest run again
    lake.tidy(folder.prefix)
    return folder.not_done(manifest)


def write_shard(
    folder: RunFolder, shard: int, samples: Sequence[Sample], statistics: Mapping[str, Any]
) -> None:
    """Write a shard and, last, its done marker with the statistics; same samples, same bytes.

    A shard without a marker may be left of a killed writer and is replaced; a marker is not.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w|") as tar:
        for sample in samples:
            _add(tar, f"{sample.key}.jpg", sample.jpeg)
            _add(tar, f"{sample.key}.json", json.dumps(sample.label, sort_keys=True).encode())
    tar_file = (folder.key(f"{shard_name(shard)}.tar"), buffer.getvalue())
    told = json.dumps({"samples": len(samples), **statistics}, sort_keys=True).encode()
    done = folder.key(f"{shard_name(shard)}.done")
    write_marked(folder.lake, [tar_file], done, told, keep=True)
    folder.lake.delete(folder.key(f"{shard_name(shard)}.failed"))


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    """Add a file as webdataset's writer does, to the byte."""
    file = tarfile.TarInfo(name)
    file.size = len(data)
    file.mode = 0o444
    file.uname = file.gname = OWNER
    tar.addfile(file, io.BytesIO(data))


def record_failed_shard(folder: RunFolder, shard: int, failed: Mapping[str, str]) -> None:
    """Say which samples of a shard could not be drawn, and why; the shard stays to be done."""
    reasons = json.dumps(failed, indent=2, sort_keys=True).encode()
    folder.lake.write(folder.key(f"{shard_name(shard)}.failed"), reasons)


def check_shard(folder: RunFolder, shard: int) -> bool:
    """Whether a done shard holds what its marker says; if not, it does not count as done any more.

    Raises:
        NotFoundError: if the shard is not done.
    """
    expected = int(read_statistics(folder, shard)["samples"])
    try:
        whole = sum(1 for _ in _shard_samples(folder, shard)) == expected
    except (NotFoundError, tarfile.TarError, ValueError, KeyError, EOFError):
        whole = False
    if not whole:
        folder.lake.delete(folder.key(f"{shard_name(shard)}.done"))
    return whole


def read_manifest(folder: RunFolder) -> Manifest:
    """Read what a run was asked for.

    Raises:
        NotFoundError: if there is no such run.
        CratewatchError: if its manifest is none.
    """
    key = folder.key("manifest.json")
    try:
        return Manifest(**json.loads(folder.lake.read(key)))
    except (ValueError, TypeError) as error:
        raise CratewatchError(
            f"{folder.lake.root}/{key}: no manifest of a run of queries ({error}); draw the run "
            "anew, or give another"
        ) from error


def read_statistics(folder: RunFolder, shard: int) -> dict[str, Any]:
    """Return what the shard's done marker tells."""
    done = folder.lake.read(folder.key(f"{shard_name(shard)}.done"))
    statistics: dict[str, Any] = json.loads(done)
    return statistics


def read_samples(folder: RunFolder) -> Iterator[Sample]:
    """Yield a finished run's samples in order.

    Raises:
        NotFoundError: if there is no such run.
        CratewatchError: if shards are missing.
    """
    manifest = read_manifest(folder)
    missing = folder.not_done(manifest)
    if missing:
        raise CratewatchError(
            f"run {manifest.run}: {len(missing)} of {manifest.n_shards} shards are not done, first "
            f"{shard_name(missing[0])}; run `cratewatch synthesize` again with the same options"
        )
    for shard in range(manifest.n_shards):
        yield from _shard_samples(folder, shard)


def _shard_samples(folder: RunFolder, shard: int) -> Iterator[Sample]:
    name = folder.key(f"{shard_name(shard)}.tar")
    with tarfile.open(fileobj=io.BytesIO(folder.lake.read(name))) as tar:
        files = iter(tar)
        for picture, label in zip(files, files, strict=True):
            key = picture.name.removesuffix(".jpg")
            if label.name != f"{key}.json":
                raise ValueError(f"{name}: {label.name} stands behind {picture.name}")
            yield Sample(key, _bytes_of(tar, picture), json.loads(_bytes_of(tar, label)))


def _bytes_of(tar: tarfile.TarFile, file: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(file)
    if stream is None:
        raise ValueError(f"{file.name} is no file")
    return stream.read()
