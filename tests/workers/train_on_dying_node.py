"""Trains on three nodes, and again on three of which one is killed; argv: a task as JSON.

At last it loses a node that nothing replaces.
"""

import json
import logging
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray
from ray.cluster_utils import Cluster

from cratewatch.errors import CratewatchError
from cratewatch.lake.folder import FolderLake
from cratewatch.training.config import Draw, TrainConfig
from tests.tiny import TINY
from workers import data_parallel
from workers.cluster import Workers
from workers.mailbox import TrainedModel
from workers.training import run_training
from workers.training_job import Job

CONFIG = TrainConfig(
    model=TINY,
    draw=Draw(artworks=8, images_each=2, sketched=1.0),
    steps=120,  # so that a node is missed before the training is over
    round_steps=4,
    precision="fp32",
    drawers=0,
)


def main(task: dict[str, Any]) -> None:
    lake = FolderLake(Path(task["lake"]))
    job = Job(lake, None, {cover: cover for cover in task["covers"]}, {}, CONFIG)
    # The head has no CPU: what is trained is trained on the other nodes.
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    ray.init(address=cluster.address, logging_level=logging.ERROR, log_to_driver=False)

    def train(job: Job, *, kill: bool, replaced: bool = True) -> str:
        name = ""
        for event in run_training(job, Workers(2, 1, gpu=False)):
            if isinstance(event, TrainedModel):
                name = event.name
            elif kill and event.step > 2 * CONFIG.round_steps:
                kill = False
                cluster.remove_node(nodes.pop(), allow_graceful=False)
                if replaced:
                    nodes.append(cluster.add_node(num_cpus=1))
        assert not kill
        return name

    report = {"undisturbed": train(job, kill=False), "disturbed": train(job, kill=True)}
    data_parallel.PATIENCE_S = 2.0
    try:
        train(replace(job, config=replace(CONFIG, seed=1)), kill=True, replaced=False)
    except CratewatchError as error:
        report["lost"] = str(error)
    report["checkpoints"] = str(len(list(lake.keys("checkpoints"))))
    print(json.dumps(report), flush=True)
    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
