"""Paints a run on three nodes, and again on three of which one is killed; argv: a task as JSON."""

import json
import logging
import os
import sys
from dataclasses import replace
from pathlib import Path

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray
from ray.cluster_utils import Cluster

from cratewatch.datasets.samples import Material
from cratewatch.datasets.shards import RunFolder
from cratewatch.lake.folder import FolderLake
from cratewatch.synthesis.diffusion.config import GligenConfig
from cratewatch.synthesis.painted_query import PaintConfig
from workers.brush import Brush
from workers.cluster import Workers
from workers.drawing import plan_run
from workers.painting import paint_instead, paint_run


def main(task: dict[str, str]) -> None:
    config = GligenConfig(steps=2, batch=2, precision="fp32", device="cpu")
    brush = Brush("gligen", task["model"], config, PaintConfig(side_px=96, attempts=2))
    covers = list(task["covers"])
    manifest = replace(plan_run("run", covers, 24, 1, "all"), shard_size=4)
    lake = FolderLake(Path(task["lake"]))
    material = paint_instead(Material(lake, manifest, covers), brush)
    # The head has no CPU: what is painted is painted on the other nodes.
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    ray.init(address=cluster.address, logging_level=logging.ERROR, log_to_driver=False)
    workers = Workers(2, 1, gpu=False)
    list(paint_run(material, RunFolder(FolderLake(Path(task["undisturbed"]))), brush, workers))
    run = paint_run(material, RunFolder(FolderLake(Path(task["disturbed"]))), brush, workers)
    next(run)
    cluster.remove_node(nodes[0], allow_graceful=False)
    print("a node was killed", flush=True)
    cluster.add_node(num_cpus=1)
    list(run)
    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
