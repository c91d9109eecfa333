"""A model that takes no time."""

import torch
from torch import nn

from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.net import EmbeddingNet, standardise

# Of a trunk that is no other package's, whose import would take seconds in each process. Without
# a frame a cover is its own best query, also for an untrained model.
TINY = ModelConfig("mobilenet_v1", stages=1, image_px=32, cover_margin=0.0)


def tiny_net(seed: int = 0) -> EmbeddingNet:
    """Return an untrained network whose norms know noise, so that it tells pictures apart."""
    torch.manual_seed(seed)
    net = EmbeddingNet(TINY)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        net.train()(standardise(torch.randint(256, (16, 1, 32, 32))))
    return net.eval()
