"""The gallery backed up into the lake and restored into an empty Milvus, Lite and server."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.facts import Facts
from cratewatch.catalog.records import Cover
from cratewatch.commands import indexing as index_command
from cratewatch.embedding.shards import EmbeddingShard, write_embeddings
from cratewatch.errors import CheckError, CratewatchError, NotFoundError, UnavailableError
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.gallery.indexes import IndexChoice, TunedIndex
from cratewatch.indexing import backing_up, backups
from cratewatch.indexing.backing_up import back_up
from cratewatch.indexing.comparing import compare
from cratewatch.indexing.restoring import restore
from cratewatch.indexing.stores import Stores
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.location import LakeLocation
from tests.made_collections import make_collection

pytestmark = pytest.mark.heavy

RECALL = 0.98
KILLED = """
import os, signal, sys
from pathlib import Path
from cratewatch.catalog.catalog import open_catalog
from cratewatch.gallery.gallery import open_gallery
from cratewatch.indexing.stores import Stores
from cratewatch.indexing.backing_up import back_up
from cratewatch.indexing.restoring import restore
from cratewatch.indexing import backing_up, backups
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.location import LakeLocation

def die(done, total, note):
    if note == "rows" and done > 10:
        os.kill(os.getpid(), signal.SIGKILL)

home = Path(sys.argv[2])
backing_up.SHARD_ROWS = 10
with open_gallery(sys.argv[3]) as gallery:
    catalog = open_catalog(f"sqlite:///{home / 'catalog.db'}")
    stores = Stores(catalog, FolderLake(home / "lake"), gallery)
    back_up(stores, "b", die) if sys.argv[1] == "back up" else restore(stores, "b", 0.98, None, die)
"""


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backing_up, "SHARD_ROWS", 10)


@pytest.fixture
def gallery(home: Path) -> Iterator[Gallery]:
    with open_gallery(str(home / "gallery.db")) as gallery:
        yield gallery


@pytest.fixture
def stores(
    catalog: Catalog, lake: FolderLake, gallery: Gallery, imported: list[Cover], tiny_model: str
) -> Stores:
    """A gallery that serves 24 covers, with what the catalog says of them."""
    ids = [cover.cover_id for cover in imported]
    artworks = [cover.artwork_id for cover in imported]
    vectors = np.eye(24, 128, dtype=np.float32)
    key = write_embeddings(lake, tiny_model, EmbeddingShard(ids, artworks, vectors))
    catalog.embeddings.mark_embedded(tiny_model, ids, key)
    facts = [catalog.releases.facts_of(artworks)[artwork] for artwork in artworks]
    make_collection(gallery, tiny_model, 128)
    gallery.rows.upsert(tiny_model, ids, artworks, vectors, facts)
    gallery.rows.flush(tiny_model)
    gallery.alias.point_to(tiny_model)
    catalog.embeddings.mark_indexed(tiny_model, [key])
    return Stores(catalog, lake, gallery)


@pytest.fixture(params=["lite", "server"])
def empty(request: pytest.FixtureRequest, home: Path) -> Iterator[Gallery]:
    """Another Milvus without any collection of ours."""
    if request.param == "lite":
        with open_gallery(str(home / "other.db")) as gallery:
            yield gallery
        return
    with open_gallery(
        request.getfixturevalue("milvus").uri, tenant=f"t{uuid.uuid4().hex[:8]}"
    ) as gallery:
        yield gallery


def files(lake: FolderLake, name: str) -> list[str]:
    return sorted(key.rpartition("/")[2] for key in lake.keys(f"backups/{name}"))


def test_a_drill_from_one_milvus_to_an_empty_one_and_back(
    stores: Stores, lake: FolderLake, empty: Gallery, tiny_model: str
) -> None:
    told: list[tuple[int, int | None, str]] = []
    backup = back_up(stores, "first", lambda *progress: told.append(progress))
    assert told == [(10, 24, "rows"), (20, 24, "rows"), (24, 24, "rows")]
    assert (backup.rows, [shard.rows for shard in backup.shards]) == (24, [10, 10, 4])
    other = Stores(stores.catalog, lake, empty)
    assert empty.collections.all() == []
    restored = restore(other, "", RECALL)
    assert (restored.backup, restored.collection) == ("first", tiny_model)
    assert (restored.rows, restored.not_embedded) == (24, 0)
    assert restored.index == TunedIndex(IndexChoice("FLAT"), {}, 1.0)
    assert (empty.alias.serving(), empty.collections.describe(tiny_model).index) == (
        tiny_model,
        restored.index,
    )
    assert compare(other, tiny_model).clean
    assert stores.catalog.embeddings.counts(tiny_model).indexed == 24
    hits = empty.search(np.eye(24, 128, dtype=np.float32), 1)
    assert [found[0].score for found in hits] == pytest.approx([1.0] * 24, abs=1e-5)
    again = back_up(other, "again")
    assert again.shards == backup.shards  # the same bytes


@pytest.mark.parametrize("empty", ["server"], indirect=True)
def test_a_large_backup_is_imported_from_files(
    stores: Stores,
    lake: FolderLake,
    empty: Gallery,
    tiny_model: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cratewatch.indexing.importing.UPSERT_ROWS", 20)
    monkeypatch.setattr(empty.rows, "upsert", None)  # nothing is sent
    back_up(stores, "b")
    other = Stores(stores.catalog, lake, empty)
    restored = restore(other, "b", RECALL, LakeLocation(str(tmp_path / "files")))
    assert (restored.rows, empty.alias.serving()) == (24, tiny_model)
    assert compare(other, tiny_model).clean
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


def test_a_restore_beside_what_serves_is_one_more_collection(
    stores: Stores, imported: list[Cover], tiny_model: str
) -> None:
    back_up(stores, "b")
    late = imported[0].cover_id
    stores.gallery.rows.delete(tiny_model, [late])
    stores.catalog.embeddings.mark_embedded(  # anew, after the backup
        tiny_model, [late], stores.catalog.embeddings.shards(tiny_model)[0]
    )
    restored = restore(stores, "b", RECALL)
    assert stores.gallery.alias.serving() == restored.collection == f"{tiny_model}__2"
    assert stores.gallery.collections.served_before() == [tiny_model]
    assert (
        stores.gallery.rows.count(tiny_model),
        stores.gallery.rows.count(restored.collection),
    ) == (23, 24)
    assert stores.catalog.embeddings.counts(tiny_model).indexed == 24


def test_facts_are_kept_and_follow_the_catalog_and_an_index_that_lite_lacks_is_another(
    stores: Stores, imported: list[Cover], tiny_model: str
) -> None:
    facts = Facts(("shop",), (1959, 1971), ('7" é', "jazz"), ("lp",), in_stock=True, withdrawn=True)
    cover = imported[3]
    vector = np.eye(24, 128, dtype=np.float32)[3:4]
    stores.gallery.rows.upsert(tiny_model, [cover.cover_id], ["a"], vector, [facts])
    stores.gallery.indexes.keep(tiny_model, TunedIndex(IndexChoice("DISKANN"), {"search_list": 16}))
    back_up(stores, "b")
    restored = restore(stores, "b", RECALL)
    assert restored.index.choice.kind == "FLAT"
    backup = backups.read_backup(stores.lake, "b")
    kept = [backups.read_rows(stores.lake, backup, shard) for shard in backup.shards]
    told = {row[0]: row[1:] for columns in kept for row in zip(*columns, strict=True)}
    artwork, embedding, said = told[cover.cover_id]
    assert (artwork, said) == ("a", facts)
    np.testing.assert_array_equal(embedding, vector[0])
    assert compare(stores, restored.collection).clean


def test_the_manifest_tells_what_is_in_the_shards(
    stores: Stores, lake: FolderLake, tiny_model: str
) -> None:
    back_up(stores, "b")
    manifest = json.loads(lake.read("backups/b/manifest.json"))
    assert (manifest["model"], manifest["dim"], manifest["metric"]) == (tiny_model, 128, "COSINE")
    assert tiny_model.endswith(manifest["weights"][:8])
    assert manifest["index"]["choice"] == {"kind": "FLAT", "build": {}}
    written = pq.read_schema(lake.root / "backups/b/00000.parquet")
    types = {field.name: str(field.type) for field in written}
    assert {name: kind.replace("element: ", "") for name, kind in types.items()} == manifest[
        "schema"
    ]


def damage(lake: FolderLake, key: str) -> None:
    data = bytearray(lake.read(key))
    data[len(data) // 2] ^= 1
    lake.write(key, bytes(data))


@pytest.mark.parametrize(
    ("key", "how", "error", "message"),
    [
        ("backups/b/00001.parquet", "damage", CheckError, r"00001.parquet is damaged: its sha256"),
        ("backups/b/00001.parquet", "delete", CheckError, r"00001.parquet is missing; restore"),
        ("backups/b/manifest.json", "delete", CratewatchError, r"b is half written, manifest.json"),
        ("backups/b/manifest.json", "empty", CratewatchError, r"manifest.json is damaged, or of"),
        ("models/M/weights.safetensors", "damage", CheckError, r"not the model whose embeddings"),
        ("models/M/config.json", "delete", CratewatchError, r"config.json is missing; copy the"),
    ],
)
def test_what_is_damaged_is_named_and_the_alias_stays(
    stores: Stores,
    lake: FolderLake,
    tiny_model: str,
    key: str,
    how: str,
    error: type[Exception],
    message: str,
) -> None:
    back_up(stores, "b")
    key = key.replace("M", tiny_model)
    if how == "damage":
        damage(lake, key)
    elif how == "delete":
        lake.delete(key)
    else:
        lake.write(key, b"{}")
    with pytest.raises(error, match=message):
        restore(stores, "b", RECALL)
    assert stores.gallery.collections.all() == [tiny_model]
    assert stores.gallery.alias.serving() == tiny_model
    assert stores.catalog.embeddings.counts(tiny_model).indexed == 24


def test_names_that_are_taken_unknown_or_none(
    stores: Stores, lake: FolderLake, tiny_model: str
) -> None:
    with pytest.raises(NotFoundError, match="no backup of a gallery"):
        restore(stores, "", RECALL)
    back_up(stores, "b")
    before = lake.read("backups/b/manifest.json")
    with pytest.raises(CratewatchError, match="there is a backup b already; choose another name"):
        back_up(stores, "b")
    assert lake.read("backups/b/manifest.json") == before
    with pytest.raises(NotFoundError, match=r"no backup 'c' \(known: b\)"):
        restore(stores, "c", RECALL)
    for name in ("../lake", "a/b", "-x", "x" * 65):
        with pytest.raises(CratewatchError, match="give up to 64 letters"):
            back_up(stores, name)
        with pytest.raises(CratewatchError, match="give up to 64 letters"):
            restore(stores, name, RECALL)
    for key in list(lake.keys(f"models/{tiny_model}")):
        lake.delete(key)
    with pytest.raises(NotFoundError, match=f"copy its folder models/{tiny_model} from the lake"):
        restore(stores, "b", RECALL)


def test_a_backup_that_cannot_be_written_leaves_nothing(
    stores: Stores, lake: FolderLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = backups.write_rows

    def full(lake: Any, name: str, number: int, rows: Any) -> Any:
        if number == 1:
            raise UnavailableError("lake: cannot write: No space left on device")
        return write(lake, name, number, rows)

    monkeypatch.setattr(backing_up, "write_rows", full)
    with pytest.raises(UnavailableError, match="No space left"):
        back_up(stores, "b")
    assert files(lake, "b") == []


def test_before_the_first_index_there_is_nothing_to_back_up(
    catalog: Catalog, lake: FolderLake, gallery: Gallery, tiny_model: str
) -> None:
    stores = Stores(catalog, lake, gallery)
    with pytest.raises(NotFoundError, match="nothing is indexed yet"):
        back_up(stores)
    make_collection(gallery, tiny_model, 128)
    gallery.alias.point_to(tiny_model)
    with pytest.raises(CheckError, match="is empty; nothing to back up"):
        back_up(stores, "b")
    assert files(lake, "b") == []


def test_killed_backups_and_restores_are_begun_anew(
    home: Path, stores: Stores, lake: FolderLake, tiny_model: str
) -> None:
    other = str(home / "other.db")

    def killed(what: str) -> None:
        command = [sys.executable, "-c", KILLED, what, str(home), other]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == -signal.SIGKILL, ended.stderr

    back_up(stores, "b")
    with open_gallery(other) as gallery:
        assert restore(Stores(stores.catalog, lake, gallery), "b", RECALL).rows == 24
    lake.delete("backups/b/manifest.json")
    killed("back up")
    assert files(lake, "b") == ["00000.parquet", "00001.parquet"]
    back_up(stores, "b")
    assert files(lake, "b") == [f"0000{n}.parquet" for n in range(3)] + ["manifest.json"]
    killed("restore")
    with open_gallery(other) as gallery:
        assert gallery.collections.describe(f"{tiny_model}__2").building
        assert gallery.alias.serving() == tiny_model
        assert stores.catalog.embeddings.counts(tiny_model).indexed == 24
        again = restore(Stores(stores.catalog, lake, gallery), "b", RECALL)
        assert (again.collection, gallery.rows.count(again.collection)) == (f"{tiny_model}__2", 24)
        assert gallery.collections.all() == [tiny_model, f"{tiny_model}__2"]


def test_the_commands(
    run: Any, home: Path, served: list[Cover], capsys: pytest.CaptureFixture[str], tiny_model: str
) -> None:
    index_command.backup_gallery("before", home=home, json_=True)
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "backup": "before",
        "collection": tiny_model,
        "model": tiny_model,
        "rows": 24,
        "shards": 3,
    }
    (home / "gallery.db").rename(home / "lost.db")
    answer = run("restore-gallery", "--json", "--home", str(home))
    assert answer.returncode == 0, answer.stderr
    restored = json.loads(answer.stdout)
    assert (restored["backup"], restored["collection"]) == ("before", tiny_model)
    assert (restored["rows"], restored["not_embedded"]) == (24, 24)  # `served` tells no catalog
    with open_gallery(str(home / "gallery.db")) as gallery:
        assert gallery.alias.serving() == tiny_model
        gallery.collections.load(tiny_model)
        assert list(gallery.rows.cover_ids(tiny_model)) == sorted(
            cover.cover_id for cover in served
        )
