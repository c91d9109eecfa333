import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover
from cratewatch.datasets.shards import Manifest, Sample, run_in_lake, start_run, write_shard
from cratewatch.embedding.loading import load_model
from cratewatch.errors import CratewatchError
from cratewatch.evaluation.calibration import calibrate_serving, draw_background
from cratewatch.images.reading import load
from cratewatch.lake.lake import Lake
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.identification import open_identifier
from cratewatch.retrieval.model_aids import load_background, load_calibration
from cratewatch.settings import Settings, load_settings

pytestmark = pytest.mark.heavy


@pytest.fixture
def asked(served: list[Cover], catalog: Catalog, lake: Lake, tiny_model: str) -> list[Cover]:
    """Twelve covers, of which a run of queries asks for each as it is."""
    indexed = [cover.cover_id for cover in served]
    catalog.embeddings.mark_embedded(tiny_model, indexed, "a shard")
    catalog.embeddings.mark_indexed(tiny_model, ["a shard"])
    covers = served[:12]
    folder = run_in_lake(lake, "asked")
    start_run(folder, Manifest("asked", "composite", 0, 12, 12, "test", "", {}))
    samples = [
        Sample(f"{n:09d}", Path(cover.source_url).read_bytes(), {"cover_id": cover.cover_id})
        for n, cover in enumerate(covers)
    ]
    write_shard(folder, 0, samples, {})
    return covers


@pytest.fixture
def photo(asked: list[Cover], tmp_path: Path) -> str:
    """Return a picture that a model takes for a cover, and whose colours are no copy's."""
    path = tmp_path / "photo.png"
    load(Path(asked[0].source_url)).convert("L").save(path)
    return str(path)


@pytest.fixture
def settings(home: Path) -> Settings:
    return load_settings(home=home)


def test_known_covers_are_told_from_those_taken_out(
    asked: list[Cover], settings: Settings, lake: Lake, tiny_model: str
) -> None:
    calibration = calibrate_serving(settings, SearchConfig(), wanted_false_accepts=0.1)
    assert calibration.queries == 12
    assert calibration.false_accepts <= 0.1
    assert calibration.found == 1  # each finds itself, with a cosine of 1
    assert calibration == load_calibration(lake, tiny_model)


def test_identify_gives_a_verdict_once_there_is_a_calibration(
    run: Any, home: Path, photo: str, settings: Settings
) -> None:
    assert json.loads(run("identify", photo, "--json", "--home", str(home)).stdout)["known"] is None
    assert (
        "only `cratewatch calibrate` can tell" in run("identify", photo, "--home", str(home)).stdout
    )
    said = run("calibrate", "--false-accepts", "0.1", "--json", "--home", str(home))
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["queries"] == 12
    told = json.loads(run("identify", photo, "--json", "--home", str(home)).stdout)
    assert (told["known"], told["verdict"]) in ((True, "sure"), (True, "likely"))
    assert 0.5 < told["probability"] <= 1
    assert f"{told['verdict']}: " in run("identify", photo, "--home", str(home)).stdout
    with open_identifier(settings) as identifier:
        assert identifier.calibration is not None
        strict = replace(identifier, calibration=replace(identifier.calibration, threshold=9.0))
        (answer,) = strict.identify([("photo", Path(photo).read_bytes)], 3)
    assert answer.known is False
    assert len(answer.matches) == 3


def test_a_calibration_of_another_search_gives_no_verdict(photo: str, settings: Settings) -> None:
    other = SearchConfig(crops=(1.0, 0.9))
    calibrate_serving(settings, other, wanted_false_accepts=0.1)
    for config, expected in ((None, None), (other, True)):
        with open_identifier(settings, config) as identifier:
            (answer,) = identifier.identify([("photo", Path(photo).read_bytes)], 3)
        assert answer.known is expected


def test_no_cover_that_is_asked_for_is_in_the_background(
    served: list[Cover], lake: Lake, tiny_model: str
) -> None:
    embedder = load_model(lake, tiny_model)
    asked = {cover.artwork_id for cover in served[:20]}
    background = draw_background(lake, embedder, served, asked)
    of_asked = draw_background(lake, embedder, served[:20], set())
    assert len(background.vectors) == 4
    assert np.all(background.vectors @ of_asked.vectors.T < 0.999)
    with pytest.raises(CratewatchError, match="every indexed artwork"):
        draw_background(lake, embedder, served[:20], asked)


def test_too_few_queries_leave_the_model_as_it_was(
    asked: list[Cover], settings: Settings, lake: Lake, tiny_model: str
) -> None:
    with pytest.raises(CratewatchError, match="12 queries cannot tell"):
        calibrate_serving(settings, SearchConfig(), wanted_false_accepts=0.02)
    assert load_background(lake, tiny_model) is None


def test_a_share_that_is_none_is_refused(run: Any, home: Path) -> None:
    said = run("calibrate", "--false-accepts", "1.5", "--home", str(home))
    assert (said.returncode, said.stderr.count("\n")) == (1, 1)
    assert "--false-accepts: 1.5 is not above 0 and below 1" in said.stderr
