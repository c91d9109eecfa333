"""What came of one of several cameras."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from cratewatch.footage.analysing import FootageReport


@dataclass(frozen=True)
class CameraReport:
    """What came of a camera.

    Attributes:
        camera: Its name.
        state: "done", "stopped" by hand before its end, or "failed".
        error: Why it failed.
        restarts: Processes of it that died, and were replaced.
        lost: Frames that those had read when they last told; of a file they are read again.
        folders: Of its runs, the last one last: a stream goes on in a further one.
        report: Of the last run; None if it never came to one.
    """

    camera: str
    state: Literal["done", "stopped", "failed"]
    error: str | None
    restarts: int
    lost: int
    folders: list[str] = field(default_factory=list)
    report: FootageReport | None = None
