"""Model folders: of the lake, of the package, and by path."""

import io
import json
import os
from pathlib import Path

import pytest
import safetensors.torch
import torch

import cratewatch
from cratewatch.embedding import saved_models
from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.net import EmbeddingNet
from cratewatch.embedding.saved_models import (
    adopt_model,
    default_model,
    find_model,
    models,
    reject_model,
    start_artworks,
    train_artworks,
)
from cratewatch.embedding.weights import start_net
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake

TINY = ModelConfig("mobilenet_v1", stages=1, image_px=32, dim=16)
MOST_BYTES = 25_000_000


def save(lake: Lake, seed: int) -> str:
    torch.manual_seed(seed)
    return save_model(lake, EmbeddingNet(TINY), TINY, {}, [f"artwork-{seed}"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model folder that no lake knows, under a name of the user's."""
    name = save(FolderLake(tmp_path / "elsewhere"), seed=1)
    return (tmp_path / "elsewhere" / "models" / name).rename(tmp_path / "my model")


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a model in what stands for the package."""
    name = save(FolderLake(tmp_path / "package"), seed=2)
    monkeypatch.setattr(saved_models, "SHIPPED", tmp_path / "package" / "models")
    return name


def test_a_model_that_ships_serves_until_another_is_trained(lake: Lake, shipped: str) -> None:
    assert models(lake) == [shipped]
    assert default_model(lake) == shipped
    assert load_model(lake, shipped).name == shipped
    assert train_artworks(lake, shipped) == {"artwork-2"}
    own = save(lake, seed=3)
    assert models(lake) == [shipped, own]
    assert default_model(lake) == own
    assert train_artworks(lake, own) == {"artwork-3"}


def test_a_model_that_ships_is_copied_into_the_lake_and_is_listed_once(
    lake: Lake, shipped: str
) -> None:
    own = save(lake, seed=3)
    assert adopt_model(lake, shipped) == shipped
    assert models(lake) == [shipped, own]
    package = find_model(FolderLake(Path("no-lake")), shipped)
    copy = find_model(lake, shipped)
    assert copy.lake == lake
    assert copy.files() == package.files()
    for file in copy.files():
        assert copy.read(file) == package.read(file)


def test_what_was_copied_stays_when_the_next_version_ships_another(
    lake: Lake, shipped: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    adopt_model(lake, shipped)
    monkeypatch.setattr(saved_models, "SHIPPED", tmp_path / "nothing")
    assert load_model(lake, shipped).name == shipped


def test_a_folder_is_named_after_its_weights(
    lake: Lake, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = save(FolderLake(folder.parent / "again"), seed=1)
    assert adopt_model(lake, str(folder)) == expected
    assert models(lake) == [expected]
    monkeypatch.chdir(folder)
    assert adopt_model(lake, ".") == expected
    assert train_artworks(lake, expected) == {"artwork-1"}


def test_a_copy_is_not_written_twice(lake: Lake, folder: Path) -> None:
    name = adopt_model(lake, str(folder))
    lake.write(f"models/{name}/model.onnx", b"kept")
    before = lake.modified_at(f"models/{name}/config.json")
    (folder / "README.md").write_text("changed")
    assert adopt_model(lake, str(folder)) == name
    assert lake.modified_at(f"models/{name}/config.json") == before
    assert lake.read(f"models/{name}/README.md") != b"changed"


def test_the_configuration_is_copied_last(
    lake: Lake, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that is killed is no model yet, and is made again."""
    written: list[str] = []
    write = FolderLake.write
    monkeypatch.setattr(
        FolderLake,
        "write",
        lambda self, key, data: written.append(key.split("/")[-1]) or write(self, key, data),
    )
    adopt_model(lake, str(folder))
    assert written[-1] == "config.json"
    assert sorted(written) == sorted(os.listdir(folder))  # noqa: PTH208  names only


@pytest.mark.parametrize("missing", ["config.json", "weights.safetensors", "train_artworks.txt"])
def test_a_folder_that_is_not_whole_is_named(lake: Lake, folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(CratewatchError, match=rf"my model: {missing} is missing; copy the whole"):
        adopt_model(lake, str(folder))
    assert not list(lake.keys("models"))


def test_a_model_without_its_configuration_is_not_taken_for_an_unknown_one(lake: Lake) -> None:
    name = save(lake, seed=3)
    lake.delete(f"models/{name}/config.json")
    with pytest.raises(CratewatchError, match=rf"{name}: config\.json is missing"):
        load_model(lake, name)


def test_what_does_not_exist_is_named(lake: Lake) -> None:
    with pytest.raises(NotFoundError, match="there is no model yet; run `cratewatch train`"):
        default_model(lake)
    name = save(lake, seed=3)
    for wanted in ("resnet18_00000000", "no/such/folder"):
        with pytest.raises(NotFoundError, match=f"{wanted}: .*known: {name}"):
            adopt_model(lake, wanted)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (b"{", "config.json is none of this version"),
        (b'{"training": {}}', "config.json is none of this version .'model'"),
        (b'{"model": {"backbone": "vgg"}}', "'vgg' is none of resnet18"),
        (b'{"model": {"patches": 16}}', "unexpected keyword argument 'patches'"),
    ],
)
def test_a_configuration_of_something_else_is_named(
    lake: Lake, config: bytes, message: str
) -> None:
    name = save(lake, seed=3)
    lake.write(f"models/{name}/config.json", config)
    with pytest.raises(CratewatchError, match=message):
        load_model(lake, name)


def test_weights_of_another_network_are_told_in_one_line(lake: Lake) -> None:
    name = save(lake, seed=3)
    key = f"models/{name}/config.json"
    plain = json.loads(lake.read(key))
    lake.write(key, json.dumps({"model": {**plain["model"], "dim": 8}}).encode())
    with pytest.raises(CratewatchError, match=r"\(2 tensors, first head\.bias\)"):
        load_model(lake, name)
    lake.write(key, json.dumps({"model": {**plain["model"], "backbone": "resnet50"}}).encode())
    with pytest.raises(CratewatchError, match="do not fit the resnet50") as raised:
        load_model(lake, name)
    assert len(str(raised.value)) < 400


def test_weights_of_another_program_or_cut_short_are_named(lake: Lake) -> None:
    name = save(lake, seed=3)
    key = f"models/{name}/weights.safetensors"
    whole = lake.read(key)
    lake.write(key, whole[:-100])
    with pytest.raises(CratewatchError, match=r"weights\.safetensors is broken"):
        load_model(lake, name)
    pickled = io.BytesIO()
    torch.save(safetensors.torch.load(whole), pickled)
    lake.write(key, pickled.getvalue())
    with pytest.raises(CratewatchError, match=r"weights\.safetensors is broken"):
        load_model(lake, name)
    lake.write(key, safetensors.torch.save({"encoder.weight": torch.zeros(3)}))
    with pytest.raises(CratewatchError, match="do not fit"):
        load_model(lake, name)


def test_a_training_goes_on_from_a_model_folder(folder: Path) -> None:
    torch.manual_seed(1)
    start = EmbeddingNet(TINY).state_dict()
    torch.manual_seed(5)
    net = start_net(TINY, str(folder))
    assert all(torch.equal(tensor, start[name]) for name, tensor in net.state_dict().items())
    assert start_artworks(str(folder)) == {"artwork-1"}
    torch.manual_seed(5)
    fresh = EmbeddingNet(TINY).state_dict()
    torch.manual_seed(5)
    assert torch.equal(start_net(TINY, "").state_dict()["head.weight"], fresh["head.weight"])
    assert start_artworks("") == start_artworks("imagenet") == frozenset()


def test_a_training_does_not_go_on_from_another_network(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CratewatchError, match=r"is ModelConfig.*stages=1.*, not ModelConfig"):
        start_net(ModelConfig(), str(folder))
    with pytest.raises(CratewatchError, match=r"config\.json is missing"):
        start_net(TINY, str(tmp_path))


def test_models_that_ship_are_whole_and_small(lake: Lake) -> None:
    for path in (Path(cratewatch.__file__).parent / "shipped").glob("*"):
        assert (path / "weights.safetensors").stat().st_size <= MOST_BYTES
        assert adopt_model(lake, str(path)) == path.name, "named after its weights"
        assert load_model(lake, path.name).config.dim > 0
        card = (path / "README.md").read_text()
        assert "## What it gets wrong" in card
        assert "## Licence" in card
        json.loads((path / "metrics.json").read_text())


def test_a_rejected_model_is_taken_by_its_name_alone(lake: FolderLake) -> None:
    served, newer = save(lake, seed=1), save(lake, seed=2)
    os.utime(lake.root / "models" / served / "config.json", (1, 1))
    assert default_model(lake) == newer
    reject_model(lake, newer, {"difference": -0.1})
    assert default_model(lake) == served
    assert models(lake) == [served, newer]
    assert adopt_model(lake, newer) == newer
