"""Indexes a home's catalog in small shards and waits, after the first, for its end; argv: JSON."""

import json
import sys
import time
from pathlib import Path

from cratewatch.catalog.catalog import open_catalog
from cratewatch.gallery.gallery import open_gallery
from cratewatch.indexing.agreement import update
from cratewatch.indexing.stores import Stores
from cratewatch.lake.folder import FolderLake
from workers import indexing
from workers.cluster import ray_cluster


def tell(_done: int, _total: int | None, _note: str) -> None:
    print("a shard is loaded", flush=True)
    time.sleep(60)


def main(task: dict[str, str]) -> None:
    home = Path(task["home"])
    indexing.SHARD_COVERS = 2
    catalog = open_catalog(f"sqlite:///{home / 'catalog.db'}")
    with (
        ray_cluster(task["ray"], home / "ray"),
        open_gallery(str(home / "gallery.db")) as gallery,
    ):
        lake = FolderLake(home / "lake")
        embed = indexing.embed_by_ray(task["ray"], home / "ray", lake)
        update(Stores(catalog, lake, gallery), task["model"], embed, tell)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
