"""Against a real Milvus Lite, in this process or as a server in another one."""

import base64
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import trustme
from milvus_lite.adapter.grpc.servicer import MilvusServicer
from milvus_lite.db import MilvusLite
from pymilvus.grpc_gen import milvus_pb2_grpc

from cratewatch.errors import (
    CheckError,
    CratewatchError,
    NotFoundError,
    SettingsError,
    UnavailableError,
)
from cratewatch.gallery import connection
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.settings import load_settings
from tests.made_collections import make_collection

SERVER = """
import sys, time
from milvus_lite.adapter.grpc.server import start_server_in_thread
server, db, port = start_server_in_thread(sys.argv[1])
print(port, flush=True)
server.wait_for_termination()
"""


@pytest.fixture
def uri(home: Path) -> str:
    return str(home / "gallery.db")


@pytest.fixture
def gallery(uri: str) -> Iterator[Gallery]:
    with open_gallery(uri) as gallery:
        yield gallery


def unit(rng: np.random.Generator, count: int) -> np.ndarray:
    vectors = rng.normal(size=(count, 128)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def fill(gallery: Gallery, model: str, vectors: np.ndarray) -> list[str]:
    ids = [f"cover-{n:03d}" for n in range(len(vectors))]
    make_collection(gallery, model, 128)
    gallery.rows.upsert(model, ids, [f"artwork-{n // 2}" for n in range(len(vectors))], vectors)
    return ids


def test_search_agrees_with_numpy(gallery: Gallery) -> None:
    rng = np.random.default_rng(0)
    vectors, queries = unit(rng, 300), unit(rng, 7)
    ids = fill(gallery, "m", vectors)
    found = gallery.search(queries, 5, collection="m")
    cosines = queries @ vectors.T
    for row, hits in zip(cosines, found, strict=True):
        best = np.argsort(-row)[:5]
        assert [hit.cover_id for hit in hits] == [ids[n] for n in best]
        np.testing.assert_allclose([hit.score for hit in hits], row[best], atol=1e-5)
        assert [hit.artwork_id for hit in hits] == [f"artwork-{n // 2}" for n in best]


def test_an_upsert_replaces(gallery: Gallery) -> None:
    rng = np.random.default_rng(0)
    fill(gallery, "m", unit(rng, 20))
    moved = unit(rng, 20)
    ids = fill(gallery, "m", moved)
    assert gallery.rows.count("m") == 20
    assert gallery.search(moved[3:4], 1, collection="m")[0][0].cover_id == ids[3]


def test_readers_follow_the_alias(gallery: Gallery) -> None:
    rng = np.random.default_rng(0)
    old, new = unit(rng, 5), unit(rng, 5)
    fill(gallery, "old", old)
    fill(gallery, "new", new)
    assert gallery.alias.serving() is None
    with pytest.raises(NotFoundError, match="cratewatch index"):
        gallery.search(old[:1], 1)
    gallery.alias.point_to("old")
    assert gallery.search(old[:1], 1)[0][0].score == pytest.approx(1, abs=1e-5)
    gallery.alias.point_to("new")
    assert gallery.alias.serving() == "new"
    assert gallery.search(old[:1], 1)[0][0].score < 0.9
    assert gallery.collections.all() == ["new", "old"]


def test_what_was_flushed_is_there_after_reopening(uri: str) -> None:
    vectors = unit(np.random.default_rng(0), 50)
    with open_gallery(uri) as gallery:
        fill(gallery, "m", vectors)
        gallery.rows.flush("m")
        gallery.alias.point_to("m")
    with open_gallery(uri) as gallery:
        assert gallery.alias.serving() == "m"
        gallery.collections.load("m")
        assert gallery.rows.count("m") == 50
        assert gallery.search(vectors[7:8], 1)[0][0].cover_id == "cover-007"


def test_doubled_ids_and_broken_vectors_are_refused(gallery: Gallery) -> None:
    make_collection(gallery, "m", 128)
    vectors = unit(np.random.default_rng(0), 2)
    with pytest.raises(ValueError, match="repeats"):
        gallery.rows.upsert("m", ["a", "a"], ["x", "y"], vectors)
    vectors[1, 0] = np.nan
    with pytest.raises(CheckError, match="cover b; the model is broken"):
        gallery.rows.upsert("m", ["a", "b"], ["x", "y"], vectors)
    assert gallery.rows.count("m") == 0


def test_a_file_that_another_process_holds_is_named(gallery: Gallery, uri: str) -> None:
    assert gallery.collections.all() == []
    code = (
        "from cratewatch.gallery.gallery import open_gallery\n"
        "from cratewatch.errors import CratewatchError\n"
        "try:\n"
        f"    open_gallery({uri!r}).__enter__()\n"
        "except CratewatchError as error:\n"
        "    print(error)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "one process at a time" in answer.stdout


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A Milvus Lite that serves from another process, and its address."""
    command = [sys.executable, "-c", SERVER, str(tmp_path / "server.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.kill()


USES: dict[str, Any] = {
    "upsert": lambda gallery: fill(gallery, "m", np.eye(128, dtype=np.float32)),
    "search": lambda gallery: gallery.search(np.eye(128, dtype=np.float32)[:1], 1),
    "serving": lambda gallery: gallery.alias.serving(),
    "count": lambda gallery: gallery.rows.count("m"),
    "load": lambda gallery: gallery.collections.load("m"),
    "point_alias": lambda gallery: gallery.alias.point_to("m"),
    "flush": lambda gallery: gallery.rows.flush("m"),
}


@pytest.mark.parametrize(
    ("how", "message"),
    [(signal.SIGKILL, "no Milvus answers there"), (signal.SIGSTOP, "does not answer in time")],
    ids=["killed", "hanging"],
)
def test_a_server_that_goes_away_is_an_error_in_every_call(
    server: tuple[subprocess.Popen[str], str],
    how: signal.Signals,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process, address = server
    with open_gallery(address, patience_s=0.5) as gallery:
        fill(gallery, "m", unit(np.random.default_rng(0), 20))
        gallery.alias.point_to("m")
        for name in ("CALL_TIMEOUT_S", "LOAD_TIMEOUT_S"):
            monkeypatch.setattr(connection, name, 0.5)
        os.kill(process.pid, how)
        for name, use in USES.items():
            with pytest.raises(UnavailableError, match=message) as caught:
                use(gallery)
            assert str(caught.value).startswith(f"gallery {address}: "), name
            assert "\n" not in str(caught.value)


def test_a_server_that_comes_back_is_used_again(tmp_path: Path) -> None:
    with contextlib.ExitStack() as client:
        with contextlib.ExitStack() as first:
            address = _serve(first, tmp_path / "server.db")
            gallery = client.enter_context(open_gallery(address))
            fill(gallery, "m", unit(np.random.default_rng(0), 20))
            gallery.rows.flush("m")
        with contextlib.ExitStack() as second, futures.ThreadPoolExecutor(1) as pool:
            loaded = pool.submit(gallery.collections.load, "m")
            with pytest.raises(TimeoutError):
                loaded.result(timeout=1)  # it waits for the server
            _serve(second, tmp_path / "server.db", int(address.rpartition(":")[2]))
            loaded.result()
            assert gallery.rows.count("m") == 20


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("http://127.0.0.1:9", "no Milvus answers there .*check gallery_uri"),
        ("https://127.0.0.1:9", "no Milvus answers there"),
        ("http://no-such-host.invalid:19530", "no Milvus answers there .*no-such-host"),
        ("http://me:secret@127.0.0.1:9", r"^gallery http://\*\*\*@127.0.0.1:9: no Milvus"),
    ],
)
def test_a_server_that_is_not_there_is_named(uri: str, message: str) -> None:
    with pytest.raises(UnavailableError, match=message), open_gallery(uri):
        pass


def test_something_that_listens_and_says_nothing_is_given_up_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "CONNECT_TIMEOUT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(UnavailableError, match="does not answer in time"), open_gallery(uri):
            pass


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("http://root:a@hush@127.0.0.1:9", r"gallery http://\*\*\*@127.0.0.1:9: no Milvus"),
        ("http://hush@127.0.0.1:9", r"gallery http://\*\*\*@127.0.0.1:9: no Milvus"),
        ("http://127.0.0.1:9?token=hush", r"gallery http://127.0.0.1:9\?token=\*\*\*: no Milvus"),
        ("http://root:a/hush@127.0.0.1:9", "by gallery_token, as USER:PASSWORD"),
        ("http://root:1#hush@127.0.0.1:9", "by gallery_token, as USER:PASSWORD"),
        ("http://root:hush", r"gallery_uri http://root:\*\*\*: Port .*such as http://host:19530"),
        ("ftp://root:hush@milvus", r"gallery_uri ftp://\*\*\*@milvus: .*such as http://host:19530"),
        ("root:hush@milvus:19530", r"gallery_uri \*\*\*: neither the path"),
        ("host=milvus password=hush", r"gallery_uri \*\*\*: neither the path"),
    ],
)
def test_credentials_in_an_address_are_not_shown(home: Path, uri: str, message: str) -> None:
    settings = load_settings(home=home, gallery_uri=uri)
    with pytest.raises(CratewatchError, match=message) as error, open_gallery(*settings.gallery):
        pass
    assert "hush" not in str(error.value)


@pytest.mark.parametrize("uri", ["milvus:19530", "ftp://milvus:19530", "http://milvus:99999"])
def test_an_address_that_is_none_is_a_mistake_in_the_settings(uri: str) -> None:
    message = rf"gallery_uri {uri}: .*such as http://host:19530"
    with pytest.raises(SettingsError, match=message), open_gallery(uri):
        pass


class Doorkeeper(grpc.ServerInterceptor):  # type: ignore[misc]
    """Refuses calls without the right token, in the words of a Milvus server."""

    def __init__(self, token: str) -> None:
        self._right = ("authorization", base64.b64encode(token.encode()).decode())

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        if self._right in details.invocation_metadata:
            return continuation(details)
        return grpc.unary_unary_rpc_method_handler(
            lambda _, context: context.abort(
                grpc.StatusCode.UNAUTHENTICATED, "auth check failure, please check username"
            )
        )


def _serve(
    stack: contextlib.ExitStack,
    folder: Path,
    port: int = 0,
    token: str = "",
    credentials: grpc.ServerCredentials | None = None,
) -> str:
    database = MilvusLite(str(folder))
    stack.callback(database.close)
    interceptors = [Doorkeeper(token)] if token else []
    server = grpc.server(futures.ThreadPoolExecutor(4), interceptors=interceptors)
    milvus_pb2_grpc.add_MilvusServiceServicer_to_server(MilvusServicer(database), server)
    address = f"127.0.0.1:{port}"
    port = (
        server.add_secure_port(address, credentials)
        if credentials
        else server.add_insecure_port(address)
    )
    server.start()
    stack.callback(lambda: server.stop(grace=None).wait())
    return f"{'https' if credentials else 'http'}://127.0.0.1:{port}"


def test_a_wrong_token_is_named(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        uri = _serve(stack, tmp_path / "server.db", token="root:right")
        for token in ("", "root:wrong"):
            message = r"the server refuses us \(auth check failure.*\); check gallery_token"
            with pytest.raises(UnavailableError, match=message), open_gallery(uri, token):
                pass
        with open_gallery(uri, "root:right") as gallery:
            assert gallery.collections.all() == []


def test_a_server_with_a_certificate_of_ones_own_is_trusted_by_its_authority(
    tmp_path: Path,
) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    for name, one in (("ca", authority), ("stranger", stranger)):
        one.cert_pem.write_to_path(str(tmp_path / f"{name}.pem"))
    own = authority.issue_cert("127.0.0.1")
    chain = b"".join(blob.bytes() for blob in own.cert_chain_pems)
    credentials = grpc.ssl_server_credentials([(own.private_key_pem.bytes(), chain)])
    with contextlib.ExitStack() as stack:
        uri = _serve(stack, tmp_path / "server.db", credentials=credentials)
        for ca in ("", str(tmp_path / "stranger.pem")):
            with pytest.raises(UnavailableError, match=r"check gallery_uri") as refused:
                stack.enter_context(open_gallery(uri, ca=ca))
            assert "\n" not in str(refused.value)
        with open_gallery(uri, ca=str(tmp_path / "ca.pem")) as gallery:
            assert gallery.collections.all() == []
    missing = str(tmp_path / "missing.pem")
    with pytest.raises(SettingsError, match=r"gallery_ca .*missing\.pem: no such file"):
        stack.enter_context(open_gallery(uri, ca=missing))


def test_a_path_that_is_no_milvus_lite_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file.db").write_text("mine")
    for path in ("file.db", "file.db/below.db"):
        with (
            pytest.raises(UnavailableError, match=r"cannot be opened .*see to its disk"),
            open_gallery(str(tmp_path / path)),
        ):
            pass
    assert (tmp_path / "file.db").read_text() == "mine"
