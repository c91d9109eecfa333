"""What an S3 lake does when the store, the network or the settings are not as they should be."""

import http.client
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from cratewatch.errors import CratewatchError, NotFoundError, SettingsError, UnavailableError
from cratewatch.lake.lake import Lake
from cratewatch.lake.location import LakeLocation
from cratewatch.lake.opening import open_lake
from cratewatch.lake.s3 import ATTEMPTS, BODY_ATTEMPTS, PART_BYTES
from cratewatch.secret_url import SecretUrl
from cratewatch.settings import load_settings

LARGE = os.urandom(2 * PART_BYTES + 1000)
Reply = tuple[int, list[tuple[str, str]], bytes]


class Street:
    """The way to the store: passes requests on, but for the faults that it is told to have.

    A fault is named by a part of the request line and happens as often as it is added:
    a status is answered instead of the store; "drop" closes the connection at once, "lost" after
    the store has done what was asked, "half" in the middle of the answer's body; "hold" keeps the
    request until the street is closed.
    """

    def __init__(self, store: str) -> None:
        self.store = store
        self.faults: list[tuple[str, int | str]] = []
        self.requests: list[str] = []
        self.holding = threading.Event()
        self.closed = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def fault_of(self, request: str) -> int | str | None:
        self.requests.append(request)
        for fault in self.faults:
            if fault[0] in request:
                self.faults.remove(fault)
                return fault[1]
        return None

    def pass_on(self, method: str, path: str, headers: Any, body: bytes) -> Reply:
        kept = {name: value for name, value in headers.items() if name.lower() != "expect"}
        with closing(http.client.HTTPConnection(urlsplit(self.store).netloc)) as connection:
            connection.request(method, path, body, kept)
            reply = connection.getresponse()
            return reply.status, reply.getheaders(), reply.read()

    def count(self, part: str) -> int:
        return sum(part in request for request in self.requests)

    def close(self) -> None:
        self.closed.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler_of(street: Street) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = street.fault_of(f"{self.command} {self.path}")
            if fault == "hold":
                street.holding.set()
                street.closed.wait()
            if fault in ("drop", "hold"):
                self.close_connection = True
            elif isinstance(fault, int):
                self.reply((fault, [("Content-Length", "0")], b""))
            else:
                reply = street.pass_on(self.command, self.path, self.headers, body)
                if fault == "lost":
                    self.close_connection = True
                else:
                    self.reply(reply, half=fault == "half")

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815

        def reply(self, reply: Reply, half: bool = False) -> None:
            status, headers, body = reply
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("connection", "transfer-encoding"):
                    self.send_header(name, value)
            if status == 204 or any(name.lower() == "content-length" for name, _ in headers):
                pass
            else:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if half else body)
            self.close_connection = half

    return Handler


@pytest.fixture
def street(s3_endpoint: str) -> Iterator[Street]:
    street = Street(s3_endpoint)
    yield street
    street.close()


@pytest.fixture
def far(s3_location: LakeLocation, street: Street) -> Lake:
    """The lake of `near` at the other end of the street."""
    return open_lake(replace(s3_location, endpoint=SecretUrl(street.url)))


@pytest.fixture
def near(s3_location: LakeLocation) -> Lake:
    return open_lake(s3_location)


def calls(lake: Lake) -> dict[str, Callable[[], object]]:
    return {
        "read x/y": lambda: lake.read("x/y"),
        "write x/y": lambda: lake.write("x/y", b"data"),
        "write x/z": lambda: lake.create("x/z", b"data"),
        "look for x/y": lambda: lake.exists("x/y"),
        "delete x/y": lambda: lake.delete("x/y"),
        "list x": lambda: list(lake.keys("x")),
        "tidy x": lambda: lake.tidy("x"),
    }


def one_line(call: Callable[[], object]) -> str:
    with pytest.raises(UnavailableError) as error:
        call()
    assert "\n" not in str(error.value)
    assert "a-secret-key" not in str(error.value)
    return str(error.value)


def uploads(client: Any, location: LakeLocation) -> list[Any]:
    found = client.list_multipart_uploads(Bucket=location.path.split("/")[2])
    uploads: list[Any] = found.get("Uploads", [])
    return uploads


def test_a_store_that_comes_back_in_time_is_not_noticed(far: Lake, street: Street) -> None:
    far.write("covers/x", b"x")
    street.faults += [("GET", "drop")] * (ATTEMPTS - 1)
    assert far.read("covers/x") == b"x"
    street.faults += [("GET", "drop")] * ATTEMPTS
    assert "check s3_endpoint" in one_line(lambda: far.read("covers/x"))


@pytest.mark.parametrize("fault", [500, 503, "drop"])
def test_a_fault_that_passes_is_not_noticed(
    far: Lake, near: Lake, street: Street, fault: int | str
) -> None:
    for command in ("PUT", "GET", "DELETE", "list-type"):
        street.faults += [(command, fault), (command, fault)]
    far.write("covers/x", b"x")
    assert near.read("covers/x") == b"x"
    assert far.read("covers/x") == b"x"
    street.faults.append(("GET", fault))
    assert list(far.keys("covers")) == ["covers/x"]
    far.delete("covers/x")
    assert not near.exists("covers/x")
    assert street.count("PUT") == 3
    assert street.count("DELETE") == 3


def test_a_fault_that_stays_is_said(far: Lake, street: Street) -> None:
    street.faults += [("PUT", 503)] * 20
    assert "(503)" in one_line(lambda: far.write("covers/x", b"x"))
    assert street.count("PUT") == ATTEMPTS


def test_a_read_that_breaks_off_is_begun_again(far: Lake, street: Street) -> None:
    far.write("covers/x", b"x" * 100_000)
    street.faults += [("GET", "half")] * (BODY_ATTEMPTS - 1)
    assert far.read("covers/x") == b"x" * 100_000
    assert street.count("GET") == BODY_ATTEMPTS
    street.faults += [("GET", "half")] * BODY_ATTEMPTS
    assert "check s3_endpoint and the network" in one_line(lambda: far.read("covers/x"))


def test_a_creator_whose_answer_is_lost_finds_its_own_object(far: Lake, street: Street) -> None:
    street.faults.append(("PUT", "lost"))
    assert not far.create("queries/run/manifest.json", b"mine")
    assert far.read("queries/run/manifest.json") == b"mine"


def test_a_conflict_of_creators_is_settled(far: Lake, street: Street) -> None:
    street.faults += [("PUT", 409)] * 2
    assert far.create("queries/run/manifest.json", b"mine")
    street.faults += [("PUT", 409)] * 3
    assert "(409)" in one_line(lambda: far.create("queries/run/other.json", b"mine"))


def test_a_store_without_conditional_writes_is_said(far: Lake, street: Street) -> None:
    street.faults += [("PUT", 501)] * ATTEMPTS
    assert "(501)" in one_line(lambda: far.create("queries/run/manifest.json", b"mine"))


def test_large_objects_go_up_in_parts_and_only_a_part_is_repeated(
    far: Lake, near: Lake, street: Street
) -> None:
    street.faults += [("partNumber=2", 503), ("partNumber=3", "drop")]
    far.write("models/x/weights.safetensors", LARGE)
    assert near.read("models/x/weights.safetensors") == LARGE
    parts = [street.count(f"partNumber={number}") for number in (1, 2, 3, 4)]
    assert parts == [1, 2, 2, 0]


def test_an_upload_that_fails_leaves_nothing(
    far: Lake, near: Lake, street: Street, s3_location: LakeLocation, s3_client: Any
) -> None:
    near.write("models/x/weights.safetensors", b"old")
    street.faults += [("partNumber=2", 503)] * ATTEMPTS
    one_line(lambda: far.write("models/x/weights.safetensors", LARGE))
    assert street.count("DELETE") == 1
    assert uploads(s3_client, s3_location) == []
    assert near.read("models/x/weights.safetensors") == b"old"


def test_a_writer_killed_between_two_parts_leaves_no_object(
    far: Lake, near: Lake, street: Street, s3_location: LakeLocation, s3_client: Any
) -> None:
    street.faults += [("partNumber=2", "hold"), ("partNumber=3", "hold")]
    writer = (
        "import pickle, sys\n"
        "lake = pickle.load(sys.stdin.buffer)\n"
        f"lake.write('queries/run/shard-00000.tar', b'x' * {len(LARGE)})\n"
    )
    with subprocess.Popen([sys.executable, "-c", writer], stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        child.stdin.write(pickle.dumps(far))
        child.stdin.close()
        assert street.holding.wait(60)
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    assert list(near.keys("queries")) == []
    assert not near.exists("queries/run/shard-00000.tar")
    assert len(uploads(s3_client, s3_location)) == 1
    near.write("queries/run/shard-00000.tar", b"drawn again")
    near.tidy("queries")
    assert uploads(s3_client, s3_location) == []
    assert near.read("queries/run/shard-00000.tar") == b"drawn again"


def test_a_store_that_is_away_is_said_within_seconds(s3_location: LakeLocation) -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        away = calls(open_lake(replace(s3_location, endpoint=SecretUrl(endpoint))))
        for doing in ("read x/y", "write x/z", "list x"):
            began = time.monotonic()
            message = one_line(away[doing])
            assert time.monotonic() - began < 20
            where = f"lake {s3_location.path} at {endpoint}: cannot {doing}: "
            assert message.startswith(where)
            assert message.endswith(
                "check s3_endpoint and the network, then run the same command again"
            )


def test_credentials_in_an_endpoint_are_not_shown(s3_location: LakeLocation) -> None:
    for endpoint in ("http://me:hush@127.0.0.1:1", "http://me:a/hush@127.0.0.1:1"):
        location = replace(s3_location, endpoint=SecretUrl(endpoint))
        with pytest.raises(CratewatchError, match=r"http://\*\*\*@127.0.0.1:1") as error:
            open_lake(location).write("x/y", b"")
        assert "hush" not in str(error.value)
        assert "hush" not in f"{location} {open_lake(location)!r}"


def test_a_missing_bucket_is_said_whatever_is_asked(s3_location: LakeLocation) -> None:
    location = replace(s3_location, path="s3://no-such-bucket/crates")
    for doing, call in calls(open_lake(location)).items():
        message = one_line(call)
        assert f"lake s3://no-such-bucket/crates at {location.endpoint}: cannot {doing}" in message
        assert "NoSuchBucket" in message
        assert message.endswith("create the bucket or correct lake_path")


REFUSALS = {
    "InvalidAccessKeyId": "The AWS Access Key Id you provided does not exist in our records.",
    "SignatureDoesNotMatch": "The request signature we calculated does not match.",
    "AccessDenied": "Access Denied",
}


@pytest.fixture(params=REFUSALS)
def doorman(request: pytest.FixtureRequest) -> Iterator[str]:
    """A store that lets nobody in; moto lets everybody in."""
    xml = f"<Error><Code>{request.param}</Code><Message>{REFUSALS[request.param]}</Message></Error>"

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response_only(403)
            self.send_header("Content-Length", str(len(xml)))
            self.end_headers()
            self.wfile.write(xml.encode())

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_wrong_credentials_are_said_whatever_is_asked(
    s3_location: LakeLocation, doorman: str, request: pytest.FixtureRequest
) -> None:
    code = request.node.callspec.params["doorman"]
    lake = open_lake(replace(s3_location, endpoint=SecretUrl(doorman)))
    for doing, call in calls(lake).items():
        message = one_line(call)
        assert f"cannot {doing}: " in message
        assert code in message
        assert "check s3_access_key and s3_secret_key" in message


def test_without_credentials_boto3s_own_chain_is_asked(
    s3_location: LakeLocation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    nobody = replace(s3_location, access_key=SecretStr(""), secret_key=SecretStr(""))
    message = one_line(lambda: open_lake(nobody).read("x"))
    assert "Unable to locate credentials; check s3_access_key" in message
    (tmp_path / "credentials").write_text(
        "[default]\naws_access_key_id = chain\naws_secret_access_key = secret\n"
    )
    somebody = open_lake(replace(nobody, region="eu-central-1"))  # another client
    somebody.write("x", b"found")
    assert open_lake(s3_location).read("x") == b"found"


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": SecretUrl("localhost:9000")},
        {"endpoint": SecretUrl("not a url")},
        {"region": "mid earth"},
    ],
)
def test_settings_that_make_no_sense_are_refused(
    s3_location: LakeLocation, wrong: dict[str, object]
) -> None:
    with pytest.raises(SettingsError, match=r"s3_endpoint '.*', s3_region '.*': ") as error:
        open_lake(replace(s3_location, **wrong)).exists("x")  # type: ignore[arg-type]
    assert str(next(iter(wrong.values()))) in str(error.value)


def test_a_name_that_no_bucket_has_is_said(s3_location: LakeLocation) -> None:
    location = replace(s3_location, path="s3://under_scores and spaces")
    assert "check s3_endpoint, lake_path" in one_line(lambda: open_lake(location).exists("x"))


def test_a_lake_may_be_a_whole_bucket(s3_location: LakeLocation) -> None:
    bucket = open_lake(replace(s3_location, path=s3_location.path.removesuffix("/crates")))
    open_lake(s3_location).write("covers/x", b"x")
    assert list(bucket.keys("")) == ["crates/covers/x"]
    bucket.write("covers/y", b"y")
    assert list(bucket.keys("covers")) == ["covers/y"]
    assert f"{bucket.root}/crates" == s3_location.path
    with pytest.raises(NotFoundError):
        open_lake(s3_location).read("covers/y")


def test_settings_name_the_store_and_hide_its_keys(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    (home / "cratewatch.toml").write_text(
        'lake_path = "s3://bucket/crates"\ns3_endpoint = "http://store:9000"\n'
        's3_access_key = "who"\ns3_secret_key = "from the file"\n'
    )
    monkeypatch.setenv("CRATEWATCH_S3_REGION", "eu-central-1")
    monkeypatch.setenv("CRATEWATCH_S3_SECRET_KEY", "hush")
    settings = load_settings(home=home)
    assert settings.lake == LakeLocation(
        "s3://bucket/crates",
        endpoint=SecretUrl("http://store:9000"),
        region="eu-central-1",
        access_key=SecretStr("who"),
        secret_key=SecretStr("hush"),
    )
    assert "hush" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_half_of_the_keys_is_refused(home: Path) -> None:
    with pytest.raises(SettingsError, match="give both s3_access_key and s3_secret_key") as error:
        load_settings(home=home, s3_secret_key="hush")
    assert "hush" not in str(error.value)
