"""Processes that are forked from one that has imported what they need: an import takes seconds.

Run as a program it is that process; see serve(). A fork has streams, environment, folder and exit
code of its own, as a process that was started anew, but not its name among the processes.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import pkgutil
import random
import signal
import socket
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NoReturn

MODULES = ("scrapers.crawl", "scrapers.probe")
LATER = ("scrapy.core.downloader.handlers.http11", "sqlalchemy.dialects.sqlite")
LONGEST = 1 << 20
"""Bytes of what is asked for, most of it the environment."""


class Forked:
    """What subprocess.Popen is of one of MODULES, as far as scrapers.launch knows it."""

    def __init__(
        self, module: str, env: dict[str, str], stderr: IO[bytes] | None, encoding: str
    ) -> None:
        theirs_in, mine_in = os.pipe()
        mine_out, theirs_out = os.pipe()
        self._told, tells = socket.socketpair()
        asked = json.dumps({"module": module, "env": env, "cwd": str(Path.cwd())})
        streams = [theirs_in, theirs_out, 2 if stderr is None else stderr.fileno()]
        socket.send_fds(_parent(), [asked.encode()], [*streams, tells.fileno()])
        tells.close()
        os.close(theirs_in)
        os.close(theirs_out)
        self.stdin = os.fdopen(mine_in, "w", encoding=encoding)
        self.stdout = os.fdopen(mine_out, encoding=encoding)
        self.returncode: int | None = None
        self.pid = int(self._read())

    def __enter__(self) -> Forked:
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()
        self.wait()
        self._told.close()

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code; raise subprocess.TimeoutExpired if it goes on."""
        if self.returncode is None:
            self._told.settimeout(timeout)
            try:
                self.returncode = int(self._read())
            except TimeoutError as error:
                raise subprocess.TimeoutExpired("a fork", timeout or 0.0) from error
        return self.returncode

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0.0001)
        if self.returncode is None:
            os.kill(self.pid, number)

    def _read(self) -> bytes:
        """Return what the process that keeps it says next, a number of ten characters."""
        said = self._told.recv(10, socket.MSG_WAITALL)
        assert said, "the process that forks has ended"
        return said


class Subprocess:
    """Stands in for the module subprocess where scrapers.launch uses it."""

    PIPE, TimeoutExpired = subprocess.PIPE, subprocess.TimeoutExpired

    def __init__(self) -> None:
        self._path = os.environ.get("PYTHONPATH")

    def Popen(self, command: list[str], **options: Any) -> Any:  # noqa: N802  as it is called there
        """Fork, or start what would import other modules."""
        if command[-1] not in MODULES or os.environ.get("PYTHONPATH") != self._path:
            return subprocess.Popen(command, **options)
        return Forked(command[-1], options["env"], options["stderr"], options["encoding"])


def close() -> None:
    """End the process that forks."""
    if _parent.cache_info().currsize:
        _parent().close()
        _parent.cache_clear()


@functools.cache
def _parent() -> socket.socket:
    """Return how the process that forks is asked; it ends when that is closed."""
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    mine.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LONGEST)
    with its:
        command = [sys.executable, "-m", "tests.forks", str(its.fileno())]
        subprocess.Popen(command, pass_fds=[its.fileno()], cwd=Path(__file__).parents[1])
    return mine


def serve(asked: socket.socket) -> None:
    """Fork as often as one asks, until nobody can ask any more."""
    _import_ahead()
    signal.signal(signal.SIGCHLD, _bury)
    while True:
        said, descriptors, *_ = socket.recv_fds(asked, LONGEST, 4)
        if not said:
            return
        if os.fork() == 0:
            asked.close()
            _keep(json.loads(said), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _import_ahead() -> None:
    """Import what a crawl imports, also on its way, but the reactor, of which each has its own."""
    import scrapers

    for module in pkgutil.walk_packages(scrapers.__path__, "scrapers."):
        import_module(module.name)
    for module_name in LATER:
        import_module(module_name)
    from scrapy.settings import default_settings
    from scrapy.utils.misc import load_object

    for name, value in vars(default_settings).items():
        for path in value if name.endswith("_BASE") else [value]:
            if isinstance(path, str) and path.startswith("scrapy."):
                load_object(path)


def _bury(*_: object) -> None:
    """Let those who kept a fork be gone."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _keep(job: dict[str, Any], descriptors: list[int]) -> NoReturn:
    """Fork once more, tell the id of the fork and at last how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, tells = descriptors
    fork = os.fork()
    if fork == 0:
        os.close(tells)
        _become(job, streams)
    for descriptor in (0, 1, *streams):
        os.close(descriptor)
    with contextlib.suppress(BrokenPipeError):
        os.write(tells, b"%10d" % fork)
        _, status = os.waitpid(fork, 0)
        os.write(tells, b"%10d" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _become(job: dict[str, Any], streams: list[int]) -> NoReturn:
    """Be the process that was asked for, to its end."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["env"])
    random.seed()
    sys.exit(import_module(job["module"]).main())


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as asked_by:
        serve(asked_by)
