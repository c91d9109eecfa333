"""Requests that come too slowly, too large or too many, over a socket; and a disk that is full."""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from cratewatch.service import connections
from cratewatch.service.app import create_app
from cratewatch.service.limits import MIB
from cratewatch.settings import load_settings
from tests.cratewatch.service.conftest import LIMITS
from tests.cratewatch.service.listening import listening
from tests.disks import small_disk

BODY_S, HEAD_S = 1.0, 1.0
GIB = 1024 * MIB
HEAD = b"POST /v1/identify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture
def url(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a service that is in a hurry; it has no index, and needs none here."""
    monkeypatch.setattr(connections, "HEAD_S", HEAD_S)
    limits = replace(LIMITS, body_s=BODY_S, file_bytes=4 * MIB)
    with listening(create_app(load_settings(home=empty_home), limits=limits), ready=False) as url:
        yield url


@contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    port = int(url.rpartition(":")[2])
    with closing(socket.create_connection(("127.0.0.1", port), 10)) as connection:
        yield connection


def trickle(connection: socket.socket, data: bytes) -> bytes:
    """Send a byte now and then until there is an answer, or nobody listens any more; return it."""
    over = threading.Event()

    def send() -> None:
        for byte in data:
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                return
            if over.wait(0.1):
                return

    sending = threading.Thread(target=send)
    sending.start()
    answer = b""
    try:
        while part := connection.recv(4096):
            answer += part
    except ConnectionResetError:
        pass
    over.set()
    sending.join()
    return answer


def test_a_body_that_trickles_ends_by_a_timeout(url: str) -> None:
    began = time.monotonic()
    with connected(url) as connection:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
        answer = trickle(connection, b"{" * 1000)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer
    assert b"connection: close" in answer.lower()
    assert BODY_S <= time.monotonic() - began < 10


@pytest.mark.parametrize("first", [b"", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"])
def test_a_head_that_trickles_is_hung_up_on(url: str, first: bytes) -> None:
    began = time.monotonic()
    with connected(url) as connection:
        connection.sendall(first)
        answer = trickle(connection, HEAD * 20)
    assert answer.count(b"HTTP/1.1 ") == bool(first)
    assert time.monotonic() - began < 10


def test_two_gigabytes_are_refused_by_their_length(url: str) -> None:
    with connected(url) as connection:
        connection.sendall(HEAD + f"Content-Length: {2 * GIB}\r\n\r\n".encode())
        answer = connection.recv(4096)  # nothing of it was sent
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_two_gigabytes_without_a_length_are_read_as_far_as_permitted(url: str) -> None:
    sent, part = 0, b"%x\r\n" % (64 * 1024) + b" " * 64 * 1024 + b"\r\n"
    with connected(url) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        try:
            while sent < 2 * GIB:
                connection.sendall(part)
                sent += len(part)
        except (ConnectionResetError, BrokenPipeError):
            pass
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert sent < LIMITS.body_bytes + 32 * MIB  # what lay in the buffers of both sides


def test_a_full_disk_is_told_and_the_next_request_answered(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = ("large.jpg", b"\xff\xd8\xff" + b"x" * 2 * MIB)  # is kept on the disk meanwhile
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "disk"))
    with small_disk(tmp_path / "disk", 256):
        full = httpx.post(f"{url}/v1/identify", files={"pictures": picture})
        assert (full.status_code, full.json()["reason"]) == (503, "disk_full")
        assert full.headers["retry-after"] == "60"
        assert httpx.get(f"{url}/v1/runs").status_code == 200
