"""Servers that all tests of a run share, also over the processes of pytest-xdist.

The process in which pytest was started keeps them: it starts each when a test first asks for it,
and ends them with the run. Who asks says a name to its desk, and gets the server's address.
"""

from __future__ import annotations

import os
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.milvus_server import MilvusProcess
from tests.postgres_server import PostgresServer, programs

Start = Callable[[Path, ExitStack], str]
HOME_OF_PREFECT = "shop?a#b%41[c] \u00e9"


def _start_milvus(folder: Path, ends: ExitStack) -> str:
    server = MilvusProcess(folder)
    ends.callback(server.kill)
    server.start()
    return server.uri


def _start_postgres(folder: Path, ends: ExitStack) -> str:
    if programs() is None:
        return ""
    server = PostgresServer(folder)
    ends.callback(server.stop)
    server.start()
    return str(server.address.port)


def _start_s3(folder: Path, ends: ExitStack) -> str:
    return _start_program("s3_server.py", folder, ends)


def _start_prefect(folder: Path, ends: ExitStack) -> str:
    """Start it with all that flows/test_prefect_server.py looks for: one start takes 25 CPU s."""
    scripts = folder / "scripts"
    scripts.mkdir()
    (scripts / "random.py").write_text("raise SystemExit('the user's own')\n")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    home = folder / HOME_OF_PREFECT
    return _start_program("prefect_program.py", home, ends, cwd=scripts, env=environment)


def _start_program(name: str, folder: Path, ends: ExitStack, **options: Any) -> str:
    """Start a program that prints its URL and ends with its standard input."""
    server = subprocess.Popen(
        [sys.executable, "-P", str(Path(__file__).with_name(name)), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C ends the tests first
        **options,
    )
    ends.enter_context(server)
    assert server.stdin is not None
    assert server.stdout is not None
    ends.callback(server.stdin.close)
    url: str = server.stdout.readline().strip()
    assert url, f"{name} did not start"
    return url


STARTS: dict[str, Start] = {
    "milvus": _start_milvus,
    "postgres": _start_postgres,
    "prefect": _start_prefect,
    "s3": _start_s3,
}


class Desk:
    """Where the servers of a run are asked for."""

    def __init__(self) -> None:
        self._ends = ExitStack()
        # Not below pytest's own folder, which only its owner may enter.
        folder = tempfile.TemporaryDirectory(prefix="cratewatch-tests-", ignore_cleanup_errors=True)
        self._folder = Path(self._ends.enter_context(folder))
        self._folder.chmod(0o755)
        self._addresses: dict[str, str] = {}
        self._locks = {name: threading.Lock() for name in STARTS}
        self.address = str(self._folder / "desk")
        self._answers = _Answers(self.address, self.find)
        threading.Thread(target=self._answers.serve_forever, args=(0.05,), daemon=True).start()

    def find(self, name: str) -> str:
        """Return the address of a server, which runs then."""
        with self._locks[name]:
            if name not in self._addresses:
                folder = self._folder / name
                folder.mkdir()
                self._addresses[name] = STARTS[name](folder, self._ends)
            return self._addresses[name]

    def close(self) -> None:
        """End the servers."""
        self._answers.shutdown()
        self._answers.server_close()
        self._ends.close()


class _Answers(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, path: str, find: Callable[[str], str]) -> None:
        super().__init__(path, _Answer)
        self.find = find


class _Answer(socketserver.StreamRequestHandler):
    server: _Answers

    def handle(self) -> None:
        name = self.rfile.readline().decode().strip()
        self.wfile.write(f"{self.server.find(name)}\n".encode())


def ask(desk: str, name: str) -> str:
    """Return the address of a server from the desk at a path."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(desk)
        client.sendall(f"{name}\n".encode())
        with client.makefile() as answer:
            said = answer.readline()
    if not said:
        pytest.fail(f"{name} did not start; the reason stands in pytest's own output")
    return said.strip()
