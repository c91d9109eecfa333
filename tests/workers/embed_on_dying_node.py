"""Embeds on two nodes, and again on four of which one is killed; argv: a task as JSON."""

import json
import logging
import os
import sys
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray
from ray.cluster_utils import Cluster

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.records import Cover
from cratewatch.embedding.shards import PREFIX
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import COVERS
from workers.embedding import ModelUse, embed_shards


@dataclass(frozen=True)
class NotingLake(FolderLake):
    """Leaves a note of each cover that is read."""

    notes: Path = Path()

    def read(self, key: str) -> bytes:
        if key.startswith(COVERS):
            (self.notes / uuid.uuid4().hex).touch()
        return super().read(key)


def main(task: dict[str, str]) -> None:
    home = Path(task["home"])
    lake = NotingLake(home / "lake", Path(task["notes"]))
    with closing(open_catalog(f"sqlite:///{home / 'catalog.db'}")) as catalog:
        covers = catalog.covers.all()
    # The head has no CPU: what is embedded is embedded on the other nodes.
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    ray.init(address=cluster.address, logging_level=logging.ERROR, log_to_driver=False)
    told = {"calm": embed(lake, task["model"], covers, lambda: None)}
    for key in list(lake.keys(PREFIX)):
        lake.delete(key)
    nodes += [cluster.add_node(num_cpus=1) for _ in range(2)]
    cluster.wait_for_nodes()
    kill = lambda: cluster.remove_node(nodes[0], allow_graceful=False)  # noqa: E731
    told["killed"] = embed(lake, task["model"], covers, kill)
    ray.shutdown()
    cluster.shutdown()
    print(json.dumps(told))


def embed(
    lake: NotingLake, model: str, covers: list[Cover], in_the_middle: Callable[[], None]
) -> dict[str, int]:
    """Embed; return how many covers were, and how many were read."""
    before = len(list(lake.notes.iterdir()))
    shards = embed_shards(lake, ModelUse(model), iter(covers), 3)
    done = len(next(shards).cover_ids)
    in_the_middle()
    done += sum(len(shard.cover_ids) for shard in shards)
    return {"covers": done, "read": len(list(lake.notes.iterdir())) - before}


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
