"""Analyses one recording in a process of its own.

A file that breaks a decoder, or takes all the memory, costs its process and no other file.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

from cratewatch.errors import CratewatchError
from cratewatch.folders import private_folder
from cratewatch.settings import Settings
from flows.analysing_footage import Clip

COMMAND = (sys.executable, "-P", "-m", "cratewatch.commands.watched", "footage")
MOST_S = 24 * 3600.0
"""An analysis that takes longer hangs."""
STOP_S = 10.0
LAST_BYTES = 4000


def analyse_in_process(settings: Settings, clip: Clip, folder: Path) -> None:
    """Analyse a clip into a folder as `cratewatch footage` does.

    Raises:
        CratewatchError: with what it said, if it failed, died or hung.
    """
    log = private_folder(settings.home / "logs") / f"footage-{folder.name[:16]}.log"
    options = {
        "--input": str(clip.file),
        "--output_dir": str(folder),
        "--started-at": clip.told.started_at.isoformat(),
        "--camera": clip.told.camera,
        "--home": str(settings.home),
    }
    persons = "--persons" if settings.index_persons else "--no-persons"
    # Nights have time, and the same recording is to give the same however busy the machine is.
    switches = ["--no-record", "--no-keep-up", persons]
    given = [*switches, *(part for option in options.items() for part in option)]
    with log.open("w+b") as errors:
        code = _run([*COMMAND, *given], errors)
        if code:
            raise CratewatchError(_said(errors, code, log))
    log.unlink(missing_ok=True)


def _run(command: list[str], errors: IO[bytes]) -> int:
    """Run a command to its end; it ends with this process, too."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors
    ) as child:
        try:
            return child.wait(MOST_S)
        except subprocess.TimeoutExpired as error:
            raise CratewatchError(f"its analysis took more than {MOST_S / 3600:.0f} h") from error
        finally:
            if child.poll() is None:
                child.terminate()
                with suppress(subprocess.TimeoutExpired):
                    child.wait(STOP_S)
                child.kill()


def _said(errors: IO[bytes], code: int, log: Path) -> str:
    """Return the last line that a command wrote about what was wrong."""
    errors.seek(0, 2)
    errors.seek(max(0, errors.tell() - LAST_BYTES))
    lines = errors.read().decode(errors="replace").splitlines()
    said = next((line for line in reversed(lines) if line.startswith("cratewatch: ")), "")
    if code > 0 and said:
        return said.removeprefix("cratewatch: ")
    died = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"its analysis died ({died}); see {log}"
