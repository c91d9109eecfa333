"""What happens beside a service: writers, other models, stores that go away, the end."""

from __future__ import annotations

import base64
import fcntl
import gc
import io
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image
from starlette.testclient import TestClient

from cratewatch.catalog.catalog import open_catalog
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.model_folder import save_model
from cratewatch.gallery.connection import LITE_LOCK, file_of
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.lake.folder import FolderLake
from cratewatch.service import serving
from cratewatch.service.app import create_app
from cratewatch.settings import Settings, load_settings
from cratewatch.sources.folder.importing import import_folder
from tests.cratewatch.service.conftest import fill
from tests.made_collections import make_collection
from tests.milvus_server import Milvus
from tests.postgres_server import PostgresServer
from tests.tiny import TINY, tiny_net
from tests.waiting import until
from tests.wires import Wire

if TYPE_CHECKING:
    from tests.templates import Template

pytestmark = pytest.mark.heavy

# A connection of its own for each call, and no certificates read for it.
get = partial(httpx.get, timeout=90, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(serving, "AWAY_EVERY_S", 0.1)


def ask(client: TestClient, data: bytes) -> Any:
    text = base64.b64encode(data).decode()
    return client.post("/v1/identify", json={"pictures": [{"data": text}], "sleeves": "crop"})


def ready(client: TestClient) -> bool:
    return client.get("/readyz").status_code == 200


def another_model(home: Path, pictures: list[bytes]) -> str:
    """Have another model serve the covers of a home."""
    lake = FolderLake(home / "lake")
    name = save_model(lake, tiny_net(1), TINY, {}, ["a-training-artwork"])
    with open_gallery(str(home / "gallery.db")) as gallery:
        index(gallery, home, name)
    return name


def index(gallery: Gallery, home: Path, name: str) -> None:
    """Have a gallery serve a home's covers by a model."""
    with closing(open_catalog(f"sqlite:///{home / 'catalog.db'}")) as catalog:
        covers = catalog.covers.all()
    images = [Image.open(io.BytesIO(Path(one.source_url).read_bytes())) for one in covers]
    embeddings = load_model(FolderLake(home / "lake"), name).embed_covers(images)
    make_collection(gallery, name, embeddings.shape[1])
    ids = [cover.cover_id for cover in covers]
    gallery.rows.upsert(name, ids, [cover.artwork_id for cover in covers], embeddings)
    gallery.rows.flush(name)
    gallery.alias.point_to(name)


def test_a_model_that_is_replaced_is_taken_up_and_no_request_fails(
    template: Template, home: Path
) -> None:
    fill(template, home)
    pictures = [path.read_bytes() for path in sorted(template.covers.iterdir())]
    codes: list[int] = []
    with TestClient(create_app(load_settings(home=home)), base_url="http://localhost") as client:
        until(lambda: ready(client), 60)
        before = client.get("/readyz").json()["model"]
        over = threading.Event()

        def keep_asking() -> None:
            while not over.is_set():
                codes.append(ask(client, pictures[len(codes) % 24]).status_code)

        asking = threading.Thread(target=keep_asking)
        asking.start()
        name = another_model(home, pictures)  # the file is free: the service reads a copy
        until(lambda: client.get("/readyz").json().get("model") == name, 60)
        over.set()
        asking.join()
        assert ask(client, pictures[3]).json()["model"] == name != before
    assert set(codes) == {200}
    assert len(codes) > 3
    assert [one.name for one in (home / "service").iterdir()] == ["rates"]  # copies go with it


def test_while_somebody_writes_what_is_known_stays(template: Template, home: Path) -> None:
    fill(template, home)
    picture = next(iter(template.covers.iterdir())).read_bytes()
    app = create_app(load_settings(home=home))
    with (
        open_gallery(str(home / "gallery.db")),
        TestClient(app, base_url="http://localhost") as early,
    ):
        until(lambda: "another process writes" in early.get("/readyz").text, 20)
        refused = ask(early, picture)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    with TestClient(app, base_url="http://localhost") as client:
        until(lambda: ready(client), 60)
        with open_gallery(str(home / "gallery.db")) as gallery:
            serves = gallery.alias.require_serving()
            gallery.rows.flush(serves)
            os.utime(next((home / "gallery.db").rglob("*.parquet"), home / "gallery.db"))
            time.sleep(0.5)
            assert ask(client, picture).status_code == 200


def test_before_the_first_index_the_pages_work(empty_home: Path) -> None:
    settings = load_settings(home=empty_home)
    with TestClient(create_app(settings), base_url="http://localhost") as client:
        until(lambda: "nothing is indexed" in client.get("/readyz").text, 20)
        assert client.get("/catalog", headers={"Accept": "text/html"}).status_code == 200
        assert ask(client, b"x").json()["reason"] == "unavailable"


@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)
def test_a_catalog_that_goes_away_and_comes_back(
    template: Template, home: Path, own_postgres: PostgresServer
) -> None:
    url = own_postgres.address.create_database()
    home.mkdir()
    (home / "cratewatch.toml").write_text(f'catalog_url = "{url}"\n')
    template.tidy_covers()
    with closing(open_catalog(url)) as catalog:
        import_folder(template.covers, catalog, FolderLake(home / "lake"))
    fill(template, home.with_name("made"))  # of which the index is taken
    template.copy_model(FolderLake(home / "lake"))
    template.copy_index(home)
    picture = next(iter(template.covers.iterdir())).read_bytes()
    with TestClient(create_app(load_settings(home=home)), base_url="http://localhost") as client:
        until(lambda: ready(client), 60)
        assert ask(client, picture).status_code == 200
        own_postgres.stop()
        for refused in (ask(client, picture), client.get("/v1/runs")):
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
            assert refused.json()["detail"].startswith("catalog postgresql://")
        until(lambda: not ready(client), 20)
        own_postgres.start()
        until(lambda: ready(client), 60)
        assert ask(client, picture).status_code == 200
        assert client.get("/v1/runs").status_code == 200
    gc.collect()  # pg8000 leaves the sockets that it cannot say goodbye on


def test_a_milvus_server_that_goes_away_and_comes_back(
    template: Template, home: Path, milvus: Milvus, over_a_wire: Callable[[str], tuple[str, Wire]]
) -> None:
    fill(template, home)
    uri, wire = over_a_wire(milvus.uri)
    (model,) = (home / "lake" / "models").iterdir()
    with open_gallery(milvus.uri) as server:
        index(server, home, model.name)
    (home / "cratewatch.toml").write_text(f'gallery_uri = "{uri}"\n')
    picture = next(iter(template.covers.iterdir())).read_bytes()
    with TestClient(create_app(load_settings(home=home)), base_url="http://localhost") as client:
        until(lambda: ready(client), 60)
        assert ask(client, picture).status_code == 200
        wire.cut()
        refused = ask(client, picture)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert refused.json()["detail"].startswith(f"gallery {uri}")
        until(lambda: not ready(client), 20)
        assert client.get("/v1/releases").status_code == 200  # what needs no gallery goes on
        wire.mend()
        until(lambda: ready(client), 60)
        assert ask(client, picture).status_code == 200


@pytest.mark.slow
def test_services_of_a_home_count_what_a_key_asks_together(empty_home: Path) -> None:
    with closing(open_catalog(load_settings(home=empty_home).catalog_url)) as catalog:
        key = catalog.keys.add("till", ("catalog",), 20)
    services = [start(empty_home), start(empty_home, "--workers", "2")]
    bearer, codes = {"Authorization": f"Bearer {key}"}, []
    urls = [url for _, url in services]
    until(lambda: all(map(is_alive, urls)), 90)
    began = time.monotonic()
    for _ in range(30):  # each on a connection of its own: any process may take it
        codes += [get(f"{url}/v1/releases", headers=bearer).status_code for url in urls]
    came_s = time.monotonic() - began
    assert 20 <= codes.count(200) <= 21 + came_s * 20 / 60
    assert set(codes) == {200, 429}
    for process, _ in services:
        process.terminate()
        assert process.wait(40) == 0
        assert process.stderr is not None
        process.stderr.close()


def is_alive(url: str) -> bool:
    try:
        return get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def start(home: Path, *arguments: str) -> tuple[subprocess.Popen[str], str]:
    """Start a service of its own process; return it and its address."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", "from cratewatch.commands.app import main; main()"),
            *("serve", "--home", str(home), "--port", "0", *arguments),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    return process, process.stderr.readline().split()[1]


def test_an_application_that_starts_warm_answers_from_its_first_request_on(
    settings: Settings, empty_home: Path
) -> None:
    app = create_app(settings, starts_warm=True)
    with TestClient(app, base_url="http://localhost") as client:
        assert ready(client)
    app = create_app(load_settings(home=empty_home), starts_warm=True)
    with TestClient(app, base_url="http://localhost") as client:  # it starts all the same
        assert "nothing is indexed yet" in client.get("/readyz").json()["detail"]


def test_an_application_that_starts_warm_waits_for_a_file_that_is_being_copied(
    template: Template, home: Path
) -> None:
    fill(template, home)
    settings = load_settings(home=home)
    file = file_of(settings.gallery_uri)
    assert file is not None
    lock = os.open(file / LITE_LOCK, os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    ends = threading.Timer(2, os.close, [lock])
    ends.start()
    app = create_app(settings, starts_warm=True)
    with TestClient(app, base_url="http://localhost") as client:
        assert ready(client)
    ends.join()


@pytest.mark.slow
def test_no_process_of_several_turns_away_what_another_answers(
    template: Template, home: Path
) -> None:
    fill(template, home)
    process, url = start(home, "--workers", "2")
    codes = [get(f"{url}/readyz", timeout=300).status_code for _ in range(60)]
    process.terminate()
    assert process.wait(40) == 0
    assert process.stderr is not None
    process.stderr.close()
    assert codes == [200] * 60


@pytest.mark.slow
def test_a_process_answers_what_it_has_and_ends(template: Template, home: Path) -> None:
    fill(template, home)
    picture = next(iter(template.covers.iterdir())).read_bytes()
    services = [start(home), start(home, "--workers", "2")]  # of one home
    for process, url in services:
        assert answered_while_it_ends(process, url, picture).startswith("HTTP/1.1 200 ")
        assert process.wait(40) == 0
        assert process.stderr is not None
        process.stderr.close()


def answered_while_it_ends(process: subprocess.Popen[str], url: str, picture: bytes) -> str:
    """End a service that answers and is listened to; return how its answer begins.

    Each connection may reach another of its processes: all are to be ready.
    """
    many = [{"data": base64.b64encode(picture).decode()}] * 8  # seconds, not half a minute
    body = json.dumps({"pictures": many, "sleeves": "find"}).encode()
    head = f"POST /v1/identify HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    with httpx.Client(base_url=url, timeout=60) as client:
        until(lambda: all(get(f"{url}/readyz").is_success for _ in range(16)), 90)
        with client.stream("GET", "/v1/runs/events") as listening:
            assert next(listening.iter_lines()) == "event: running"
            with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 60) as asking:
                asking.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
                time.sleep(1)
                process.send_signal(signal.SIGTERM)
                return asking.recv(2000).decode(errors="replace")
