"""What users do with a model folder: index with it, export it, quantise it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover
from cratewatch.embedding import nncf_quantiser
from cratewatch.embedding.inference import Inference
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.saved_models import find_model
from cratewatch.errors import CheckError, CratewatchError
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake
from cratewatch.settings import load_settings
from cratewatch.training.quantising import quantise
from tests.tiny import TINY, tiny_net

pytestmark = pytest.mark.heavy


@pytest.mark.usefixtures("ray_cluster")
def test_a_folder_from_elsewhere_is_indexed_and_served_by_openvino(
    run: Any, home: Path, imported: list[Cover], lake: Lake, tmp_path: Path
) -> None:
    mine = FolderLake(tmp_path / "mine")
    name = save_model(mine, tiny_net(1), TINY, {}, ["an-artwork"])
    folder = tmp_path / "mine" / "models" / name
    done = run(
        *("index", "--model", str(folder), "--json", "--home", str(home)),
        CRATEWATCH_RUNTIME="openvino",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["model"] == name
    assert json.loads(done.stdout)["rows"] == 24
    assert find_model(lake, name).has("model.onnx")
    for runtime in ("openvino", "torch"):  # either finds what the other indexed
        answer = run(
            *("identify", imported[3].source_url, "--json", "--home", str(home)),
            CRATEWATCH_RUNTIME=runtime,
        )
        best = json.loads(answer.stdout)["matches"][0]
        assert best["cover_id"] == imported[3].cover_id
        assert best["score"] == pytest.approx(1, abs=2e-3)


def test_a_folder_without_its_configuration_is_one_line(
    run: Any, home: Path, imported: list[Cover], tmp_path: Path
) -> None:
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "weights.safetensors").write_bytes(b"")
    answer = run("index", "--model", str(tmp_path / "half"), "--home", str(home))
    assert answer.returncode == 1
    assert "half: config.json is missing; copy the whole folder" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_export_writes_onnx(
    run: Any, home: Path, lake: Lake, tiny_model: str, tmp_path: Path
) -> None:
    file = tmp_path / "model.onnx"
    arguments = ("--json", "--home", str(home))
    done = run("export-model", "--model", tiny_model, "--out", str(file), *arguments)
    assert done.returncode == 0, done.stderr
    expected = {"model": tiny_model, "file": str(file), "bytes": file.stat().st_size}
    assert json.loads(done.stdout) == expected
    onnx.checker.check_model(onnx.load_from_string(file.read_bytes()))
    nowhere = run("export-model", "--out", str(tmp_path / "none" / "model.onnx"), *arguments)
    assert nowhere.returncode == 1
    assert nowhere.stderr == (
        f"cratewatch: --out: there is no folder {tmp_path / 'none'}; make it first\n"
    )
    wrong = run("export-model", "--out", str(tmp_path / "model.pt"), *arguments)
    assert wrong.returncode == 1
    assert wrong.stderr == f"cratewatch: --out: {tmp_path / 'model.pt'} does not end in .onnx\n"


def test_a_quantised_model_finds_what_was_indexed_before(
    run: Any, home: Path, served: list[Cover], lake: Lake, tiny_model: str
) -> None:
    done = run("quantize", "--model", tiny_model, "--json", "--home", str(home))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["model"] == tiny_model
    assert told["pictures"] == 24, "of half of the 24 covers: itself and a sketch"
    assert 0.99 <= told["cosine_mean"] <= 1
    assert told["cosine_least"] <= told["cosine_mean"]
    paths = [cover.source_url for cover in served]
    answer = run("identify", *paths, "--json", "--home", str(home), CRATEWATCH_PRECISION="int8")
    assert answer.returncode == 0, answer.stderr
    found = [json.loads(line)["matches"][0]["cover_id"] for line in answer.stdout.splitlines()]
    assert found == [cover.cover_id for cover in served]


def test_nothing_is_kept_of_a_quantisation_that_does_not_agree(
    home: Path,
    imported: list[Cover],
    lake: Lake,
    tiny_model: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    to_int8 = nncf_quantiser.to_int8
    dark = [np.zeros((32, 32), np.uint8)] * 4
    monkeypatch.setattr(nncf_quantiser, "to_int8", lambda model, _: to_int8(model, dark))
    with pytest.raises(CheckError, match="have a mean cosine of"):
        quantise(load_settings(home=home), tiny_model)
    with pytest.raises(CratewatchError, match="has no int8 weights"):
        load_model(lake, tiny_model, Inference(precision="int8"))


def test_without_covers_there_is_nothing_to_calibrate_on(
    home: Path, catalog: Catalog, lake: Lake, tiny_model: str
) -> None:
    with pytest.raises(CratewatchError, match="the catalog has no covers to calibrate on"):
        quantise(load_settings(home=home), tiny_model)
