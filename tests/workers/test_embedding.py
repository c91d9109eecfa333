import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import ray

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover
from cratewatch.embedding.arrays import Embeddings
from cratewatch.embedding.inference import Inference
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.shards import done_shards, read_embeddings
from cratewatch.errors import CratewatchError, UnavailableError
from cratewatch.gallery.gallery import open_gallery
from cratewatch.images.reading import load
from cratewatch.indexing.agreement import update
from cratewatch.indexing.stores import Stores
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.lake.location import LakeLocation
from cratewatch.lake.opening import open_lake
from cratewatch.secret_url import SecretUrl
from tests.disks import small_disk
from tests.made_collections import make_collection
from tests.scripts import run_script
from workers import pool
from workers.embedding import Crew, ModelUse, crew_for, embed_shards
from workers.indexing import embed_by_ray

NODE_DEATH = Path(__file__).with_name("embed_on_dying_node.py")
KILLED_INDEX = Path(__file__).with_name("index_until_killed.py")

CREWS = {
    "laptop": ([{"CPU": 2.0}], Crew(1, 2, 0, 1.0)),
    "sixteen cores": ([{"CPU": 16.0}], Crew(2, 8, 0, 0.5)),
    "twelve cores": ([{"CPU": 12.0}], Crew(2, 6, 0, 0.5)),
    "four equal nodes": ([{"CPU": 2.0}] * 4, Crew(4, 2, 0, 1.0)),
    "a small node is left out": ([{"CPU": 16.0}, {"CPU": 16.0}, {"CPU": 2.0}], Crew(4, 8, 0, 0.5)),
    "a head without CPUs": ([{"CPU": 0.0}, {"CPU": 4.0}], Crew(1, 4, 0, 1.0)),
    "one GPU, four cores": ([{"CPU": 4.0, "GPU": 1.0}], Crew(1, 4, 1.0, 1.0)),
    "one GPU, sixteen cores": ([{"CPU": 16.0, "GPU": 1.0}], Crew(2, 8, 0.5, 0.5)),
    "eight GPUs": ([{"CPU": 64.0, "GPU": 8.0}, {"CPU": 64.0}], Crew(8, 8, 1.0, 1.0)),
}


@pytest.mark.parametrize("name", CREWS)
def test_actors_fit_the_nodes(name: str) -> None:
    nodes, expected = CREWS[name]
    assert crew_for(nodes) == expected
    room = sum(int(node["CPU"]) // expected.cpus_each for node in nodes)
    assert expected.count <= room, "or Ray waits for ever"


def test_who_wants_no_gpu_takes_none() -> None:
    node = {"CPU": 4.0, "GPU": 1.0}
    for inference in (Inference(device="cpu"), Inference("openvino"), Inference(precision="int8")):
        assert crew_for([node], inference).gpus_each == 0


@pytest.mark.parametrize("nodes", [[], [{"CPU": 0.0}], [{"CPU": 1.0, "GPU": 2.0}]])
def test_a_cluster_without_room_is_refused_at_once(nodes: list[dict[str, float]]) -> None:
    with pytest.raises(CratewatchError, match=r"ray: no room to embed on \d nodes"):
        crew_for(nodes)


@dataclass(frozen=True)
class PoisonedLake(FolderLake):
    """Reading one cover ends the process, as a decoder's crash would."""

    poison: str = ""

    def read(self, key: str) -> bytes:
        if key == self.poison:
            os._exit(9)
        return super().read(key)


def expected(lake: Lake, model: str, covers: list[Cover]) -> dict[str, Embeddings]:
    vectors = load_model(lake, model).embed_covers([load(Path(c.source_url)) for c in covers])
    return dict(zip([cover.cover_id for cover in covers], vectors, strict=True))


def kept(lake: Lake, model: str) -> dict[str, Embeddings]:
    """Return what all shards hold; no cover may be in two."""
    found: dict[str, Embeddings] = {}
    for key in done_shards(lake, model):
        shard = read_embeddings(lake, key)
        assert not found.keys() & set(shard.cover_ids)
        found |= dict(zip(shard.cover_ids, shard.embeddings, strict=True))
    return found


def assert_alike(found: dict[str, Embeddings], wanted: dict[str, Embeddings]) -> None:
    assert found.keys() == wanted.keys()
    for cover_id, vector in found.items():
        assert float(vector @ wanted[cover_id]) == pytest.approx(1, abs=2e-3)


@pytest.mark.slow
@pytest.mark.usefixtures("ray_cluster")
def test_a_cover_that_ends_its_process_costs_no_other(
    lake: FolderLake, imported: list[Cover], tiny_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "TRIES", 1)
    wanted = expected(lake, tiny_model, imported)
    lost, broken, poison = [cover.cover_id for cover in imported[:3]]
    lake.delete(cover_key(lost))
    lake.write(cover_key(broken), b"no image")
    poisoned = PoisonedLake(lake.root, cover_key(poison))
    done = list(embed_shards(poisoned, ModelUse(tiny_model), iter(imported), 6))
    failed = {cover_id: reason for shard in done for cover_id, reason in shard.failed.items()}
    assert failed.keys() == {lost, broken, poison}
    assert "no object" in failed[lost]
    assert "none of JPEG" in failed[broken]
    assert "ends whatever reads it" in failed[poison]
    for cover_id in failed:
        del wanted[cover_id]
    assert_alike(kept(lake, tiny_model), wanted)


@pytest.mark.slow
@pytest.mark.usefixtures("ray_cluster")
def test_a_store_that_goes_away_in_the_middle_is_told_and_what_was_written_counts(
    imported: list[Cover],
    lake: FolderLake,
    tiny_model: str,
    s3_location: LakeLocation,
    over_a_wire: Any,
) -> None:
    bucket = open_lake(s3_location)
    for key in lake.keys(""):
        bucket.write(key, lake.read(key))
    endpoint, wire = over_a_wire(str(s3_location.endpoint))
    distant = open_lake(replace(s3_location, endpoint=SecretUrl(endpoint)))
    use = ModelUse(tiny_model)
    taken: list[Cover] = []
    reading = (taken.append(cover) or cover for cover in imported)
    shards = embed_shards(distant, use, reading, 2)
    first = next(shards)
    assert len(taken) <= 2 * 4, "one lot is done, two are under way, one is next"
    wire.cut()
    with pytest.raises(UnavailableError, match=r"lake s3://.*; check s3_endpoint"):
        list(shards)
    there = kept(bucket, tiny_model)
    assert set(first.cover_ids) <= there.keys() < {cover.cover_id for cover in imported}


@pytest.mark.usefixtures("ray_cluster")
def test_a_disk_that_is_full_is_told_and_what_was_written_counts(
    lake: FolderLake, imported: list[Cover], tiny_model: str, home: Path
) -> None:
    small = home / "lake" / "embeddings"
    use = ModelUse(tiny_model)
    with small_disk(small, kib=32):
        with pytest.raises(UnavailableError, match=r"cannot write .*No space left on device; see"):
            list(embed_shards(lake, use, iter(imported), 2))
        there = kept(lake, tiny_model)
        assert 0 < len(there) < 24
        assert not [key for key in lake.keys("embeddings") if "partial" in key]


@pytest.mark.slow
@pytest.mark.usefixtures("ray_cluster")
def test_a_driver_that_is_killed_embeds_nothing_twice(
    catalog: Catalog, lake: FolderLake, imported: list[Cover], tiny_model: str, home: Path
) -> None:
    with open_gallery(str(home / "gallery.db")) as gallery:
        make_collection(gallery, tiny_model, 128)
    task = {
        "ray": ray.get_runtime_context().gcs_address,
        "home": str(home),
        "model": tiny_model,
    }
    with subprocess.Popen(
        [sys.executable, str(KILLED_INDEX), json.dumps(task)], stdout=subprocess.PIPE, text=True
    ) as index:
        assert index.stdout is not None
        assert index.stdout.readline() == "a shard is loaded\n"
        while len(done_shards(lake, tiny_model)) < 2:  # the second one is not recorded yet
            time.sleep(0.05)
        index.kill()
    there = kept(lake, tiny_model)
    assert 0 < len(there) < 24
    written = {key: lake.modified_at(key) for key in done_shards(lake, tiny_model)}
    with open_gallery(str(home / "gallery.db")) as gallery:
        embed = embed_by_ray("local", home / "ray", lake)
        report = update(Stores(catalog, lake, gallery), tiny_model, embed)
    assert (report.embedded, report.rows) == (24 - len(there), 24)
    assert (
        written.items() <= {k: lake.modified_at(k) for k in done_shards(lake, tiny_model)}.items()
    )
    assert_alike(kept(lake, tiny_model), expected(lake, tiny_model, imported))


@pytest.mark.slow
def test_a_node_that_dies_costs_what_it_had_under_way(
    lake: FolderLake, imported: list[Cover], tiny_model: str, tmp_path: Path
) -> None:
    """Two nodes beside the head, then four, of which one is killed in mid-run."""
    notes = tmp_path / "notes"
    notes.mkdir()
    task = {
        "lake": str(lake.root),
        "model": tiny_model,
        "notes": str(notes),
        "home": str(lake.root.parent),
    }
    told = json.loads(run_script(NODE_DEATH, task)[-1])
    assert told["calm"] == {"covers": 24, "read": 24}
    assert told["killed"]["covers"] == 24
    assert 24 <= told["killed"]["read"] <= 24 + 2 * 3, "two lots of three covers"
    assert_alike(kept(lake, tiny_model), expected(lake, tiny_model, imported))
