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
from milvus_lite.db import MilvusLite
from milvus_lite.exceptions import DataDirLockedError, MilvusLiteError
from milvus_lite.server_manager import server_manager_instance

from cratewatch.errors import SettingsError, UnavailableError
from cratewatch.folders import private_folder
from cratewatch.gallery.milvus import MilvusClient, MilvusException
from cratewatch.gallery.names import Names

LITE_SUFFIX = ".db"
CONNECT_TIMEOUT_S = 5.0
CALL_TIMEOUT_S = 60.0
LOAD_TIMEOUT_S = 600.0  # a server reads a whole collection from its store
PATIENCE_S = 30.0  # with a server that went away: it may be starting anew
PRESSED_PATIENCE_S = 600.0  # with one that asks us to send slower
PAUSE_S = 0.5
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
        uri: Free of credentials, for messages.
        version: Of the server, or of Milvus Lite.
        owner: Id of the catalog whose collections are ours; "" if all are, whosever.
    """

    client: MilvusClient
    uri: str
    version: str
    names: Names = field(default_factory=Names)
    owner: str = ""

    @property
    def is_lite(self) -> bool:
        """Whether it is a file that this process alone holds."""
        return is_lite(self.version)


class Connected(Protocol):
    """What has a Milvus behind it."""

    milvus: Connection


@contextlib.contextmanager
def connect(uri: str, token: str, ca: str, names: Names, owner: str) -> Iterator[Connection]:
    """Yield a connection to a Milvus.

    Raises:
        SettingsError: if uri is neither a server's address nor the path of a Milvus Lite file, or
            ca is no file.
        UnavailableError: if it cannot be reached, is too old, or another process holds the file.
    """
    try:
        client = _connect(uri, token, ca)
        try:
            version = _version(client, uri)
            yield Connection(client, without_credentials(uri), version, names, owner)
        finally:
            client.close()
    finally:
        # Milvus Lite would hold its lock on the file until the process ends.
        server_manager_instance.release_server(uri)


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
                if time.monotonic() - began > _patience_s(error):
                    raise unavailable(self.milvus, error) from error
            time.sleep(PAUSE_S)

    return call


def unavailable(milvus: Connection, error: BaseException) -> UnavailableError:
    """Return what Milvus said as an error of ours."""
    return UnavailableError(f"gallery {milvus.uri}: {why_no_answer(error)}")


def _patience_s(error: BaseException) -> float:
    rpc = _rpc_error(error)
    if rpc is not None and rpc.code() == grpc.StatusCode.UNAVAILABLE:
        return PATIENCE_S
    return PRESSED_PATIENCE_S if rpc is None and PRESSED.search(_said(error)) else -1


def without_credentials(uri: str) -> str:
    """Return a URI that may be shown."""
    return re.sub(r"//[^/@]*@", "//", uri)


def is_missing(error: MilvusException) -> bool:
    """Whether Milvus says that a collection or an alias is not there."""
    return "not exist" in str(error) or "not found" in str(error)


def is_lite(version: str) -> bool:
    """Whether a version is Milvus Lite's."""
    return version.startswith("milvus_lite")


def _version(client: MilvusClient, uri: str) -> str:
    """Return the server's version; refuse one that is too old."""
    try:
        version = str(client.get_server_version(timeout=CONNECT_TIMEOUT_S))
    except (MilvusException, grpc.RpcError) as error:
        shown = without_credentials(uri)
        raise UnavailableError(f"gallery {shown}: {why_no_answer(error)}") from error
    numbers = re.search(r"(\d+)\.(\d+)\.(\d+)", version)  # a build of a branch has none
    if numbers and not is_lite(version) and tuple(map(int, numbers.groups())) < LEAST_VERSION:
        needed = ".".join(map(str, LEAST_VERSION))
        raise UnavailableError(
            f"gallery {without_credentials(uri)}: Milvus {version} is too old; upgrade the server "
            f"to {needed} or later, or set gallery_uri to another"
        )
    return version


def _connect(uri: str, token: str, ca: str) -> MilvusClient:
    is_file = "://" not in uri
    if is_file and not uri.endswith(LITE_SUFFIX):
        raise SettingsError(
            f"gallery_uri {uri}: neither the path of a Milvus Lite file, which ends in "
            f"{LITE_SUFFIX}, nor a server's address such as http://host:19530"
        )
    if ca and not Path(ca).is_file():
        raise SettingsError(f"gallery_ca {ca}: no such file; give the PEM file of a certificate")
    trust = {"server_pem_path": ca} if ca else {}
    try:
        if is_file:
            private_folder(Path(uri).absolute().parent)
        return MilvusClient(uri=uri, token=token, timeout=CONNECT_TIMEOUT_S, **trust)
    except (MilvusException, grpc.RpcError, OSError, ValueError) as error:  # ValueError: no port
        shown = without_credentials(uri)
        if is_file:
            raise UnavailableError(f"gallery {shown}: {_why_no_file(uri)}") from error
        if _rpc_error(error) is None:
            raise SettingsError(
                f"gallery_uri {shown}: {_said(error)}; give an address such as http://host:19530"
            ) from error
        raise UnavailableError(f"gallery {shown}: {why_no_answer(error)}") from error


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


def why_no_answer(error: BaseException) -> str:
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
