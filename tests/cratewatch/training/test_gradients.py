import subprocess
import sys
from pathlib import Path

import pytest
import torch

from cratewatch.embedding.net import EmbeddingNet
from cratewatch.training.config import LossConfig
from cratewatch.training.gradients import backward
from cratewatch.training.losses import Objective
from tests.cratewatch.training.two_workers import take_loss
from tests.tiny import TINY

pytestmark = pytest.mark.heavy

SCRIPT = Path(__file__).with_name("two_workers.py")


def test_gathered_negatives_and_gradients_equal_those_of_one_process(tmp_path: Path) -> None:
    """Batch statistics are taken by piece, so that one process cuts its batch in two."""
    take_loss(str(tmp_path / "one.pt"), rank=0, world=1, pieces=2)
    names = ["first.pt", "second.pt"]
    command = [sys.executable, str(SCRIPT), *(str(tmp_path / name) for name in names)]
    subprocess.run(command, check=True, timeout=240)
    one, *workers = (torch.load(tmp_path / name, weights_only=True) for name in ["one.pt", *names])
    for worker in workers:
        assert float(worker["loss"]) == pytest.approx(float(one["loss"]), rel=1e-5)
        for name, gradient in worker["gradients"].items():
            torch.testing.assert_close(gradient, one["gradients"][name], rtol=1e-3, atol=1e-5)


def test_the_gradient_is_that_of_the_loss_itself() -> None:
    torch.manual_seed(0)
    net = EmbeddingNet(TINY).train()
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
    net = EmbeddingNet(TINY).eval()
    images, labels = torch.rand(12, 1, 32, 32), torch.arange(6).repeat_interleave(2)
    objective = Objective(LossConfig("infonce"), 128)
    gradients = []
    for pieces in (1, 3):
        net.zero_grad()
        backward(net, images.chunk(pieces), labels, lambda e, of: objective(e, of, 0.5))
        gradients.append([parameter.grad.clone() for parameter in net.parameters()])
    for whole, pieced in zip(*gradients, strict=True):
        torch.testing.assert_close(whole, pieced, rtol=1e-4, atol=1e-6)
