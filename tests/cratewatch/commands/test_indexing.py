"""`cratewatch index`: what goes together, and what it prints without starting Prefect."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover
from cratewatch.commands import indexing as index_command
from cratewatch.commands.tables import status_tables
from cratewatch.embedding.shards import EmbeddingShard, write_embeddings
from cratewatch.errors import CheckError, CratewatchError, NotFoundError, SettingsError
from cratewatch.gallery.gallery import open_gallery
from cratewatch.lake.lake import Lake
from cratewatch.settings import load_settings
from tests.made_collections import make_collection


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"repair": True}, "--repair mends what --verify finds; give both"),
        ({"rollback": True, "verify": True}, "--rollback and --verify go alone"),
        ({"rebuild": True, "rollback": True}, "--rollback and --verify go alone"),
        ({"verify": True, "model": "m"}, "--rollback and --verify go alone"),
    ],
)
def test_what_does_not_go_together_is_said(
    home: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(CratewatchError, match=message):
        index_command.index(home=home, **options)


def test_an_unknown_kind_of_index_is_refused(home: Path) -> None:
    with pytest.raises(SettingsError, match="gallery_index: Input should be 'auto', 'FLAT'"):
        load_settings(home=home, gallery_index="ANNOY")


def test_status_has_a_row_for_each_collection() -> None:
    ready = {"rows": 1200, "state": "ready", "index": "HNSW", "search": {"ef": 64}}
    ready |= {"recall_at_10": 0.985, "served_until": None}
    left = ready | {"served_until": datetime(2026, 11, 21, 7, 54, 9, tzinfo=UTC)}
    building = ready | {"rows": None, "state": "building", "recall_at_10": None, "search": {}}
    collections = {"m": left, "m__2": ready, "m__3": building}
    gallery = {"serving": "m__2", "lag_s": 0.1, "collections": collections}
    console = Console(file=io.StringIO(), width=100, record=True)
    console.print(*status_tables({"home": "shop", "gallery": gallery}))
    lines = console.export_text().splitlines()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "│" in line]
    assert ["m", "1200", "HNSW", "ef 64", "98.5%", "served until 2026-11-21 07:54"] in rows
    assert ["m__2", "1200", "HNSW", "ef 64", "98.5%", "serves"] in rows
    assert ["m__3", "", "HNSW", "", "", "building"] in rows
    assert ["gallery lag_s", "0.1"] in rows
    (alone,) = status_tables({"gallery": {"error": "gallery: no Milvus answers there"}})
    assert alone.row_count == 1


def test_before_the_first_index_there_is_nothing_to_verify_or_to_go_back_to(
    empty_home: Path,
) -> None:
    with pytest.raises(NotFoundError, match="nothing is indexed yet"):
        index_command.index(home=empty_home, verify=True)
    with pytest.raises(NotFoundError, match="is kept"):
        index_command.index(home=empty_home, rollback=True)


def test_differences_are_told_mended_and_gone(
    run: Any,
    home: Path,
    catalog: Catalog,
    lake: Lake,
    imported: list[Cover],
    tiny_model: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ids = [cover.cover_id for cover in imported]
    artworks = [cover.artwork_id for cover in imported]
    vectors = np.eye(24, 128, dtype=np.float32)
    key = write_embeddings(lake, tiny_model, EmbeddingShard(ids, artworks, vectors))
    catalog.embeddings.mark_embedded(tiny_model, ids, key)
    with open_gallery(str(home / "gallery.db")) as gallery:
        for collection in (tiny_model, f"{tiny_model}__2"):
            make_collection(gallery, collection, 128)
            gallery.alias.point_to(collection)
        gallery.rows.upsert(f"{tiny_model}__2", ids[2:], artworks[2:], vectors[2:])
        gallery.rows.flush(f"{tiny_model}__2")
    capsys.readouterr()
    with pytest.raises(CheckError, match=r"differs from catalog and lake: missing 2 \(such as"):
        index_command.index(home=home, verify=True)
    index_command.index(home=home, verify=True, repair=True, json_=True)
    mended = json.loads(capsys.readouterr().out)
    assert (mended["missing"]["count"], mended["mended"]) == (2, True)
    index_command.index(home=home, verify=True, json_=True)
    clean = json.loads(capsys.readouterr().out)
    assert (clean["compared"], clean["missing"]["count"]) == (24, 0)
    answer = run("index", "--rollback", "--json", "--home", str(home))
    back = json.loads(answer.stdout)
    assert (back["collection"], back["missing"]["count"]) == (tiny_model, 24)
    with open_gallery(str(home / "gallery.db")) as gallery:
        assert gallery.alias.serving() == tiny_model
        gallery.collections.load(tiny_model)
        assert gallery.rows.count(tiny_model) == 24
