"""Connects to a Ray cluster, or runs one inside this process and leaves nothing behind."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import ray
from ray._private import ray_constants
from ray.exceptions import RayError, RayTaskError
from ray.job_config import JobConfig
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from cratewatch.errors import CratewatchError
from cratewatch.folders import private_folder
from cratewatch.settings import LOCAL_RAY
from workers.ray_words import words_of_ray

LINK_PREFIX = "cratewatch-ray-"
# Ray puts sockets below its folder, under names of up to 62 bytes; their paths end at 107.
MAX_FOLDER_LENGTH = 107 - 62
PLAIN_PATH = re.compile(r"[\w./-]+", re.ASCII)
START_ATTEMPTS = 3
SIGNALS_EVERY_S = 1.0
CLIENT_SCHEME = "ray://"
BAD_TOKEN = ("InvalidAuthToken", "Unauthenticated", "UNAUTHENTICATED")
ANSWER_S = 10.0
"""For a connection to a cluster's head to be made."""


@contextlib.contextmanager
def ray_cluster(address: str, state: Path) -> Iterator[None]:
    """Connect to the cluster at address for the duration of the block.

    Args:
        address: A Ray address, or "local" for a cluster of this process's own.
        state: Folder that receives the logs and sockets of a local cluster.

    Raises:
        CratewatchError: The cluster cannot be reached or does not start.
    """
    if ray.is_initialized():
        yield
        return
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # its new default
    with contextlib.ExitStack() as stack:
        options: dict[str, Any] = {"address": address, "logging_level": logging.ERROR}
        if os.environ.get("PYTHONSAFEPATH") and not address.startswith(CLIENT_SCHEME):
            options["job_config"] = _InstalledModules()
        if address == LOCAL_RAY:
            _keep_to_loopback()
            folder = stack.enter_context(_short_path(state))
            # Without a token in the environment Ray writes one to ~/.ray.
            os.environ.setdefault("RAY_AUTH_TOKEN", _token())
            options |= {"include_dashboard": False, "_temp_dir": folder}
            stack.callback(_end_leftovers, folder)
        on_terminate = signal.getsignal(signal.SIGTERM)
        stack.callback(ray.shutdown)
        _connect(options, state)
        signal.signal(signal.SIGTERM, on_terminate)  # Ray sets one that just exits
        yield


@cache
def _token() -> str:
    """Return the token of this process's clusters: Ray's core goes on with the first it is told."""
    return secrets.token_hex(32)


def _keep_to_loopback() -> None:
    """Have a cluster of this process's own listen on loopback alone, and gather no metrics.

    By default its services listen to the whole network. Ray itself has this way for systems whose
    firewall would ask (ray-project/ray#18730), and no public switch for it.
    """
    os.environ[ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR] = "0"
    os.environ["RAY_enable_metrics_collection"] = "0"  # noqa: SIM112  as Ray spells it
    ray_constants.ENABLE_RAY_CLUSTER = False


class _InstalledModules(JobConfig):
    """A job whose workers do not import from the folder that the user is in.

    Ray puts that folder first on their path (2.60), whatever PYTHONSAFEPATH says.
    """

    def _serialize(self) -> str:
        self._py_driver_sys_path.clear()
        return super()._serialize()


def _connect(options: dict[str, Any], state: Path) -> None:
    """Connect to Ray; a local cluster that does not start in time gets further attempts."""
    local = options["address"] == LOCAL_RAY
    _require_answer(options["address"])
    attempts = START_ATTEMPTS if local else 1
    while not ray.is_initialized():
        attempts -= 1
        with words_of_ray() as said:
            try:
                ray.init(**options, log_to_driver=False)
            except Exception as error:  # what Ray raises when a busy machine starts it too slowly
                if not attempts:
                    raise _refusal(options["address"], state, error, said()) from error
                ray.shutdown()
                _end_leftovers(options["_temp_dir"])


def _refusal(address: str, state: Path, error: Exception, said: str) -> CratewatchError:
    """Return what a failed connection means, by its error and what Ray's core said before it."""
    if any(word in f"{error} {said}" for word in BAD_TOKEN):
        return CratewatchError(
            f"ray: the cluster at {address!r} does not take this token; set RAY_AUTH_MODE=token "
            "and RAY_AUTH_TOKEN to what its head was started with"
        )
    where = f"the logs in {state}" if address == LOCAL_RAY else "CRATEWATCH_RAY_ADDRESS"
    reason = str(error).splitlines()[0]
    return CratewatchError(f"ray: cannot connect to {address!r}: {reason}; see {where}")


def _require_answer(address: str) -> None:
    """Raise CratewatchError at once where nothing listens: Ray would try for minutes, aloud."""
    host, _, port = address.removeprefix(CLIENT_SCHEME).rpartition(":")
    if not (host and port.isdigit()):  # "local", "auto", or what Ray itself refuses
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise CratewatchError(
            f"ray: nothing answers at {address!r}: {error}; start the cluster, or correct "
            "ray_address (CRATEWATCH_RAY_ADDRESS)"
        ) from error


def _end_leftovers(folder: str) -> None:
    """End the processes of a start that failed, which Ray itself forgets."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if any(folder in argument for argument in process.cmdline()):
                process.kill()


@contextlib.contextmanager
def _short_path(folder: Path) -> Iterator[str]:
    """Yield a path to folder that Ray can take: itself or a temporary link.

    It leaves room for socket names and has no characters but plain ones: Ray fails at an é.
    """
    path = str(folder.absolute())
    private_folder(folder.absolute())
    if len(path) <= MAX_FOLDER_LENGTH and PLAIN_PATH.fullmatch(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix=LINK_PREFIX, dir="/tmp") as parent:
        link = Path(parent) / "ray"
        link.symlink_to(folder.absolute())
        yield str(link)


def cpus() -> int:
    """Return the CPUs of the cluster, at least 1."""
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return max(1, int(resources.get("CPU", 1)))


def node_resources() -> list[dict[str, float]]:
    """Return what each node of the cluster has, such as {"CPU": 16.0, "GPU": 1.0}."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]


def node_cpus() -> int:
    """Return the CPUs of the cluster's largest node: what one actor can have."""
    return max(1, *(int(resources.get("CPU", 1)) for resources in node_resources()))


def result(reference: ray.ObjectRef[Any]) -> Any:
    """Return what a task returned; its CratewatchError is raised as it was raised there."""
    _wait([reference])
    try:
        return ray.get(reference)
    except RayTaskError as error:
        if isinstance(error.cause, CratewatchError):
            raise error.cause from None
        raise
    except RayError as error:  # a worker or a node died
        raise CratewatchError(
            f"ray: {type(error).__name__}: {str(error).splitlines()[0]}; see the logs of Ray, "
            "and run the same command again"
        ) from error


def run_bounded(
    submit: Callable[[Any], ray.ObjectRef[Any]], items: Iterable[Any], limit: int
) -> Iterator[Any]:
    """Yield the results of submit(item) as they finish, at most limit under way at once."""
    pending: list[ray.ObjectRef[Any]] = []
    for item in items:
        if len(pending) >= limit:
            done, pending = _wait(pending)
            yield result(done)
        pending.append(submit(item))
    while pending:
        done, pending = _wait(pending)
        yield result(done)


def _wait(
    pending: list[ray.ObjectRef[Any]],
) -> tuple[ray.ObjectRef[Any], list[ray.ObjectRef[Any]]]:
    """Return the first that is done, and the others; a signal ends the wait.

    Of what signal handlers raise Ray knows KeyboardInterrupt only. Anything else, such as what
    Prefect's own handler of SIGTERM raises, it tells as a SystemError and once its wait is over.
    """
    while True:
        done, rest = _wait_a_moment(pending)
        if done:
            return done[0], rest


def first_done(
    pending: Sequence[ray.ObjectRef[Any]], within_s: float | None
) -> ray.ObjectRef[Any] | None:
    """Return the first that is done, or None if none is within a time; a signal ends the wait."""
    start = time.monotonic()
    while within_s is None or time.monotonic() - start < within_s:
        if done := _wait_a_moment(pending)[0]:
            return done[0]
    return None


def _wait_a_moment(
    pending: Sequence[ray.ObjectRef[Any]],
) -> tuple[list[ray.ObjectRef[Any]], list[ray.ObjectRef[Any]]]:
    try:
        return ray.wait(list(pending), num_returns=1, timeout=SIGNALS_EVERY_S)
    except SystemError as error:
        raise error.__cause__ or error from None


@dataclass(frozen=True)
class Workers:
    """Equal workers of one job.

    Attributes:
        cpus_each: CPUs that each of them reserves.
        gpu: Whether each has a GPU of its own.
    """

    count: int
    cpus_each: int
    gpu: bool


def fit_workers(count: int, *, gpu: bool | None = None) -> Workers:
    """Fit workers onto the cluster's nodes with as many CPUs each as all can have.

    Args:
        count: Of workers; 0 for one on each GPU, or a single one on CPUs.
        gpu: None takes GPUs where the cluster has any.

    Raises:
        CratewatchError: if they do not fit: Ray would wait for resources for ever.
    """
    nodes = node_resources()
    gpus = sum(int(node.get("GPU", 0)) for node in nodes)
    if gpu and not gpus:
        raise CratewatchError(
            "the Ray cluster has no GPU, and one was asked for (--gpu, or --device cuda); leave "
            "that out to work on CPUs"
        )
    gpu = gpus > 0 if gpu is None else gpu
    count = count or (gpus if gpu else 1)
    if gpu and count > gpus:
        raise CratewatchError(
            f"--workers: {count} workers need a GPU each, the Ray cluster has {gpus}; "
            "ask for fewer, or add --no-gpu"
        )
    cpus_each = max(int(node.get("CPU", 0)) for node in nodes)
    while cpus_each and sum(_places(node, cpus_each, gpu=gpu) for node in nodes) < count:
        cpus_each -= 1
    if not cpus_each:
        raise CratewatchError(
            f"--workers: {count} workers do not fit the Ray cluster of {cpus()} CPUs on "
            f"{len(nodes)} nodes; ask for fewer"
        )
    return Workers(count, cpus_each, gpu)


def fits(workers: Workers) -> bool:
    """Return whether the cluster's living nodes have room for the workers, were they idle."""
    nodes = node_resources()
    places = sum(_places(node, workers.cpus_each, gpu=workers.gpu) for node in nodes)
    return places >= workers.count


def beside_driver() -> NodeAffinitySchedulingStrategy:
    """Return where an actor dies with no other node than that of this process."""
    node_id = ray.get_runtime_context().get_node_id()
    return NodeAffinitySchedulingStrategy(node_id, soft=False)


def _places(node: Mapping[str, float], cpus_each: int, *, gpu: bool) -> int:
    """Return how many workers find room on a node."""
    places = int(node.get("CPU", 0)) // cpus_each
    return min(places, int(node.get("GPU", 0))) if gpu else places
