import pytest
import torch
from torch import nn

from cratewatch.words.averaging import follow, stays_at


def test_a_copy_follows_by_the_share_that_does_not_stay() -> None:
    slow, net = nn.BatchNorm1d(1), nn.BatchNorm1d(1)
    with torch.no_grad():
        net.weight.fill_(5.0)
        net.running_mean.fill_(2.0)
        net.num_batches_tracked.fill_(7)
    follow(slow, net, stays=0.75)
    assert slow.weight.item() == pytest.approx(0.75 * 1 + 0.25 * 5)
    assert slow.running_mean.item() == pytest.approx(0.25 * 2)
    assert slow.num_batches_tracked.item() == 7
    follow(slow, net, stays=0.0)
    torch.testing.assert_close(slow.state_dict(), net.state_dict(), rtol=0, atol=0)


def test_what_was_random_is_soon_forgotten() -> None:
    assert stays_at(0, 0.99) == pytest.approx(0.1)
    assert stays_at(8, 0.99) == pytest.approx(0.5)
    assert stays_at(10_000, 0.99) == 0.99
    assert stays_at(10_000, 0.0) == 0.0
