"""A real Milvus server, standalone on loopback, for the tests: the PyPI package `milvus`.

Run as a program it serves a folder on a port until its standard input ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
READY = "ready"
STARTING = Path(tempfile.gettempdir()) / "cratewatch-milvus-starting"
PID_FILE = "/tmp/milvus/server_id_{pid}"  # it has no setting for the folder


# Its etcd would listen for peers at 2380, where another server's may.
ETCD = """name: default
listen-client-urls: http://localhost:{clients}
advertise-client-urls: http://localhost:{clients}
listen-peer-urls: http://localhost:{peers}
initial-advertise-peer-urls: http://localhost:{peers}
initial-cluster: default=http://localhost:{peers}
"""


@dataclass(frozen=True)
class Milvus:
    """A server that runs."""

    uri: str


class MilvusProcess:
    """A server that can be killed and started again at the same address with the same data."""

    def __init__(self, folder: Path) -> None:
        self._port = _free_port()
        self._folder = folder
        self._launcher: subprocess.Popen[str] | None = None
        self._pid = ""

    @property
    def uri(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def pid(self) -> int:
        """Of the server, while it runs."""
        return int(self._pid)

    def start(self) -> None:
        """Start it and wait until it is healthy.

        One server starts at a time: it looks for free ports long before it takes them.
        """
        with STARTING.open("w") as alone:
            fcntl.flock(alone, fcntl.LOCK_EX)
            self._start()

    def _start(self) -> None:
        self._launcher = subprocess.Popen(
            [sys.executable, __file__, str(self._folder), str(self._port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._launcher.stdout is not None
        ready, _, self._pid = self._launcher.stdout.readline().strip().partition(" ")
        assert ready == READY, "Milvus did not start"

    def kill(self) -> None:
        """End server and launcher as a power cut would; a SIGTERM may take it minutes."""
        if self._launcher is not None:
            os.killpg(self._launcher.pid, signal.SIGKILL)
            with self._launcher:
                self._launcher = None
            # Until the last of its threads has ended it keeps its port, which the next one wants.
            began = time.monotonic()
            while (free := _bound(self._port)) is None:
                assert time.monotonic() - began < 60, "a server that was killed goes on"
                time.sleep(0.05)
            free.close()
            pid_file = Path(PID_FILE.format(pid=self._pid))
            pid_file.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # another server's is there
                pid_file.parent.rmdir()


def _bound(port: int) -> socket.socket | None:
    """Take a port, also one that a server which was killed has just left; None if it is taken."""
    free = socket.socket()
    free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        free.bind((LOOPBACK, port))
        free.listen()
    except OSError:
        free.close()
        return None
    return free


def _free_port() -> int:
    """Return a port below those that connections are given: none is to have it between starts."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with contextlib.suppress(OSError), socket.socket() as free:
            free.bind((LOOPBACK, port))
            return port


def main() -> None:
    from milvus import MilvusServer, MilvusServerConfig

    class Config(MilvusServerConfig):  # type: ignore[misc]
        def try_bind_port(self, port: int) -> socket.socket | None:
            return _bound(port)

    folder, port, etcd_port = Path(sys.argv[1]), int(sys.argv[2]), _free_port()
    folder.mkdir(parents=True, exist_ok=True)
    etcd = folder / "etcd.yaml"
    etcd.write_text(ETCD.format(clients=etcd_port, peers=_free_port()))
    os.environ["ETCD_CONFIG_PATH"] = str(etcd)
    server = MilvusServer(Config(data_dir=str(folder), proxy_port=port, etcd_port=etcd_port))
    server.start()
    sys.stdout.write(f"{READY} {server.server_proc.pid}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
