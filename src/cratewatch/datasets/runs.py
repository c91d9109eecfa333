"""Which runs of queries there are, and where."""

from __future__ import annotations

from pathlib import Path

from cratewatch.datasets.shards import PREFIX, RunFolder, read_manifest, run_in_lake
from cratewatch.errors import NotFoundError
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake, by_age


def runs(lake: Lake) -> list[str]:
    """Return the names of all runs, sorted."""
    return sorted(key.split("/")[1] for key in lake.keys(PREFIX) if key.endswith("/manifest.json"))


def latest_run(lake: Lake, split: str) -> RunFolder:
    """Return the run drawn last among those of a split that a trained engine, or none, painted.

    Raises:
        NotFoundError: if there is none.
    """
    folders = [run_in_lake(lake, run) for run in runs(lake)]
    manifests = {folder: read_manifest(folder) for folder in folders}
    of_split = [folder for folder in folders if manifests[folder].split in (split, "all")]
    fitting = [folder for folder in of_split if not manifests[folder].is_noise]
    if not fitting:
        noise = ", ".join(manifests[folder].run for folder in of_split)
        but = f" but of models with random weights ({noise}: ask for it by name)" if noise else ""
        raise NotFoundError(
            f"lake {lake.root}: no queries of split {split!r}{but}; "
            f"run `cratewatch synthesize --split {split}` first"
        )
    return max(fitting, key=lambda folder: by_age(lake, folder.key("manifest.json")))


def find_run(lake: Lake, run: str, split: str) -> RunFolder:
    """Return a run by its name in the lake or its folder's path, the split's latest for "".

    Raises:
        NotFoundError: if there is no such run.
    """
    if not run:
        return latest_run(lake, split)
    candidates = [RunFolder(FolderLake(Path(run).absolute()))]
    if "/" not in run:
        candidates.insert(0, run_in_lake(lake, run))
    for folder in candidates:
        if folder.lake.exists(folder.key("manifest.json")):
            return folder
    raise NotFoundError(
        f"queries {run!r}: neither a run of the lake (known: {', '.join(runs(lake)) or 'none'}) "
        "nor a folder of shards"
    )
