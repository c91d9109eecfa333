"""One recording analysed by the real command, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cratewatch.errors import CratewatchError
from cratewatch.footage.run_folder import filmed_at, is_whole, read_run
from cratewatch.settings import Settings, load_settings
from cratewatch.sources.recordings import Told
from flows import footage_process
from flows.analysing_footage import Clip
from flows.footage_process import COMMAND, analyse_in_process
from tests.videos import plain, write

pytestmark = pytest.mark.heavy
TOLD = Told("door", datetime(2026, 11, 20, 10, tzinfo=UTC))


@pytest.fixture
def settings(empty_home: Path) -> Settings:
    return load_settings(home=empty_home)


def test_a_recording_becomes_a_whole_run(settings: Settings, tmp_path: Path) -> None:
    video = write(tmp_path / "x.mp4", [plain(n, 320, 240) for n in range(8)])
    analyse_in_process(settings, Clip(video, TOLD), tmp_path / "run")
    run = read_run(tmp_path / "run")
    assert is_whole(run)
    assert filmed_at(run) == TOLD.started_at
    assert not list((settings.home / "logs").iterdir()), "nothing is left to look at"


def test_what_the_command_says_is_why_it_failed(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "x.mp4"
    file.write_bytes(b"no video")
    with pytest.raises(CratewatchError, match=r"x\.mp4") as error:
        analyse_in_process(settings, Clip(file, TOLD), tmp_path / "run")
    assert "died" not in str(error.value)


def test_a_process_that_dies_is_told_with_its_log(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies = (sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    monkeypatch.setattr(footage_process, "COMMAND", dies)
    with pytest.raises(CratewatchError, match=r"died \(signal 11\); see .*footage-run\.log"):
        analyse_in_process(settings, Clip(tmp_path / "x.mp4", TOLD), tmp_path / "run")


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """A stream that never answers would keep it alive."""
    fifo = tmp_path / "x.mp4"
    os.mkfifo(fifo)
    with subprocess.Popen(
        [*COMMAND, "--input", str(fifo), "--output_dir", str(tmp_path / "run")],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        threading.Timer(20, child.kill).start()
        time.sleep(3)
        assert child.poll() is None
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait() == 1
