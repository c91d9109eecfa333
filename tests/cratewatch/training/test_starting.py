from pathlib import Path

import torch

from cratewatch.embedding.saved_models import describe_start, find_model, start_artworks
from cratewatch.embedding.weights import start_net
from cratewatch.lake.lake import Lake
from cratewatch.training.starting import start_folder
from tests.tiny import tiny_net


def test_a_model_of_the_lake_is_a_folder_here_while_a_training_starts_from_it(
    lake: Lake, tiny_model: str
) -> None:
    config = find_model(lake, tiny_model).config()
    with start_folder(lake, tiny_model) as start:
        net = start_net(config, start)
        assert start_artworks(start) == {"a-training-artwork"}
        assert describe_start(start)[0] == tiny_model
    assert not Path(start).exists()
    for name, tensor in tiny_net().state_dict().items():  # as tiny_model was made
        torch.testing.assert_close(net.state_dict()[name], tensor)


def test_other_starts_stay_as_they_are(lake: Lake, tiny_model: str, tmp_path: Path) -> None:
    for weights in ("", "imagenet", str(tmp_path)):
        with start_folder(lake, weights) as start:
            assert start == weights
