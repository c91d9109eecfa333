"""A schedule as users run it: by the clock, and with nothing left when it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.locking import hold_lock
from cratewatch.demo.covers import draw_stock
from cratewatch.demo.site import DemoShop
from cratewatch.demo.stock import StockPlan, stock_of_night
from cratewatch.errors import CratewatchError
from cratewatch.settings import load_settings
from flows import prefect_server
from flows.timetable import Nights
from tests.prefect_program import AUTH

COMMAND = str(Path(sys.executable).with_name("cratewatch"))
PLAN = StockPlan(n_releases=40)


@contextmanager
def schedule(home: Path, cron: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [COMMAND, "schedule", "shop", "--cron", cron, "--home", str(home)],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(process: subprocess.Popen[str], text: str) -> list[str]:
    """Read the log up to the first line with the text; return what was read."""
    assert process.stderr is not None
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(f"{text!r} not in the log: {''.join(lines)}")


@pytest.fixture(autouse=True)
def _own_prefect(monkeypatch: pytest.MonkeyPatch) -> None:
    """A schedule as users start it, not on the server that other tests share."""
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)


@contextmanager
def shop_of(home: Path) -> Iterator[None]:
    """Have a shop that the home's source `shop` reads."""
    draw_stock(home / "shop", stock_of_night(1, PLAN))
    with DemoShop(home / "shop", plan=PLAN, slow_answer_s=0.2) as shop:
        shop.open_night(1)
        (home / "cratewatch.toml").write_text(
            f'[sources.shop]\nspider = "storefront"\nurl = "{shop.url}"\nrate_per_s = 40\n'
        )
        yield


def stop(process: subprocess.Popen[str], processes: Any) -> None:
    """Tell a schedule to stop while a night is under way: nothing may be left of both."""
    started = processes.below(process.pid)
    commands = {Path(f"/proc/{pid}/cmdline").read_text() for pid in started}
    assert any("flows.prefect_server" in command for command in commands)
    assert any("prefect.engine" in command for command in commands)
    process.terminate()
    assert "no more nights" in wait_for(process, "no more")[-1]
    assert process.wait() == 0
    assert not [pid for pid in started if processes.alive(pid)]


@pytest.mark.slow
def test_a_missed_night_is_made_up_at_once_and_sigterm_ends_everything(
    home: Path, processes: Any
) -> None:
    with shop_of(home), schedule(home, "0 3 1 1 *") as process:
        assert "a night was missed" in wait_for(process, "missed")[-1]
        wait_for(process, "begins")
        stop(process, processes)
    assert not (home / "prefect" / "prefect.db").exists()  # no ephemeral server beside ours
    assert not list((home / "prefect" / "runner_storage").iterdir())


@pytest.mark.slow  # it waits for a minute to begin, by Prefect's clock
def test_after_a_night_that_was_made_up_the_next_comes_by_cron(home: Path, processes: Any) -> None:
    with shop_of(home), schedule(home, "* * * * *") as process:
        assert "a night was missed" in wait_for(process, "missed")[-1]
        assert "shop: done, " in wait_for(process, "done")[-1]
        # Nights that came during that one were cancelled; then one comes on the minute.
        wait_for(process, "begins")
        stop(process, processes)
    with closing(open_catalog(load_settings(home=home).catalog_url)) as catalog:
        runs = catalog.runs.latest()
    assert [run["state"] for run in runs][-1] == "done"
    assert runs[-1]["report"]["covers"]["items"] > 0
    assert len(runs) <= 2  # the made-up night, and the one that was stopped if it got so far


@pytest.mark.usefixtures("prefect")
def test_a_renewal_has_hours_of_its_own_and_runs_one_at_a_time(home: Path) -> None:
    from flows.renew_model import renew_model
    from flows.serving import Served

    served = Served(renew_model, "renewal", {"home": str(home)}, Nights("0 5 * * SUN", "UTC"))
    deployment = asyncio.run(served.deployment(load_settings(home=home)))
    assert deployment.name.startswith("renewal-")
    assert deployment.entrypoint == "flows.renew_model.renew_model"
    assert [str(s.schedule.cron) for s in deployment.schedules or []] == ["0 5 * * SUN"]
    assert deployment.concurrency_limit == 1
    assert deployment.parameters == {"home": str(home)}


def start_instead(patch: pytest.MonkeyPatch, program: str) -> None:
    """Have prefect_server start a Python program in place of the server."""

    def start(*_: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    patch.delenv("PREFECT_API_URL", raising=False)
    patch.setattr(prefect_server, "_start", start)


def test_a_server_that_does_not_start_is_one_line_that_names_its_log(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_instead(monkeypatch, "raise SystemExit(3)")
    with (
        pytest.raises(CratewatchError, match=r"did not start \(exit code 3\); see .*server\.log"),
        prefect_server.prefect_server(home) as await_ready,
    ):
        await_ready()


def test_a_server_that_dies_stops_the_schedule(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start_instead(monkeypatch, "print('ready', flush=True); raise SystemExit(9)")
    stopped = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: stopped.set())

    def serve() -> None:
        with prefect_server.prefect_server(home) as await_ready:
            await_ready()
            assert stopped.wait(60)

    try:
        with pytest.raises(CratewatchError, match=r"its server ended \(exit code 9\)"):
            serve()
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_server_is_ended_with_the_block(
    home: Path, monkeypatch: pytest.MonkeyPatch, processes: Any
) -> None:
    start_instead(
        monkeypatch, "import sys; print('ready', flush=True); sys.stdin.read(); raise SystemExit"
    )
    before = processes.below(os.getpid())
    with prefect_server.prefect_server(home) as await_ready:
        await_ready()
        assert os.environ["PREFECT_API_URL"].startswith("http://127.0.0.1:")
        (server,) = processes.below(os.getpid()) - before
    assert not processes.alive(server)
    assert "PREFECT_API_URL" not in os.environ


def test_a_server_asks_for_its_password(server: Any) -> None:
    url = f"{server('prefect')}/flows/count"
    assert httpx.post(url, json={}).status_code == 401
    assert httpx.post(url, json={}, auth=("tests", "wrong")).status_code == 401
    user, password = AUTH.split(":")
    assert httpx.post(url, json={}, auth=(user, password)).status_code == 200


def test_a_server_that_fails_is_one_line_that_names_its_log(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_instead(monkeypatch, "import sys; print('ready', flush=True); sys.stdin.read()")
    with (
        pytest.raises(CratewatchError, match=r"server failed \(Server error '500 .*log, and that"),
        prefect_server.prefect_server(home),
    ):
        raise httpx.HTTPError("Server error '500 Internal Server Error'\nMore.")


def test_a_server_that_the_environment_names_is_used(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_instead(monkeypatch, "raise SystemExit(3)")
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    with prefect_server.prefect_server(home) as await_ready:
        assert os.environ["PREFECT_API_URL"] == "http://127.0.0.1:1/api"
        with pytest.raises(CratewatchError, match=r"127\.0\.0\.1:1/api does not answer"):
            await_ready()
    monkeypatch.setenv("PREFECT_API_URL", "http://admin:hush@127.0.0.1:1/api")
    with prefect_server.prefect_server(home) as await_ready:
        with pytest.raises(CratewatchError, match=r"//\*\*\*@127\.0\.0\.1:1/api does not") as error:
            await_ready()
        assert "hush" not in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shop", "--cron", "nonsense"], "--cron: 'nonsense' is never due"),
        (["shop", "--renew", "nonsense"], "--renew: 'nonsense' is never due"),
        (["shop", "--timezone", "Mars"], "--timezone: 'Mars' is unknown"),
        (["other"], "source 'other' is not configured (known: shop)"),
    ],
)
def test_a_mistake_is_one_line_before_anything_starts(
    home: Path, arguments: list[str], message: str
) -> None:
    home.mkdir()
    (home / "cratewatch.toml").write_text('[sources.shop]\nspider = "storefront"\nurl = "x"\n')
    answer = subprocess.run(
        [COMMAND, "schedule", *arguments, "--home", str(home)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert message in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert not (home / "prefect").exists()


def test_a_second_schedule_of_the_home_is_one_line(home: Path) -> None:
    home.mkdir()
    (home / "cratewatch.toml").write_text('[sources.shop]\nspider = "storefront"\nurl = "x"\n')
    with hold_lock(home / "schedule.lock"):
        answer = subprocess.run(
            [COMMAND, "schedule", "shop", "--home", str(home)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"cratewatch: {home}: another schedule of this home")
    assert len(answer.stderr.splitlines()) == 1


def test_a_server_that_does_not_answer_is_one_line(home: Path) -> None:
    home.mkdir()
    (home / "cratewatch.toml").write_text('[sources.shop]\nspider = "storefront"\nurl = "x"\n')
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/api"
        answer = subprocess.run(
            [COMMAND, "schedule", "shop", "--home", str(home)],
            env=os.environ | {"PREFECT_API_URL": url, "PREFECT_CLIENT_MAX_RETRIES": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"cratewatch: prefect: {url}")
    assert "check PREFECT_API_URL" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
