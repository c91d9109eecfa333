"""The exact gradient of a loss over a whole batch, however the batch is cut into pieces.

A loss over embeddings compares every image with every other one, so that gradients of its pieces
do not add up to its own. Here each worker embeds its pieces, the embeddings of all workers come
together, and the loss is taken of all of them; its gradient with respect to the embeddings then
goes back through the network piece by piece (Gao et al. 2021, "Scaling Deep Contrastive Learning
Batch Size under Memory Limited Setup").
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

Loss = Callable[[Tensor, Tensor], Tensor]


def world() -> tuple[int, int]:
    """Return this worker's number and how many there are; (0, 1) where there is one."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


def backward(
    net: nn.Module, pieces: Sequence[Tensor], labels: Tensor, loss: Loss
) -> tuple[Tensor, Tensor]:
    """Add the gradient of the loss of the whole batch to the network's parameters.

    Args:
        net: Maps a piece to (n, D) embeddings; a DistributedDataParallel one among several
            workers, all of which must have the same number of pieces and images.
        pieces: This worker's images.
        labels: (N,) of this worker's images, in the order of the pieces.
        loss: Takes embeddings (N * workers, D) and their labels.

    Returns:
        The loss of the whole batch and its embeddings, without gradients.
    """
    one = len(pieces) == 1
    with contextlib.nullcontext() if one else torch.no_grad():
        own = [net(piece) for piece in pieces]
    mine = torch.cat([embeddings.detach() for embeddings in own])
    rank, count = world()
    everyone = _gather(mine, count).requires_grad_()
    value = loss(everyone, _gather(labels, count))
    (gradient,) = torch.autograd.grad(value, everyone)
    gradient = gradient[rank * len(mine) : (rank + 1) * len(mine)]
    # Workers' gradients are averaged, but they are shares of one sum.
    shares = torch.split(gradient * count, [len(piece) for piece in pieces])
    for number, (piece, share) in enumerate(zip(pieces, shares, strict=True)):
        last = number == len(pieces) - 1
        with contextlib.nullcontext() if last else _no_sync(net):
            embeddings = own[0] if one else net(piece)
            torch.autograd.backward(embeddings, share)
    return value.detach(), everyone.detach()


def _no_sync(net: nn.Module) -> contextlib.AbstractContextManager[None]:
    """Leave the exchange of gradients to the last piece."""
    if isinstance(net, DistributedDataParallel):
        return net.no_sync()
    return contextlib.nullcontext()


def _gather(tensor: Tensor, count: int) -> Tensor:
    """Return the rows of all workers, in their order."""
    if count == 1:
        return tensor
    parts = [torch.empty_like(tensor) for _ in range(count)]
    dist.all_gather(parts, tensor.contiguous())
    return torch.cat(parts)
