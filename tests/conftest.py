"""Fixtures that several packages' tests share."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.records import Cover
from cratewatch.embedding import saved_models
from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.net import EmbeddingNet
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.location import LakeLocation
from cratewatch.sources.folder.importing import import_folder
from tests.milvus_server import MilvusProcess
from workers import cluster

# Without a frame a cover is its own best query, also for an untrained model.
TINY = ModelConfig(image_px=32, cover_margin=0.0)

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"

LONGEST = ("test_training.py", "test_painting.py", "test_nights.py", "test_rebuilding.py")
"""Files that take minutes each: begun last, they would leave the other processes waiting."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(scope="session")
def ray_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A local Ray cluster that all tests share."""
    with cluster.ray_cluster("local", tmp_path_factory.mktemp("ray")):
        yield


class PostgresServer:
    """A PostgreSQL server of the tests' own: password asked for, nothing kept."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._data = folder / "data"
        # The server refuses to run as root.
        self._as_user = {"user": "postgres"} if os.geteuid() == 0 else {}
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        password = folder / "password"
        password.write_text("crate")
        if self._as_user:
            shutil.chown(folder, "postgres")
            shutil.chown(password, "postgres")
        options = ["-U", "watch", "-A", "scram-sha-256", f"--pwfile={password}", "--no-sync"]
        subprocess.run(
            [programs / "initdb", "-D", self._data, "-E", "UTF8", "--no-locale", *options],
            check=True,
            capture_output=True,
            cwd=folder,
            **self._as_user,
        )

    def url(self, database: str = "postgres", password: str = "crate") -> str:
        return f"postgresql://watch:{password}@127.0.0.1:{self._port}/{database}"

    def start(self) -> None:
        options = [f"-p{self._port}", f"-k{self._data}", "-h127.0.0.1", "-cfsync=off"]
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", self._data, *options],
            stderr=subprocess.DEVNULL,
            cwd=self._data,
            **self._as_user,
        )
        ready = [self._programs / "pg_isready", "-q", "-h127.0.0.1", f"-p{self._port}"]
        while subprocess.run(ready, check=False).returncode != 0:
            assert self._process.poll() is None, "PostgreSQL ended at its start"
            time.sleep(0.05)

    def stop(self) -> None:
        """End it at once, whoever is connected; a clean start follows."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait()
            self._process = None

    def create_database(self) -> str:
        """Return the URL of a fresh database."""
        name = f"catalog_{uuid.uuid4().hex[:12]}"
        engine = create_engine(
            self.url().replace("postgresql:", "postgresql+pg8000:"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return self.url(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running server that all tests share; a test that stops it starts it again."""
    found = shutil.which("initdb")
    programs = [Path(found)] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("no PostgreSQL server here; infra/install-test-deps.sh installs it")
    # Not below pytest's own folder, which only its owner may enter.
    with tempfile.TemporaryDirectory(prefix="cratewatch-postgres-") as folder:
        server = PostgresServer(programs[-1].resolve().parent, Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusProcess]:
    """A running Milvus server that all tests share; a test that kills it starts it again."""
    server = MilvusProcess(tmp_path_factory.mktemp("milvus"))
    server.start()
    yield server
    server.kill()


class Wire:
    """Forwards connections to a server on loopback until it is cut."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._whole = True
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._whole = False
        for end in self._ends:
            _hang_up(end)
        self._ends.clear()

    def mend(self) -> None:
        self._whole = True

    def close(self) -> None:
        self.cut()
        _hang_up(self._listener)

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:  # closed
                return
            if not self._whole:
                _hang_up(caller)
                continue
            server = socket.create_connection(self._target)
            self._ends += [caller, server]
            for ends in ((caller, server), (server, caller)):
                threading.Thread(target=_pump, args=ends, daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    _hang_up(target)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@pytest.fixture
def over_a_wire() -> Iterator[Callable[[str], tuple[str, Wire]]]:
    """Return a function: a server's URL to a URL that reaches it over a wire, and the wire."""
    wires: list[Wire] = []

    def lay(url: str) -> tuple[str, Wire]:
        port = urlsplit(url).port
        assert port is not None
        wires.append(Wire(port))
        return url.replace(f":{port}", f":{wires[-1].port}"), wires[-1]

    yield lay
    for wire in wires:
        wire.close()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CRATEWATCH_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _nothing_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests know which models there are, whatever the package holds."""
    monkeypatch.setattr(saved_models, "SHIPPED", tmp_path / "nothing-ships")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def lake(home: Path) -> FolderLake:
    return FolderLake(home / "lake")


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The URL of an S3 server that all tests share."""
    script = Path(__file__).with_name("s3_server.py")
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.stdin.close()


@pytest.fixture(scope="session")
def s3_client(s3_endpoint: str) -> Any:
    """boto3's own client of the server, for a look behind the lake's back."""
    return boto3.client(
        "s3",
        endpoint_url=s3_endpoint,
        region_name="us-east-1",
        aws_access_key_id="an-access-key",
        aws_secret_access_key="a-secret-key",
    )


@pytest.fixture
def s3_location(s3_endpoint: str, s3_client: Any) -> LakeLocation:
    """A lake below a prefix of a bucket of its own."""
    bucket = f"lake-{uuid.uuid4().hex}"
    s3_client.create_bucket(Bucket=bucket)
    return LakeLocation(
        f"s3://{bucket}/crates",
        endpoint=s3_endpoint,
        region="us-east-1",
        access_key=SecretStr("an-access-key"),
        secret_key=SecretStr("a-secret-key"),
    )


@pytest.fixture
def catalog(home: Path) -> Iterator[Catalog]:
    catalog = open_catalog(f"sqlite:///{home / 'catalog.db'}")
    yield catalog
    catalog.close()


def draw_noise(seed: int, side_px: int = 96) -> Image.Image:
    """Return a picture of coarse coloured blocks, unlike that of any other seed."""
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize((side_px, side_px), Image.Resampling.BICUBIC)


@pytest.fixture
def cover_folder(tmp_path: Path) -> Path:
    """Twenty-four covers, cover-00.jpg and so on."""
    folder = tmp_path / "covers"
    folder.mkdir()
    for number in range(24):
        draw_noise(number).save(folder / f"cover-{number:02d}.jpg", quality=95)
    return folder


@pytest.fixture
def imported(cover_folder: Path, catalog: Catalog, lake: FolderLake) -> list[Cover]:
    """The covers of cover_folder, imported."""
    import_folder(cover_folder, catalog, lake)
    return catalog.covers()


@pytest.fixture
def tiny_model(lake: FolderLake) -> str:
    """The name of an untrained model in the lake that sees 32 px."""
    torch.manual_seed(0)
    return save_model(lake, EmbeddingNet(TINY), TINY, {}, ["a-training-artwork"])


@pytest.fixture(scope="session")
def fixtures_folder() -> Path:
    folder = SHARED_DATA / "fixtures"
    if not folder.is_dir():
        pytest.skip(f"the recorded answers are not on this machine ({folder})")
    return folder
