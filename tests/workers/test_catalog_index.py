"""Which model an index takes."""

from __future__ import annotations

from pathlib import Path

from cratewatch.catalog.records import Cover
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.saved_models import default_model
from cratewatch.lake.lake import Lake
from cratewatch.settings import load_settings
from tests.tiny import TINY, tiny_net
from workers.catalog_index import index_catalog


def test_the_serving_model_stays_when_a_newer_one_was_trained(
    home: Path, lake: Lake, imported: list[Cover], tiny_model: str, ray_cluster: None
) -> None:
    settings = load_settings(home=home, runtime="torch")
    assert index_catalog(settings).model == tiny_model  # before the first index, the newest
    newer = save_model(lake, tiny_net(1), TINY, {}, [])
    assert default_model(lake) == newer
    assert index_catalog(settings).model == tiny_model
    assert index_catalog(settings, rebuild=True).collection == f"{tiny_model}__2"
    assert index_catalog(settings, newer).model == newer
    assert index_catalog(settings).model == newer
