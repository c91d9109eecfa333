"""The way of the data over an S3 lake: import, Ray's workers, and back."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from cratewatch.catalog.catalog import Catalog
from cratewatch.datasets.run_report import write_preview
from cratewatch.datasets.runs import latest_run
from cratewatch.datasets.samples import Material
from cratewatch.datasets.shards import RunFolder, read_samples, run_in_lake
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.saved_models import models
from cratewatch.errors import UnavailableError
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.lake.location import LakeLocation
from cratewatch.lake.opening import open_lake
from cratewatch.sources.folder.importing import import_folder
from tests.tiny import TINY, tiny_net
from workers.drawing import plan_run
from workers.embedding import ModelUse, embed_covers
from workers.synthesis import draw_run


@pytest.fixture
def bucket(s3_location: LakeLocation) -> Lake:
    return open_lake(s3_location)


@pytest.mark.usefixtures("ray_cluster")
def test_a_bucket_holds_what_a_folder_would(
    cover_folder: Path,
    catalog: Catalog,
    bucket: Lake,
    lake: FolderLake,
    s3_location: LakeLocation,
    tmp_path: Path,
) -> None:
    report = import_folder(cover_folder, catalog, bucket)
    assert (report.covers_new, report.failed) == (24, {})
    covers = sorted(cover.cover_id for cover in catalog.covers.all())
    assert list(bucket.keys("covers")) == [cover_key(cover) for cover in covers]
    for cover in covers:
        lake.write(cover_key(cover), bucket.read(cover_key(cover)))

    manifest = replace(plan_run("run", covers, 20, 1, "all"), shard_size=8)
    for place in (bucket, lake):
        drawn = list(draw_run(Material(place, manifest, covers), run_in_lake(place, "run"), 2))
        assert sum(shard.drawn for shard in drawn) == 20
    assert list(bucket.keys("queries")) == list(lake.keys("queries"))
    assert list(read_samples(latest_run(bucket, "all"))) == list(
        read_samples(latest_run(lake, "all"))
    )
    assert list(draw_run(Material(bucket, manifest, covers), run_in_lake(bucket, "run"), 2)) == []

    write_preview(s3_location, f"{bucket.root}/queries/run", tmp_path / "preview.jpg")
    with Image.open(tmp_path / "preview.jpg") as preview:
        assert min(preview.size) > 100


@pytest.mark.usefixtures("ray_cluster")
def test_a_model_is_kept_and_runs_from_a_bucket(
    cover_folder: Path, catalog: Catalog, bucket: Lake
) -> None:
    import_folder(cover_folder, catalog, bucket)
    name = save_model(bucket, tiny_net(), TINY, {}, ["an-artwork"])
    assert models(bucket) == [name]
    covers = catalog.covers.all()
    (batch,) = embed_covers(bucket, ModelUse(name), covers)
    assert batch.covers == covers
    image = Image.open(cover_folder / "cover-00.jpg")
    expected = load_model(bucket, name).embed_covers([image])
    place = [cover.source_url for cover in covers].index(str(cover_folder / "cover-00.jpg"))
    assert batch.embeddings[place] @ expected[0] == pytest.approx(1, abs=2e-3)


@pytest.mark.slow
@pytest.mark.usefixtures("ray_cluster")
def test_a_store_that_goes_away_is_no_sample_s_fault(
    cover_folder: Path, catalog: Catalog, bucket: Lake, s3_location: LakeLocation, tmp_path: Path
) -> None:
    import_folder(cover_folder, catalog, bucket)
    covers = sorted(cover.cover_id for cover in catalog.covers.all())
    manifest = replace(plan_run("run", covers, 20, 1, "all"), shard_size=8)
    gone = open_lake(replace(s3_location, path="s3://no-such-bucket"))
    out = FolderLake(tmp_path / "out")
    with pytest.raises(UnavailableError, match="create the bucket"):
        list(draw_run(Material(gone, manifest, covers), RunFolder(out), 2))
    assert not list(out.root.glob("*.failed"))
    assert len(list(draw_run(Material(bucket, manifest, covers), RunFolder(out), 2))) == 3


def test_the_command_line_says_in_one_line_that_the_store_is_away(empty_home: Path) -> None:
    environment = {
        "CRATEWATCH_HOME": str(empty_home),
        "CRATEWATCH_LAKE_PATH": "s3://bucket/crates",
        "CRATEWATCH_S3_ENDPOINT": "http://127.0.0.1:9",
        "CRATEWATCH_S3_ACCESS_KEY": "who",
        "CRATEWATCH_S3_SECRET_KEY": "hush",
    }
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            "from cratewatch.commands.app import main; main()",
            "status",
            "--json",
        ],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert line.startswith("cratewatch: lake s3://bucket/crates at http://127.0.0.1:9: cannot list")
    assert "check s3_endpoint" in line
    assert "hush" not in answer.stdout + answer.stderr


def test_the_command_line_shows_a_lake_in_a_bucket(
    home: Path, cover_folder: Path, s3_location: LakeLocation
) -> None:
    home.mkdir()
    hidden = {
        name: getattr(s3_location, name).get_secret_value() for name in ("access_key", "secret_key")
    }
    lines = [
        f'lake_path = "{s3_location.path}"',
        f's3_endpoint = "{s3_location.endpoint}"',
        f's3_region = "{s3_location.region}"',
        *(f's3_{name} = "{value}"' for name, value in hidden.items()),
    ]
    (home / "cratewatch.toml").write_text("\n".join(lines))
    command = [sys.executable, "-c", "from cratewatch.commands.app import main; main()"]
    subprocess.run([*command, "import", str(cover_folder), "--home", str(home)], check=True)
    assert len(list(open_lake(s3_location).keys("covers"))) == 24
    assert not (home / "lake").exists()
    status = subprocess.run(
        [*command, "status", "--json", "--home", str(home)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(status.stdout)["catalog"]["covers"] == 24
    assert hidden["secret_key"] not in status.stdout
