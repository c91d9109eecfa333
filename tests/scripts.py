"""Scripts that tests run in a process of their own, such as one that kills nodes of its Ray."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LIMIT_S = 500


def run_script(script: Path, task: Mapping[str, Any]) -> list[str]:
    """Run a script that takes a task as JSON; return the lines that it printed."""
    answer = subprocess.run(
        [sys.executable, str(script), json.dumps(task)],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    return answer.stdout.splitlines()
