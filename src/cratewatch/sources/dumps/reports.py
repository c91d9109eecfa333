"""What an import of dumps did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class FileRead:
    """What was read of a file of a dump.

    Attributes:
        kind: release, master, artist or label.
        records: How many the file has, damaged ones included.
        wanted: Those of them that the source asks for.
        parsed: Those that differ from the dump before, or are not known from it.
        mended: Parsed without bytes that no XML may hold.
        failed: Records that could not be read, by reason.
        cut: Where and why the file ends before it should, or None.
    """

    path: str
    kind: str
    records: int = 0
    wanted: int = 0
    parsed: int = 0
    mended: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    cut: str | None = None
    seconds: float = 0.0

    def fail(self, reason: str) -> None:
        """Count a record that could not be read."""
        self.failed[reason] = self.failed.get(reason, 0) + 1


@dataclass(frozen=True)
class DumpReport:
    """What was read of a dump, file by file."""

    files: Sequence[FileRead]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> DumpReport:
        """Return what asdict() was asked of."""
        return cls([FileRead(**file) for file in told["files"]])

    @property
    def error(self) -> str | None:
        """What says in one line which files are cut off, None if none is."""
        cut = [file for file in self.files if file.cut]
        if not cut:
            return None
        told = "; ".join(f"{file.path}: {file.cut}" for file in cut)
        n = sum(file.records for file in cut)
        return (
            f"{told}; the {n:,} records before it were read, and nothing was withdrawn; get the "
            "file again and import it"
        )


@dataclass(frozen=True)
class BadRecord:
    """A record that could not be read.

    Attributes:
        key: Its page, or which it is in its file.
        reason: Short snake_case word under which it is counted.
    """

    key: str
    reason: str
    detail: str = ""
