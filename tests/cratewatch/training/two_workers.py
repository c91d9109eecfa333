"""Takes a loss of four artworks; run as a program, as two workers at once. argv: where they save.

The workers are forked, so that what is slow to import is imported once.
"""

import multiprocessing
import os
import socket
import sys
from collections.abc import Sequence

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from cratewatch.embedding.net import EmbeddingNet
from cratewatch.training.config import LossConfig
from cratewatch.training.gradients import backward
from cratewatch.training.losses import Objective
from tests.tiny import TINY


def take_loss(out: str, rank: int, world: int, pieces: int) -> None:
    """Save gradients and loss of one worker of a world."""
    torch.manual_seed(0)
    net = EmbeddingNet(TINY).train()
    images, labels = torch.rand(16, 1, 32, 32), torch.arange(8).repeat_interleave(2)
    objective = Objective(LossConfig("infonce"), 128)
    whole = DistributedDataParallel(net) if world > 1 else net
    share = slice(rank * 16 // world, (rank + 1) * 16 // world)
    loss, _ = backward(
        whole,
        images[share].chunk(pieces),
        labels[share],
        lambda vectors, of: objective(vectors, of, 0.5),
    )
    gradients = {name: parameter.grad for name, parameter in net.named_parameters()}
    torch.save({"loss": loss, "gradients": gradients}, out)


def _work(out: str, rank: int, world: int) -> None:
    os.environ["RANK"] = str(rank)
    dist.init_process_group("gloo")
    take_loss(out, rank, world, pieces=1)
    dist.destroy_process_group()


def main(outs: Sequence[str]) -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    world = len(outs)
    os.environ |= {
        "WORLD_SIZE": str(world),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=_work, args=(out, rank, world)) for rank, out in enumerate(outs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return max(abs(worker.exitcode or 0) for worker in workers)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
