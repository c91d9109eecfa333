"""The folder of a run: whose it is, and what is written there at its beginning and end."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cratewatch.errors import CratewatchError
from cratewatch.footage.run_folder import RUN

ASKED = ("input", "settings", "models")
"""What makes two runs the same."""


class OutputFolder:
    """The output folder of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self, asked: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any] | None:
        """Take the folder for a run; one that was interrupted starts anew.

        Args:
            asked: What makes it this run: the keys of ASKED.
            told: What else is to be known of it.

        Returns:
            The report of this same run if it is there, whole.

        Raises:
            CratewatchError: if the folder holds another run, or something else.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        before = self._read()
        if before is None:
            if any(self.path.iterdir()):
                raise CratewatchError(
                    f"{self.path}: not empty, and no run of footage; choose another --output_dir"
                )
        elif (difference := _difference(before, asked)) is not None:
            raise CratewatchError(
                f"{self.path}: holds another run ({difference}); choose another --output_dir, or "
                "delete it"
            )
        elif (before.get("report") or {}).get("complete"):
            report: dict[str, Any] = before["report"]
            return report
        self._write({**told, **asked, "report": None})
        return None

    def finish(self, report: Mapping[str, Any]) -> None:
        """Write what the run came to, last of all."""
        self._write({**(self._read() or {}), "report": dict(report)})

    def _read(self) -> dict[str, Any] | None:
        file = self.path / RUN
        try:
            read = json.loads(file.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise CratewatchError(
                f"{file}: cannot be read ({error}); choose another --output_dir, or delete it"
            ) from error
        return read if isinstance(read, dict) else {}

    def _write(self, run: Mapping[str, Any]) -> None:
        made = self.path / f".{RUN}"
        made.write_text(json.dumps(run, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(made, self.path / RUN)  # noqa: PTH105  whole or not at all


def _difference(before: Mapping[str, Any], asked: Mapping[str, Any]) -> str | None:
    """Say in what another run differs; None if it is the same."""
    for part in ASKED:
        was, now = before.get(part) or {}, json.loads(json.dumps(asked.get(part)))
        for name in sorted({*was, *now}):
            if was.get(name) != now.get(name):
                return f"{part} {name}: {was.get(name)}, not {now.get(name)}"
    return None
