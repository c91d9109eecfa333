"""A real Milvus server, standalone on loopback, for the tests: the PyPI package `milvus`.

Run as a program it serves a folder on a port until its standard input ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

LOOPBACK = "127.0.0.1"
READY = "ready"
PID_FILE = "/tmp/milvus/server_id_{pid}"  # it has no setting for the folder


class MilvusProcess:
    """A server that can be killed and started again at the same address with the same data."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind((LOOPBACK, 0))
            self._port = free.getsockname()[1]
        self._folder = folder
        self._launcher: subprocess.Popen[str] | None = None
        self._pid = ""

    @property
    def uri(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    def start(self) -> None:
        """Start it and wait until it is healthy."""
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
            pid_file = Path(PID_FILE.format(pid=self._pid))
            pid_file.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # another server's is there
                pid_file.parent.rmdir()


def main() -> None:
    from milvus import MilvusServer, MilvusServerConfig

    class Config(MilvusServerConfig):  # type: ignore[misc]
        def try_bind_port(self, port: int) -> socket.socket | None:
            """Take a port that a server which was killed has just left, too."""
            free = socket.socket()
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                free.bind((LOOPBACK, port))
                free.listen()
            except OSError:
                free.close()
                return None
            return free

    server = MilvusServer(Config(data_dir=sys.argv[1], proxy_port=int(sys.argv[2])))
    server.start()
    sys.stdout.write(f"{READY} {server.server_proc.pid}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
