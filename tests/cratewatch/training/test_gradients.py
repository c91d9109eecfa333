import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.net import EmbeddingNet
from cratewatch.training.gradients import backward
from cratewatch.training.losses import LossConfig, Objective

pytestmark = pytest.mark.heavy

SCRIPT = Path(__file__).with_name("two_workers.py")


def run_workers(folder: Path, world: int, pieces: int) -> list[dict[str, Any]]:
    """Run as many processes and return what each of them saved."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    outs = [folder / f"{world}-{pieces}-{rank}.pt" for rank in range(world)]
    common = {"WORLD_SIZE": str(world), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    workers = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), str(out), str(pieces)],
            env=os.environ | common | {"RANK": str(rank), "OMP_NUM_THREADS": "1"},
        )
        for rank, out in enumerate(outs)
    ]
    assert [worker.wait(timeout=120) for worker in workers] == [0] * world
    return [torch.load(out, weights_only=True) for out in outs]


def test_gathered_negatives_and_gradients_equal_those_of_one_process(tmp_path: Path) -> None:
    """Batch statistics are taken by piece, so that one process cuts its batch in two."""
    (one,) = run_workers(tmp_path, world=1, pieces=2)
    for worker in run_workers(tmp_path, world=2, pieces=1):
        assert float(worker["loss"]) == pytest.approx(float(one["loss"]), rel=1e-5)
        for name, gradient in worker["gradients"].items():
            torch.testing.assert_close(gradient, one["gradients"][name], rtol=1e-3, atol=1e-5)


def test_the_gradient_is_that_of_the_loss_itself() -> None:
    torch.manual_seed(0)
    net = EmbeddingNet(ModelConfig(image_px=32, stages=2)).train()
    images, labels = torch.rand(12, 1, 32, 32), torch.arange(6).repeat_interleave(2)
    objective = Objective(LossConfig("soft_triplet"), 128)
    loss = objective(net(images), labels, 0.5)
    loss.backward()
    expected = {name: parameter.grad for name, parameter in net.named_parameters()}
    net.zero_grad()
    value, embeddings = backward(net, [images], labels, lambda e, of: objective(e, of, 0.5))
    assert embeddings.shape == (12, 128)
    assert float(value) == pytest.approx(float(loss.detach()), rel=1e-6)
    for name, parameter in net.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name])


def test_pieces_give_the_gradient_of_the_whole_batch() -> None:
    """Without batch statistics, which differ by piece, nothing but rounding may differ."""
    torch.manual_seed(0)
    net = EmbeddingNet(ModelConfig(image_px=32, stages=2)).eval()
    images, labels = torch.rand(12, 1, 32, 32), torch.arange(6).repeat_interleave(2)
    objective = Objective(LossConfig("infonce"), 128)
    gradients = []
    for pieces in (1, 3):
        net.zero_grad()
        backward(net, images.chunk(pieces), labels, lambda e, of: objective(e, of, 0.5))
        gradients.append([parameter.grad.clone() for parameter in net.parameters()])
    for whole, pieced in zip(*gradients, strict=True):
        torch.testing.assert_close(whole, pieced, rtol=1e-4, atol=1e-6)
