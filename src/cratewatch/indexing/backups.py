"""Backups of collections in the lake: a manifest and shards of rows under ``backups/<name>/``.

A shard is a file that Milvus could import. A backup counts only with its manifest, which is
written last.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cratewatch.embedding.model_folder import WEIGHTS
from cratewatch.embedding.saved_models import find_model
from cratewatch.errors import CheckError, CratewatchError, NotFoundError
from cratewatch.gallery.bulk import import_file, read_import_file
from cratewatch.gallery.rows import GalleryRow
from cratewatch.lake.lake import Lake, by_age

PREFIX = "backups"
MANIFEST = "manifest.json"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class BackupShard:
    """A file of rows, and the sha256 of its bytes."""

    file: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class Backup:
    """What was backed up: the manifest.

    Attributes:
        made_at: In ISO 8601; what was embedded before is in it.
        weights: sha256 of the model's weights.
        index: A TunedIndex, as dataclasses.asdict() writes it.
        schema: Names of the fields and their types in the shards.
    """

    name: str
    made_at: str
    collection: str
    model: str
    weights: str
    dim: int
    metric: str
    index: dict[str, Any]
    schema: dict[str, str]
    rows: int
    shards: Sequence[BackupShard]


def begin_backup(lake: Lake, name: str) -> None:
    """Make place for a backup; what a killed one left under its name is removed.

    Raises:
        CratewatchError: if there is one of that name, or the name cannot be one.
    """
    _check_name(name)
    if lake.exists(_key(name, MANIFEST)):
        raise CratewatchError(
            f"lake {lake.root}: there is a backup {name} already; choose another name"
        )
    discard(lake, name)
    lake.tidy(PREFIX)


def discard(lake: Lake, name: str) -> None:
    """Remove what there is of a backup."""
    for key in sorted(lake.keys(f"{PREFIX}/{name}"), key=lambda key: not key.endswith(MANIFEST)):
        lake.delete(key)


def write_rows(lake: Lake, name: str, number: int, rows: Sequence[GalleryRow]) -> BackupShard:
    """Write a shard of rows that have embeddings."""
    data = import_file(
        [row.cover_id for row in rows],
        [row.artwork_id for row in rows],
        np.stack([row.embedding for row in rows if row.embedding is not None]),
        [row.facts for row in rows],
    )
    file = f"{number:05d}.parquet"
    lake.write(_key(name, file), data)
    return BackupShard(file, len(rows), digest_of(data))


def finish_backup(lake: Lake, backup: Backup) -> None:
    """Write the manifest: from now on the backup counts."""
    text = json.dumps(asdict(backup), indent=2, sort_keys=True).encode()
    lake.create(_key(backup.name, MANIFEST), text)


def backups(lake: Lake) -> list[str]:
    """Return the names of all backups that count, the latest last."""
    keys = [key for key in lake.keys(PREFIX) if key.endswith(f"/{MANIFEST}")]
    return [key.split("/")[1] for key in sorted(keys, key=lambda key: by_age(lake, key))]


def read_backup(lake: Lake, name: str) -> Backup:
    """Read a manifest.

    Raises:
        NotFoundError: if there is none of that name.
        CratewatchError: if it is half written, or its manifest cannot be read.
    """
    _check_name(name)
    try:
        values = json.loads(lake.read(_key(name, MANIFEST)))
        shards = [BackupShard(**shard) for shard in values["shards"]]
        return Backup(**values | {"shards": shards})
    except NotFoundError as error:
        if any(lake.keys(f"{PREFIX}/{name}")):
            raise CratewatchError(
                f"lake {lake.root}: the backup {name} is half written, {MANIFEST} is missing; "
                "restore another, or back up again"
            ) from error
        known = ", ".join(backups(lake)) or "none; run `cratewatch backup-gallery`"
        raise NotFoundError(f"lake {lake.root}: no backup {name!r} (known: {known})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CratewatchError(
            f"lake {lake.root}: {_key(name, MANIFEST)} is damaged, or of another version ({error});"
            " restore another backup"
        ) from error


def read_rows(lake: Lake, backup: Backup, shard: BackupShard) -> tuple[Any, ...]:
    """Return cover ids, artwork ids, embeddings (N, dim) and facts of a shard.

    Raises:
        CheckError: if it is not what was written.
    """
    key = _key(backup.name, shard.file)
    try:
        data = lake.read(key)
    except NotFoundError as error:
        raise CheckError(_damaged(lake, key, "is missing")) from error
    if digest_of(data) != shard.sha256:
        raise CheckError(_damaged(lake, key, "is damaged: its sha256 is not the manifest's"))
    return read_import_file(data)


def check_model(lake: Lake, backup: Backup) -> None:
    """Look whether the lake has the model whose embeddings were backed up.

    Raises:
        NotFoundError: if it has not.
        CheckError: if the model of that name is another.
    """
    try:
        folder = find_model(lake, backup.model)
    except NotFoundError as error:
        raise NotFoundError(
            f"lake {lake.root}: the backup {backup.name} is of the model {backup.model}, which is "
            f"not there; copy its folder models/{backup.model} from the lake where it was made"
        ) from error
    if (folder.config().dim, digest_of(folder.read(WEIGHTS))) != (backup.dim, backup.weights):
        raise CheckError(
            f"model folder {folder}: not the model whose embeddings the backup {backup.name} "
            "holds; copy the folder from the lake where that was made"
        )


def digest_of(data: bytes) -> str:
    """Return the sha256 by which a file is checked."""
    return hashlib.sha256(data).hexdigest()


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise CratewatchError(
            f"backup {name!r}: give up to 64 letters, digits, dots, dashes and underscores, a "
            "letter or digit first"
        )


def _damaged(lake: Lake, key: str, what: str) -> str:
    return f"lake {lake.root}: {key} {what}; restore another backup, or copy the file again"


def _key(name: str, file: str) -> str:
    return f"{PREFIX}/{name}/{file}"
