"""Interrupts that are raised where nothing can come of them."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from cratewatch.commands.interrupts import remembered_interrupts
from cratewatch.finding.quads import Rgb
from cratewatch.footage.analysing import Analysis, FootageOptions
from cratewatch.footage.events import Event
from cratewatch.footage.frames import Frame
from cratewatch.footage.persons import TrackedPerson
from cratewatch.footage.sources import open_source
from tests.videos import plain, write


class Swallows:
    """Is interrupted at its third frame, and lets nobody know."""

    def __init__(self) -> None:
        self.seen = 0

    def see(self, frame: Frame, persons: Sequence[TrackedPerson]) -> Sequence[Event]:  # noqa: ARG002
        self.seen += 1
        if self.seen == 3:
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        return []

    def draw(self, canvas: Rgb, frame: Frame) -> None:
        pass

    def end(self) -> Sequence[Event]:
        return []


def test_an_interrupt_that_is_swallowed_ends_a_run(tmp_path: Path) -> None:
    video = write(tmp_path / "video.mp4", [plain(number, 320, 240) for number in range(20)])
    stopped, swallows = threading.Event(), Swallows()
    with contextlib.closing(open_source(str(video))) as source:
        analysis = Analysis(source, tmp_path / "run", FootageOptions(every=1), stopped=stopped)
        analysis.begin()
        with remembered_interrupts(stopped), pytest.raises(KeyboardInterrupt):
            analysis.run([swallows])
    assert swallows.seen == 3


def test_the_handlers_from_before_are_back_afterwards() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with remembered_interrupts(threading.Event()):
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
