"""A Prefect server of our own for the duration of a command.

Unlike Prefect's ephemeral one it outlives a Ctrl-C by as long as the command needs it, ends with a
command that is killed, and has a schedule.

Run as a program it is that server. Imports no Prefect itself: where the server listens must stand
in the environment before Prefect is imported.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import uvicorn

from cratewatch.errors import CratewatchError
from cratewatch.folders import private_folder
from cratewatch.secret_url import SecretUrl, reveal

READY = "ready"
STOP_GRACE_S = 10.0
ANSWER_S = 10.0


@contextlib.contextmanager
def prefect_server(home: Path, database: str = "prefect.db") -> Iterator[Callable[[], None]]:
    """Run a server on a free loopback port for the duration of the block.

    PREFECT_API_URL then names it. If the variable is set already, that server is used and none
    is started. The block gets a function that waits until the server is ready, so that it can
    import the flows meanwhile. If the server ends after that and before the block, this process
    gets a SIGTERM.

    Args:
        database: Name of its SQLite file in PREFECT_HOME; servers of one file wait for each
            other's locks.

    Raises:
        CratewatchError: if it does not start, ends too early or fails in the block, with its log;
            if the one that the variable names does not answer or fails.
    """
    if url := SecretUrl(os.environ.get("PREFECT_API_URL", "")):
        with _failures_explained(f"look after the server at {url}"):
            yield lambda: _look_for(url)
        return
    log_path = home / "logs" / "prefect-server.log"
    private_folder(log_path.parent)
    with contextlib.ExitStack() as stack:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ours = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
            stack.enter_context(
                _environment(PREFECT_API_URL=ours, PREFECT_API_AUTH_STRING=_password())
            )
            child = stack.enter_context(_start(listener, log_path, database))
        stack.enter_context(_ended_afterwards(child))
        stack.enter_context(_failures_explained(f"see {log_path}, and that its disk has room"))

        def await_ready() -> None:
            _await_ready(child, log_path)
            stack.enter_context(_needed(child, log_path))

        yield await_ready


def _password() -> str:
    """Return user and password of the server: who speaks to it has it run code.

    Without one every user of this machine could.
    """
    return os.environ.get("PREFECT_API_AUTH_STRING") or f"cratewatch:{secrets.token_urlsafe(32)}"


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Have variables in the environment for the block, for children as well."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _failures_explained(remedy: str) -> Iterator[None]:
    """Turn what Prefect's client raises when the server fails, as on a full disk, into a line."""
    try:
        yield
    except httpx.HTTPError as error:
        raise CratewatchError(
            f"prefect: its server failed ({_said(error)}); {remedy}, then run the "
            "same command again"
        ) from error


def _said(error: httpx.HTTPError) -> str:
    """Return the first line of an error, without Prefect's hint at what its code means."""
    return str(error).partition("\n")[0].partition(" for url ")[0]


def _look_for(url: SecretUrl) -> None:
    try:
        httpx.get(f"{reveal(url)}/health", timeout=ANSWER_S)  # what it refuses is Prefect's to say
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CratewatchError(
            f"prefect: {url} does not answer ({url.hidden_in(error)}); check PREFECT_API_URL"
        ) from error


def _start(listener: socket.socket, log_path: Path, database: str) -> subprocess.Popen[bytes]:
    with log_path.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "flows.prefect_server", str(listener.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            pass_fds=[listener.fileno()],
            start_new_session=True,  # Ctrl-C in a terminal ends the runs first, then the server
            env=os.environ | _settings_of_server(database),
        )


@contextlib.contextmanager
def _ended_afterwards(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """End the child after the block by ending its standard input."""
    assert child.stdin is not None
    try:
        yield
    finally:
        child.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(STOP_GRACE_S)
        child.kill()


def _await_ready(child: subprocess.Popen[bytes], log_path: Path) -> None:
    assert child.stdout is not None
    if child.stdout.readline().decode().strip() != READY:
        raise CratewatchError(
            f"prefect: its server did not start (exit code {child.wait()}); see {log_path}"
        )


@contextlib.contextmanager
def _needed(child: subprocess.Popen[bytes], log_path: Path) -> Iterator[None]:
    """Tell this process to stop if the child ends before the block, and say so."""
    over = threading.Event()

    def watch() -> None:
        child.wait()
        if not over.is_set():
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()
        if child.poll() is not None:
            raise CratewatchError(
                f"prefect: its server ended (exit code {child.returncode}), and the command with "
                f"it; see {log_path} and run the same command again"
            )


def _settings_of_server(database: str) -> dict[str, str]:
    file = Path(os.environ["PREFECT_HOME"]).absolute() / database
    return {
        "PYTHONSAFEPATH": "1",  # the user's own random.py is none of this program's
        # As SQLite's own URI: a folder's name may hold what would end a path in a URL.
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{file.as_uri()}?uri=true",
        "PREFECT_SERVER_API_AUTH_STRING": os.environ["PREFECT_API_AUTH_STRING"],
        "PREFECT_SERVER_UI_ENABLED": "false",
        "PREFECT__SERVER_FINAL": "1",
    }


class _Server(uvicorn.Server):
    """Says when it is ready, and ends with its parent."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(f"{READY}\n")
            sys.stdout.flush()
            threading.Thread(target=self._end_with_parent, daemon=True).start()

    def _end_with_parent(self) -> None:
        sys.stdin.buffer.read()
        self.should_exit = True


def main() -> None:
    """Serve on the listening socket whose descriptor is the first argument."""
    config = uvicorn.Config(
        "prefect.server.api.server:create_app",
        factory=True,
        log_level="error",
        lifespan="on",
        timeout_graceful_shutdown=2,
    )
    _Server(config).run([socket.socket(fileno=int(sys.argv[1]))])


if __name__ == "__main__":
    main()
