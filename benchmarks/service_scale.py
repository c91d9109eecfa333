"""What the service adds to a large gallery on a Milvus server: beside bare pymilvus, and beside the
pipeline that it calls.

    python benchmarks/service_scale.py --rows 100000

Starts the server of the tests on loopback and fills it with random embeddings around random
centres, below the covers of the tests. The model is that of the tests, which embeds in a
millisecond or two, so that it hides nothing. One client and 16 ask for crops of these covers: over
HTTP; of the pipeline in this process, and of pymilvus by vectors that were embedded before.
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image
from pymilvus import MilvusClient

from benchmarks.gallery_scale import CENTRES, DIM, _around
from benchmarks.service import send, start, timed
from cratewatch.catalog.catalog import open_catalog
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.model_folder import save_model
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.gallery.indexes import TunedIndex, choose_index
from cratewatch.gallery.rows import LOAD_BATCH
from cratewatch.lake.folder import FolderLake
from cratewatch.retrieval.identification import open_identifier
from cratewatch.settings import load_settings
from cratewatch.sources.folder.importing import import_folder
from tests.milvus_server import MilvusProcess
from tests.pictures import draw_noise
from tests.tiny import TINY, tiny_net

COVERS = 64
"""More than are compared by their keypoints: a row that is no cover is none of these."""
CROP_PX = 160
K = 5
EFFORT = {"ef": 64}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--asked", type=int, default=400, help="by 1 client, and by 16")
    parser.add_argument("--folder", type=Path, default=Path("build"), help="on a disk with room")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder.absolute()) as folder:
        server = MilvusProcess(Path(folder) / "milvus")
        server.start()
        try:
            home = Path(folder) / "home"
            collection = make_home(home, server.uri, given.rows)
            told = measure(home, server.uri, collection, given.asked)
        finally:
            server.kill()
    print(json.dumps({"rows": given.rows} | told, indent=2))


def make_home(home: Path, uri: str, rows: int) -> str:
    """Have a home's gallery serve that many rows; return what Milvus calls their collection."""
    home.mkdir(parents=True)
    (home / "cratewatch.toml").write_text(f'gallery_uri = "{uri}"\n')
    folder = home.with_name("covers")
    folder.mkdir()
    for number in range(COVERS):
        draw_noise(number).save(folder / f"{number}.jpg", quality=95)
    lake = FolderLake(home / "lake")
    model = save_model(lake, tiny_net(), TINY, {}, ["a-training-artwork"])
    with closing(open_catalog(f"sqlite:///{home / 'catalog.db'}")) as catalog:
        import_folder(folder, catalog, lake)
        covers = catalog.covers.all()
    images = [Image.open(cover.source_url) for cover in covers]
    embeddings = load_model(lake, model).embed_covers(images)
    with open_gallery(uri) as gallery:
        collection = gallery.collections.begin(model, embeddings.shape[1])
        fill(gallery, collection, rows)
        ids = [cover.cover_id for cover in covers]
        gallery.rows.upsert(collection, ids, [cover.artwork_id for cover in covers], embeddings)
        gallery.rows.flush(collection)
        choice = choose_index("auto", rows, DIM, lite=False)
        gallery.indexes.build(collection, choice)
        gallery.indexes.wait_for(collection)
        gallery.collections.load(collection)
        gallery.indexes.keep(collection, TunedIndex(choice, EFFORT, 1.0))
        gallery.alias.point_to(collection)
        return gallery.rows.milvus.names.full(collection)


def fill(gallery: Gallery, collection: str, rows: int) -> None:
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((CENTRES, DIM), dtype=np.float32)
    for first in range(0, rows, LOAD_BATCH):
        part = _around(centres, min(LOAD_BATCH, rows - first), rng)
        ids = [f"{number:064x}" for number in range(first, first + len(part))]
        gallery.rows.upsert(collection, ids, ids, part)


def measure(home: Path, uri: str, collection: str, asked: int) -> dict[str, Any]:
    crops = [crop_of(path) for path in sorted((home.with_name("covers")).iterdir())]
    told: dict[str, Any] = {}
    with open_identifier(load_settings(home=home)) as identifier:
        queries = identifier.embedder.embed_queries([Image.open(io.BytesIO(one)) for one in crops])
        named = [("crop", partial(bytes, crop)) for crop in crops]
        pipeline = [partial(identifier.identify, [one], K, "crop") for one in named]
        told["pipeline"] = spread([timed(pipeline[n % len(pipeline)]) for n in range(asked)])
    with closing(MilvusClient(uri)) as client:
        search = partial(bare, client, collection)
        told["vectors"] = by_clients([partial(search, query[None]) for query in queries], asked)
    process, url, _ = start(home)
    try:
        with httpx.Client(base_url=url, timeout=120) as asking:
            sends = [partial(send, asking, crop, "crop") for crop in crops]
            told["service"] = by_clients(sends, asked)
    finally:
        process.terminate()
        process.wait()
    return told


def crop_of(path: Path) -> bytes:
    """Return a cover as it comes from elsewhere: smaller, a little cut."""
    file = io.BytesIO()
    image = Image.open(path)
    image.crop((8, 8, image.width, image.height)).resize((CROP_PX, CROP_PX)).save(file, "JPEG")
    return file.getvalue()


def bare(client: MilvusClient, collection: str, query: Any) -> object:
    return client.search(
        collection,
        data=list(query),
        limit=K,
        output_fields=["artwork_id"],
        search_params={"params": EFFORT},
        consistency_level="Bounded",
    )


def by_clients(calls: Sequence[Callable[[], object]], asked: int) -> dict[str, Any]:
    told = {}
    for clients in (1, 16):
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(lambda n: calls[n % len(calls)](), range(2 * clients)))
            began = time.perf_counter()
            times = list(pool.map(lambda n: timed(calls[n % len(calls)]), range(asked)))
            per_s = asked / (time.perf_counter() - began)
        told[f"{clients}"] = spread(times) | {"per_s": round(per_s, 1)}
    return told


def spread(times: Sequence[float]) -> dict[str, float]:
    p50, p99 = np.percentile(times, (50, 99)) * 1000
    return {"p50_ms": round(float(p50), 1), "p99_ms": round(float(p99), 1)}


if __name__ == "__main__":
    main()
