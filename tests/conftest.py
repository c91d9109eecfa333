"""Fixtures that several packages' tests share.

What is slow to import is imported by the fixture that needs it: the process in which pytest was
started reads this file, too, before the others begin.
"""

from __future__ import annotations

import functools
import gc
import os
import signal
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from cratewatch.catalog import migrating
from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.records import Cover
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.location import LakeLocation
from cratewatch.secret_url import SecretUrl
from tests import made_tables
from tests.milvus_server import Milvus, MilvusProcess
from tests.postgres_server import Postgres, PostgresServer, programs
from tests.servers import Desk, ask
from tests.wires import Wire

if TYPE_CHECKING:
    from tests.templates import Template

# Threads that wait for each other at each small step cost up to forty times what they save, with
# other processes on the same cores. It is read when PyTorch is imported, which other conftest.py
# may do before anything is configured. What the tests start inherits it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"

LONGEST = (
    *("test_nights.py", "test_joining.py", "test_retries.py", "test_painting.py"),
    *("test_beside.py", "test_browser.py", "test_footage.py", "test_agreement.py"),
    *("test_embedding.py", "test_rebuilding.py", "test_renewal.py", "test_serving.py"),
    *("test_away.py", "test_servers_away.py", "test_interrupts.py", "test_tutorial.py"),
)
"""Files that take minutes each: begun last, they would leave the other processes waiting."""
LONG = ("tests/workers/", "tests/flows/", "tests/scrapers/", "tests/cratewatch/commands/")
"""Folders of files that take long; they come next."""
IN_ONE_PROCESS = ("tests/workers/", "tests/cratewatch/synthesis/diffusion/")
"""Folders whose tests share what takes a process long: a cluster, and imports (see late.py)."""

HEAVY_FIXTURES = {
    "milvus",
    "own_milvus",
    "own_postgres",
    "postgres",
    "prefect",
    "ray_cluster",
    "run_process",
    "s3_endpoint",
    "site",
}
HEAVY_PARAMETERS = {"server", "own server", "postgresql", "s3"}
"""What makes a test heavy, beside the marker: it starts other processes, or waits for them."""

DESK = pytest.StashKey[Desk]()
DESK_PATH = pytest.StashKey[str]()


# Whoever is started in the background ignores Ctrl-C, and so would all that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# By default all objects are looked through again and again, and a million came with imports.
gc.set_threshold(50_000)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Leave out of each search for garbage what has come with the imports."""
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    worker: dict[str, str] | None = getattr(config, "workerinput", None)
    if worker is None:
        config.stash[DESK] = Desk()
        config.stash[DESK_PATH] = config.stash[DESK].address
        return
    config.stash[DESK_PATH] = worker["desk"]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of pytest-xdist where the servers are asked for."""
    node.workerinput["desk"] = node.config.stash[DESK_PATH]


def pytest_unconfigure(config: pytest.Config) -> None:
    if desk := config.stash.get(DESK, None):
        desk.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HEAVY_FIXTURES & set(getattr(item, "fixturenames", ())) or _on_a_server(item):
            item.add_marker(pytest.mark.heavy)
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    """Where a test comes: those of long files first."""
    if item.path.name in LONGEST:
        return LONGEST.index(item.path.name)
    return len(LONGEST) + (not item.nodeid.startswith(LONG))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give out tests by file, and some by folder."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            folders = (folder for folder in IN_ONE_PROCESS if nodeid.startswith(folder))
            return next(folders, super()._split_scope(nodeid))

    return Scheduling(config, log)


def _on_a_server(item: pytest.Item) -> bool:
    """Whether a test that runs on several kinds of a store has one here that is a server."""
    call = getattr(item, "callspec", None)
    return call is not None and any(part in HEAVY_PARAMETERS for part in call.id.split("-"))


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Callable[[str], str]:
    """Return a function: the name of one of tests/servers.py to its address."""
    return lambda name: ask(pytestconfig.stash[DESK_PATH], name)


@pytest.fixture(scope="session")
def server_folder(pytestconfig: pytest.Config) -> Callable[[str], Path]:
    """Return a function: the name of one of tests/servers.py to the folder that it was given."""
    return lambda name: Path(pytestconfig.stash[DESK_PATH]).with_name(name)


@pytest.fixture(scope="session")
def ray_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A local Ray cluster that all tests of a process share."""
    from workers import cluster

    with cluster.ray_cluster("local", tmp_path_factory.mktemp("ray")):
        yield


@pytest.fixture(scope="session")
def postgres(server: Callable[[str], str]) -> Postgres:
    """A running server that all tests share."""
    port = server("postgres")
    if not port:
        pytest.skip("no PostgreSQL server here; infra/install-test-deps.sh installs it")
    return Postgres(int(port))


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A running server that a test may stop."""
    if programs() is None:
        pytest.skip("no PostgreSQL server here; infra/install-test-deps.sh installs it")
    # Not below pytest's own folder, which only its owner may enter.
    with tempfile.TemporaryDirectory(prefix="cratewatch-postgres-") as folder:
        own = PostgresServer(Path(folder))
        own.start()
        yield own
        own.stop()


@pytest.fixture(scope="session")
def milvus(server: Callable[[str], str]) -> Milvus:
    """A running Milvus server that all tests share."""
    return Milvus(server("milvus"))


@pytest.fixture
def own_milvus(tmp_path: Path) -> Iterator[MilvusProcess]:
    """A running Milvus server that a test may kill."""
    own = MilvusProcess(tmp_path / "milvus")
    own.start()
    yield own
    own.kill()


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


@pytest.fixture(scope="session", autouse=True)
def _tables_are_made_quickly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrating, "upgrade", made_tables.upgrade)
        yield


@pytest.fixture(scope="session")
def crawls_are_forked() -> Iterator[None]:
    """What Scrapy brings is imported once for all crawls that a process of the tests starts."""
    from scrapers import launch
    from tests import forks

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "subprocess", forks.Subprocess())
        yield
    forks.close()


@pytest.fixture(autouse=True)
def _nothing_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests know which models there are, whatever the package holds."""
    monkeypatch.setattr("cratewatch.embedding.saved_models.SHIPPED", tmp_path / "nothing-ships")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def empty_home(home: Path) -> Path:
    """Return a home that was made, and in which nothing is yet."""
    home.mkdir()
    (home / "cratewatch.toml").touch()
    return home


@pytest.fixture
def lake(home: Path) -> FolderLake:
    return FolderLake(home / "lake")


@pytest.fixture(scope="session")
def s3_endpoint(server: Callable[[str], str]) -> Iterator[str]:
    """The URL of an S3 server that all tests share; what botocore knows of AWS is read once."""
    import botocore.loaders
    import botocore.session

    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(botocore.loaders.create_loader)
        patch.setattr(botocore.session, "create_loader", once)
        yield server("s3")


@pytest.fixture(scope="session")
def s3_client(s3_endpoint: str) -> Any:
    """boto3's own client of the server, for a look behind the lake's back."""
    import boto3

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
        endpoint=SecretUrl(s3_endpoint),
        region="us-east-1",
        access_key=SecretStr("an-access-key"),
        secret_key=SecretStr("a-secret-key"),
    )


@pytest.fixture
def catalog(home: Path) -> Iterator[Catalog]:
    catalog = open_catalog(f"sqlite:///{home / 'catalog.db'}")
    yield catalog
    catalog.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """What imported, tiny_model and served copy; they use no other lake or catalog than home's."""
    from tests.templates import Template

    return Template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def cover_folder(template: Template) -> Path:
    """Twenty-four covers, cover-00.jpg and so on."""
    template.tidy_covers()
    return template.covers


@pytest.fixture
def imported(
    cover_folder: Path, template: Template, home: Path, catalog: Catalog, lake: FolderLake
) -> list[Cover]:
    """The covers of cover_folder, imported."""
    template.copy_import(home)
    return catalog.covers.all()


@pytest.fixture
def tiny_model(template: Template, lake: FolderLake) -> str:
    """The name of an untrained model in the lake that sees 32 px."""
    return template.copy_model(lake)


@pytest.fixture(scope="session")
def fixtures_folder() -> Path:
    folder = SHARED_DATA / "fixtures"
    if not folder.is_dir():
        pytest.skip(f"the recorded answers are not on this machine ({folder})")
    return folder
