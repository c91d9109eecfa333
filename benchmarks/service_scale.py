"""What the service adds to a large gallery on a Milvus server: beside bare pymilvus, and beside the
pipeline that it calls.

    python benchmarks/service_scale.py --rows 100000

Starts the server of the tests on loopback and fills it with random embeddings around random
centres, below the covers of the tests. The model is that of the tests, which embeds in a
millisecond or two, so that it hides nothing. One client and 16 ask for crops of these covers: over
HTTP, and of the pipeline in this process; by vectors that were embedded before, of what both of
these call, and of pymilvus.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image
from pymilvus import MilvusClient

from benchmarks.gallery_scale import CENTRES, DIM, _around
from benchmarks.service import MANY, Way, in_turn, send, start
from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.facts import Facts
from cratewatch.chunks import chunks
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.model_folder import save_model
from cratewatch.gallery.bulk import import_file
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.gallery.indexes import TunedIndex, choose_index
from cratewatch.indexing.importing import IMPORT_ROWS
from cratewatch.lake.folder import FolderLake
from cratewatch.retrieval.identification import Identifier, open_identifier
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
    parser.add_argument("--asked", type=int, default=400, help="in each way")
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
    for one in told:
        print(json.dumps({"rows": given.rows} | one))


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
        fill(gallery, collection, rows, home.parent)
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


def fill(gallery: Gallery, collection: str, rows: int, folder: Path) -> None:
    """Have the server read that many rows from files, which takes it the least time."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((CENTRES, DIM), dtype=np.float32)
    for first in range(0, rows, IMPORT_ROWS):
        part = _around(centres, min(IMPORT_ROWS, rows - first), rng)
        ids = [f"{number:064x}" for number in range(first, first + len(part))]
        file = folder / f"{first}.parquet"
        file.write_bytes(import_file(ids, ids, part, [Facts()] * len(part)))
        gallery.imports.run(collection, str(file))


def measure(home: Path, uri: str, collection: str, asked: int) -> list[dict[str, Any]]:
    """Ask in every way in turn, so that what else the machine does slows all of them alike."""
    crops = [crop_of(path) for path in sorted((home.with_name("covers")).iterdir())]
    process, url, _ = start(home)
    try:
        with contextlib.ExitStack() as stack:
            identifier = stack.enter_context(open_identifier(load_settings(home=home)))
            client = stack.enter_context(closing(MilvusClient(uri)))
            asking = stack.enter_context(httpx.Client(base_url=url, timeout=120))
            ways = ways_of(identifier, partial(bare, client, collection), asking, crops)
            in_turn(ways, asked)
    finally:
        process.terminate()
        process.wait()
    return [way.told() for way in ways]


def ways_of(
    identifier: Identifier,
    search: Callable[[Any], object],
    asking: httpx.Client,
    crops: Sequence[bytes],
) -> list[Way]:
    vectors = identifier.embedder.embed_queries([Image.open(io.BytesIO(one)) for one in crops])
    queries = vectors[:, None]
    named = [("crop", partial(bytes, crop)) for crop in crops]
    bare_ones = [partial(search, query) for query in queries]
    ours = [partial(identifier.gallery.search, query, K) for query in queries]
    pipeline = [partial(identifier.identify, part, K, "crop") for part in chunks(named, 1)]
    together = [partial(identifier.identify, part, K, "crop") for part in chunks(named, MANY)]
    served = [partial(send, asking, crop, "crop") for crop in crops]
    return [
        Way("vectors: pymilvus", bare_ones),
        Way("vectors: what the service calls", ours),
        Way("vectors: pymilvus", bare_ones, clients=MANY),
        Way("vectors: what the service calls", ours, clients=MANY),
        Way("pictures: the pipeline", pipeline),
        Way("pictures: the service", served),
        Way("pictures: the pipeline, 16 at once", together, pictures=MANY),
        Way("pictures: the service", served, clients=MANY),
    ]


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


if __name__ == "__main__":
    main()
