"""Runs a command as a child that does not outlive the process that started it.

``python -m cratewatch.commands.watched COMMAND …``: its standard input is a pipe that ends with its
parent, however that ends.
"""

from __future__ import annotations

import os
import sys
import threading

from cratewatch.commands.app import main


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)  # nothing is to be cleared up: whoever takes the work up begins anew


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.argv[0] = "cratewatch"
    main()
