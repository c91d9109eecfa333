"""Opens Milvus and turns what it refuses into one line that says what to do."""

from __future__ import annotations

import contextlib
import functools
import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import grpc
from milvus_lite.db import LOCK_FILENAME, MilvusLite
from milvus_lite.exceptions import DataDirLockedError, MilvusLiteError
from milvus_lite.server_manager import server_manager_instance
from pydantic import SecretStr

from cratewatch.errors import SettingsError, UnavailableError
from cratewatch.folders import private_folder
from cratewatch.gallery.milvus import MilvusClient, MilvusException
from cratewatch.gallery.names import LITE_SUFFIX, Names
from cratewatch.secret_url import SecretUrl, reveal

CONNECT_TIMEOUT_S = 5.0
CALL_TIMEOUT_S = 60.0
LOAD_TIMEOUT_S = 600.0  # a server reads a whole collection from its store
PATIENCE_S = 30.0
PRESSED_PATIENCE_S = 600.0  # with one that asks us to send slower
PAUSE_S = 0.5
LITE_LOCK = LOCK_FILENAME
"""Within a Milvus Lite file; who has it open holds its lock."""
LEAST_VERSION = (2, 3, 5)  # the oldest that the tests run against
PRESSED = re.compile(r"rate limit|quota|memory.*(exceed|insufficient)", re.IGNORECASE)
P = ParamSpec("P")
Result = TypeVar("Result")

# pymilvus logs a traceback for every error that it also raises.
logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
# Milvus Lite's server logs every call that it does not implement; pymilvus does without them.
logging.getLogger("grpc._server").setLevel(logging.CRITICAL)
logging.getLogger("milvus_lite").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Connection:
    """One tenant's connection to a Milvus.

    Attributes:
        client: pymilvus' own.
        version: Of the server, or of Milvus Lite.
        owner: Id of the catalog whose collections are ours; "" if all are, whosever.
        patience_s: With a server that went away: it may be starting anew.
    """

    client: MilvusClient
    uri: SecretUrl
    version: str
    names: Names = field(default_factory=Names)
    owner: str = ""
    patience_s: float = PATIENCE_S

    @property
    def is_lite(self) -> bool:
        """Whether it is a file that this process alone holds."""
        return is_lite(self.version)


class Connected(Protocol):
    """What has a Milvus behind it."""

    milvus: Connection


@contextlib.contextmanager
def connect(  # noqa: PLR0913
    uri: SecretUrl,
    token: SecretStr | str,
    ca: str,
    names: Names,
    owner: str,
    *,
    patience_s: float = PATIENCE_S,
) -> Iterator[Connection]:
    """Yield a connection to a Milvus.

    Raises:
        SettingsError: if uri is neither a server's address nor the path of a Milvus Lite file, or
            ca is no file.
        UnavailableError: if it cannot be reached, is too old, or another process holds the file.
    """
    try:
        client = _connect(uri, token, ca)
        try:
            yield Connection(client, uri, _version(client, uri), names, owner, patience_s)
        finally:
            client.close()
    finally:
        # Milvus Lite would hold its lock on the file until the process ends.
        server_manager_instance.release_server(reveal(uri))


def explained(
    method: Callable[Concatenate[Any, P], Result],
) -> Callable[Concatenate[Any, P], Result]:
    """Call again while the server is away or pressed; raise UnavailableError for what it refuses.

    Every method may be repeated.
    """

    @functools.wraps(method)
    def call(self: Connected, /, *args: P.args, **kwargs: P.kwargs) -> Result:
        began = time.monotonic()
        while True:
            try:
                return method(self, *args, **kwargs)
            except (MilvusException, grpc.RpcError) as error:
                if time.monotonic() - began > _patience_s(error, self.milvus.patience_s):
                    raise unavailable(self.milvus.uri, error) from error
            time.sleep(PAUSE_S)

    return call


def unavailable(uri: SecretUrl, error: BaseException) -> UnavailableError:
    """Return what Milvus said as an error of ours."""
    return UnavailableError(f"gallery {uri}: {uri.hidden_in(_why_no_answer(error))}")


def _patience_s(error: BaseException, when_away: float) -> float:
    rpc = _rpc_error(error)
    if rpc is not None and rpc.code() == grpc.StatusCode.UNAVAILABLE:
        return when_away
    return PRESSED_PATIENCE_S if rpc is None and PRESSED.search(_said(error)) else -1


def is_missing(error: MilvusException) -> bool:
    """Whether Milvus says that a collection or an alias is not there."""
    return "not exist" in str(error) or "not found" in str(error)


def is_lite(version: str) -> bool:
    """Whether a version is Milvus Lite's."""
    return version.startswith("milvus_lite")


def _version(client: MilvusClient, uri: SecretUrl) -> str:
    """Return the server's version; refuse one that is too old."""
    try:
        version = str(client.get_server_version(timeout=CONNECT_TIMEOUT_S))
    except (MilvusException, grpc.RpcError) as error:
        raise unavailable(uri, error) from error
    numbers = re.search(r"(\d+)\.(\d+)\.(\d+)", version)  # a build of a branch has none
    if numbers and not is_lite(version) and tuple(map(int, numbers.groups())) < LEAST_VERSION:
        needed = ".".join(map(str, LEAST_VERSION))
        raise UnavailableError(
            f"gallery {uri}: Milvus {version} is too old; upgrade the server to {needed} or later, "
            "or set gallery_uri to another"
        )
    return version


def _connect(uri: SecretUrl, token: SecretStr | str, ca: str) -> MilvusClient:
    address = reveal(uri)
    lite = _is_file(uri)
    if ca and not Path(ca).is_file():
        raise SettingsError(f"gallery_ca {ca}: no such file; give the PEM file of a certificate")
    trust = {"server_pem_path": ca} if ca else {}
    try:
        if lite:
            private_folder(Path(address).absolute().parent)
        return MilvusClient(uri=address, token=reveal(token), timeout=CONNECT_TIMEOUT_S, **trust)
    except (MilvusException, grpc.RpcError, OSError, ValueError) as error:  # ValueError: no port
        if lite:
            raise UnavailableError(f"gallery {uri}: {_why_no_file(address)}") from error
        if _rpc_error(error) is None:
            raise SettingsError(
                f"gallery_uri {uri}: {uri.hidden_in(_said(error))}; give an address such as "
                "http://host:19530"
            ) from error
        raise unavailable(uri, error) from error


def file_of(uri: SecretUrl) -> Path | None:
    """Return where a Milvus Lite file lies; None for a server's address."""
    return Path(reveal(uri)) if _is_file(uri) else None


def _is_file(uri: SecretUrl) -> bool:
    """Whether it is the path of a Milvus Lite file, and no address; raise if it is neither."""
    text = reveal(uri)
    if "://" not in text and not text.endswith(LITE_SUFFIX):
        raise SettingsError(
            f"gallery_uri {uri}: neither the path of a Milvus Lite file, which ends in "
            f"{LITE_SUFFIX}, nor a server's address such as http://host:19530"
        )
    address = text.partition("://")[2]
    if "@" in address and "@" not in re.split("[/?#]", address, maxsplit=1)[0]:
        raise SettingsError(
            f"gallery_uri {uri}: / ? and # end a password there; give user and password by "
            "gallery_token, as USER:PASSWORD"
        )
    return "://" not in text


def _why_no_file(path: str) -> str:
    """Open the file once more without pymilvus, which keeps the reason to itself."""
    try:
        MilvusLite(path).close()
    except DataDirLockedError:
        return (
            "another process holds it, and a Milvus Lite file serves one process at a time; wait "
            "for the other cratewatch to end, or set gallery_uri to a Milvus server"
        )
    except (MilvusLiteError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        return f"cannot be opened ({reason}); see to its disk and permissions, or gallery_uri"
    return "did not start; run the same command again"


def _why_no_answer(error: BaseException) -> str:
    """Return what a call's error means and what to do, in one line."""
    rpc = _rpc_error(error)
    if rpc is None:
        return f"{_said(error)}; see to Milvus and its disk, then run the same command again"
    code = rpc.code()
    details = str(rpc.details()).rpartition("last error: ")[2]
    if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
        return f"the server refuses us ({details}); check gallery_token"
    if code == grpc.StatusCode.DEADLINE_EXCEEDED:
        return "it does not answer in time; see to the server, then run the same command again"
    return (
        f"no Milvus answers there ({details}); check gallery_uri and that the server "
        "runs, then run the same command again"
    )


def _said(error: BaseException) -> str:
    return " ".join(str(getattr(error, "message", error)).split())


def _rpc_error(error: BaseException | None) -> Any:
    """Return the gRPC error behind pymilvus' own, or None; its `raise e from e` hides causes."""
    while error is not None and not isinstance(error, grpc.RpcError):
        error = error.__context__
    return error
