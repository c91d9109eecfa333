"""Takes a loss of four artworks as worker RANK of WORLD_SIZE and saves gradients and loss."""

import os
import sys

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.net import EmbeddingNet
from cratewatch.training.gradients import backward
from cratewatch.training.losses import LossConfig, Objective


def main(out: str, pieces: int) -> None:
    rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    if world > 1:
        dist.init_process_group("gloo")
    torch.manual_seed(0)
    net = EmbeddingNet(ModelConfig(image_px=32, stages=2)).train()
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
    if world > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
