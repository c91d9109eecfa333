"""A Prefect server for the tests; prints its URL and ends with its standard input. argv: home."""

import os
import sys
from pathlib import Path

from flows.orchestration import configure_prefect
from flows.prefect_server import prefect_server

AUTH = "tests:a-password"


def main(home: Path) -> None:
    os.environ["PREFECT_API_AUTH_STRING"] = AUTH
    configure_prefect(home)
    with prefect_server(home) as await_ready:
        await_ready()
        sys.stdout.write(f"{os.environ['PREFECT_API_URL']}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
