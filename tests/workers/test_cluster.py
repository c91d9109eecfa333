import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import psutil
import pytest
import ray
from ray.core.generated import common_pb2

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.settings import LOCAL_RAY
from workers import cluster


@ray.remote(num_cpus=0)
def _fail() -> None:
    raise NotFoundError("cover x is gone")


@ray.remote(num_cpus=0)
def _square(number: int) -> int:
    return number * number


@pytest.mark.usefixtures("ray_cluster")
def test_results_come_back_and_errors_stay_what_they_are() -> None:
    squares = cluster.run_bounded(lambda n: _square.remote(n), range(10), limit=3)
    assert sorted(squares) == [n * n for n in range(10)]
    with pytest.raises(NotFoundError, match=r"^cover x is gone$"):
        cluster.result(_fail.remote())


@pytest.mark.usefixtures("ray_cluster")
def test_a_cluster_of_ones_own_listens_to_this_machine_alone() -> None:
    ray.get(_square.remote(2))
    here = psutil.Process()
    listening = set[str]()
    for process in (here, *here.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
            if process is here or "ray" in " ".join(process.cmdline()):
                connections = process.net_connections("inet")
                listening |= {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}
    assert listening
    assert all(ip_address(ip.removeprefix("::ffff:")).is_loopback for ip in listening)


def test_clusters_of_a_process_have_one_token(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started, tokens = [False], []

    def init(**_: Any) -> None:
        started[0] = True
        tokens.append(os.environ["RAY_AUTH_TOKEN"])

    monkeypatch.setattr(ray, "is_initialized", lambda: started[0])
    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    for _ in range(2):
        started[0] = False
        monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
        with cluster.ray_cluster(LOCAL_RAY, tmp_path):
            pass
    assert tokens[0] == tokens[1]


@pytest.mark.usefixtures("ray_cluster")
def test_submission_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    under_way: list[int] = []
    real_wait = ray.wait

    def wait(pending: list[Any], **options: Any) -> object:
        under_way.append(len(pending))
        return real_wait(pending, **options)

    monkeypatch.setattr(ray, "wait", wait)
    list(cluster.run_bounded(lambda n: _square.remote(n), range(20), limit=4))
    assert max(under_way) == 4


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "ray://127.0.0.1:{}", "[::1]:{}"])
def test_an_address_where_nothing_listens_is_one_line_at_once(
    address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    monkeypatch.setattr(ray, "init", lambda **_: pytest.fail("Ray was asked"))
    at = re.escape(address.format(port))
    with (
        pytest.raises(CratewatchError, match=f"^ray: nothing answers at '{at}': .*ray_address"),
        cluster.ray_cluster(address.format(port), tmp_path),
    ):
        pass


class Told(BaseException):
    """What a signal's handler raises, as Prefect's does."""


@ray.remote(num_cpus=0)
def _sleep() -> None:
    time.sleep(60)


WAITS = {
    "result": lambda: cluster.result(_sleep.remote()),
    "run_bounded": lambda: list(cluster.run_bounded(lambda _: _sleep.remote(), [0], limit=1)),
}


@pytest.mark.usefixtures("ray_cluster")
@pytest.mark.parametrize("name", WAITS)
def test_a_signal_ends_the_wait_for_a_task(name: str) -> None:
    def tell(*_: object) -> None:
        raise Told

    before = signal.signal(signal.SIGALRM, tell)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.raises(Told):
            WAITS[name]()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_an_awkward_path_is_no_hindrance_and_nothing_is_left_behind(tmp_path: Path) -> None:
    """In a process of its own: one process has one cluster.

    It is started from a folder with a module of the user's own, which workers do not import.
    """
    state = tmp_path / ("a-rather-long-name-" * 6 + "é ?#%[]") / "ray"
    code = (
        "from pathlib import Path; import ray; from workers.cluster import ray_cluster\n"
        f"with ray_cluster('local', Path({str(state)!r})):\n"
        "    print('cpus', ray.cluster_resources()['CPU'])\n"
        "    imported = ray.remote(lambda: __import__('colorsys').__file__)\n"
        "    print('module', ray.get(imported.remote()))\n"
    )
    home, scripts = tmp_path / "user", tmp_path / "scripts"
    home.mkdir()
    scripts.mkdir()
    (scripts / "colorsys.py").write_text("")
    links = set(Path("/tmp").glob(f"{cluster.LINK_PREFIX}*"))
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HOME": str(home), "PYTHONSAFEPATH": "1"},
        cwd=scripts,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "cpus" in answer.stdout, answer.stderr
    assert str(scripts) not in answer.stdout
    assert "colorsys.py" in answer.stdout
    assert list(home.iterdir()) == []
    assert set(Path("/tmp").glob(f"{cluster.LINK_PREFIX}*")) <= links
    assert any(state.iterdir())


class SlowRay:
    """Stands in for Ray on a machine too busy to start a node: the first starts time out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, timeouts: int) -> None:
        self.starts = 0
        self.timeouts = timeouts
        self.started: list[subprocess.Popen[bytes]] = []
        monkeypatch.setattr(ray, "init", self.init)
        monkeypatch.setattr(ray, "shutdown", lambda: None)
        monkeypatch.setattr(ray, "is_initialized", lambda: self.starts > self.timeouts)

    def init(self, **options: object) -> None:
        self.starts += 1
        if self.starts <= self.timeouts:
            if folder := options.get("_temp_dir"):
                raylet = [sys.executable, "-c", "input()", f"--session={folder}/session"]
                self.started.append(subprocess.Popen(raylet, stdin=subprocess.PIPE))
            raise Exception("The current node timed out during startup.\nMore.")  # noqa: TRY002

    def ended(self) -> None:
        """Check that nothing of the starts that failed is left."""
        for process in self.started:
            with process:
                assert process.wait(10) == -signal.SIGKILL


def test_a_slow_start_is_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = SlowRay(monkeypatch, timeouts=cluster.START_ATTEMPTS - 1)
    with cluster.ray_cluster(LOCAL_RAY, tmp_path):
        assert slow.starts == cluster.START_ATTEMPTS
        slow.ended()


def test_a_cluster_that_never_starts_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow = SlowRay(monkeypatch, timeouts=99)
    with (
        pytest.raises(CratewatchError, match=r"'local': The current node timed out.*startup.; see"),
        cluster.ray_cluster(LOCAL_RAY, tmp_path),
    ):
        pass
    assert slow.starts == cluster.START_ATTEMPTS
    slow.ended()


def test_a_remote_cluster_that_is_away_is_named_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow = SlowRay(monkeypatch, timeouts=99)
    with (
        pytest.raises(CratewatchError, match="CRATEWATCH_RAY_ADDRESS"),
        cluster.ray_cluster("ray://10.0.0.1:10001", tmp_path),
    ):
        pass
    assert slow.starts == 1


def test_a_wrong_token_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Ray's core says what is wrong past Python; these words were heard of a real cluster."""
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "shutdown", lambda: None)

    def init(**_: object) -> None:
        os.write(2, b"gcs_client.cc:210: Unauthenticated: RPC error: InvalidAuthToken: ...\n")
        raise ConnectionError("Failed to connect to Ray cluster at 10.0.0.1:6379")

    monkeypatch.setattr(ray, "init", init)
    with (
        socket.create_server(("127.0.0.1", 0)) as head,
        pytest.raises(CratewatchError, match="does not take this token; set RAY_AUTH_MODE=token"),
        cluster.ray_cluster(f"127.0.0.1:{head.getsockname()[1]}", tmp_path),
    ):
        pass
    assert capfd.readouterr().err == ""
    os.write(2, b"later words are shown\n")
    assert capfd.readouterr().err == "later words are shown\n"


def test_workers_do_not_import_from_the_folder_that_the_user_is_in() -> None:
    job = cluster._InstalledModules()
    job._py_driver_sys_path.extend([str(Path.cwd())])  # as ray.init() does
    sent = common_pb2.JobConfig.FromString(job._serialize())  # type: ignore[attr-defined]
    assert list(sent.py_driver_sys_path) == []
